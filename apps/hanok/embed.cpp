#include <fstream>
#include <iostream>

#include "command.h"
#include "index/formats/vectors_io.h"
#include "pictures.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::vector<std::string> files, images;
  std::string model, prompt = "default", format = "npy", out = "-";
};

void write_jsonl(std::ostream& out, const Matrix& rows) {
  for (size_t i = 0; i < rows.rows; ++i) {
    base::Json row = {{"embedding", std::vector<float>(rows.row(i).begin(), rows.row(i).end())}};
    out << base::dump_json(row) << "\n";
  }
}

// Rows to --out, or lines to stdout. True: everything was said.
bool write(const Flags& flags, const Matrix& rows, const std::function<void(std::ostream&)>& lines) {
  if (flags.format == "npy") {
    if (flags.out == "-") throw Error(Code::Invalid, "--format npy needs --out FILE (jsonl can go to stdout)");
    index::formats::write_vectors(flags.out, rows.dim, rows.data);
  } else if (flags.out == "-") {
    lines(std::cout);
    return true;
  } else {
    std::ofstream out(flags.out);
    lines(out);
    if (!out.flush()) throw Error(Code::Unavailable, flags.out + ": cannot write it");
  }
  return false;
}

void run_pictures(Session& session, const Flags& flags) {
  if (flags.model.empty())
    throw Error(Code::Invalid, "which net is to see the pictures? --model RUN: a run folder of hanok vision train");
  if (flags.prompt != Flags().prompt)
    throw Error(Code::Invalid, "--prompt is for texts; these are pictures: leave it out");
  const PictureModel model(flags.model);
  std::vector<std::string> files = flags.images;
  files.insert(files.end(), flags.files.begin(), flags.files.end());
  const auto made = embed_pictures(session, model, files);
  const auto lines = [&](std::ostream& out) {
    for (size_t i = 0; i < files.size(); ++i) {
      const auto row = made.vectors.row(i);
      const base::OrderedJson line = {{"image", files[i]},
                                      {"label", made.labels[i].name},
                                      {"label_probability", made.labels[i].probability},
                                      {"embedding", std::vector<float>(row.begin(), row.end())}};
      out << base::dump_json(line) << "\n";
    }
  };
  if (write(flags, made.vectors, lines)) return;
  session.print({{"pictures", files.size()}, {"dim", model.dim()}, {"file", flags.out}, {"model", model.space().model}},
                [&](std::ostream& out) {
                  out << with_commas(files.size()) << " pictures, " << model.dim() << " dimensions -> " << flags.out
                      << "\n";
                });
}

void run(Session& session, const Flags& flags) {
  if (!flags.images.empty()) return run_pictures(session, flags);
  if (flags.files.size() != 1)
    throw Error(Code::Invalid, "which texts? One FILE with a text a line was expected (or --image FILE for pictures)");
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_lines(flags.files.front());
  const Matrix rows = embed_texts(session, model, texts, parse_prompt(flags.prompt));
  if (write(flags, rows, [&](std::ostream& out) { write_jsonl(out, rows); })) return;
  session.print({{"texts", rows.rows}, {"dim", rows.dim}, {"file", flags.out}, {"model", model->name()}},
                [&](std::ostream& out) {
                  out << with_commas(rows.rows) << " texts, " << rows.dim << " dimensions -> " << flags.out << "\n";
                });
}

}  // namespace

void add_embed(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("embed", "Turn texts, or pictures, into vectors.",
                              "  hanok embed sentences.txt --out vectors.npy\n"
                              "  cat questions.txt | hanok embed - --prompt query --format jsonl\n"
                              "  hanok embed --image boot.png --image shoe.jpg --model runs/fashion --format jsonl");
  c.positionals("FILE", flags->files,
                "a text a line, or .jsonl with the key \"text\"; - is stdin; with --image: more pictures", false);
  c.option("--image", flags->images, "a PNG or JPEG instead of texts (repeatable); vectors have length 1");
  c.option("-m,--model", flags->model,
           "model: a folder or ORG/NAME (default: the setting embedding-model); for pictures a run folder");
  c.precision();
  c.choice("--prompt", flags->prompt, {"default", "query", "passage", "none"},
           "which of the model's prompts goes before each text");
  c.choice("--format", flags->format, {"npy", "jsonl"}, "float32 [n, dim], or an object {\"embedding\": [...]} a line");
  c.cache();
  c.option("--out", flags->out, "file to write: .npy (or .fvecs, .fbin) for npy; default stdout for jsonl");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app

#include <fstream>
#include <iostream>

#include "command.h"
#include "index/formats/vectors_io.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, model, prompt = "default", format = "npy", out = "-";
};

void write_jsonl(std::ostream& out, const Matrix& rows) {
  for (size_t i = 0; i < rows.rows; ++i) {
    base::Json row = {{"embedding", std::vector<float>(rows.row(i).begin(), rows.row(i).end())}};
    out << base::dump_json(row) << "\n";
  }
}

void run(Session& session, const Flags& flags) {
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_lines(flags.file);
  const Matrix rows = embed_texts(session, model, texts, parse_prompt(flags.prompt));
  if (flags.format == "npy") {
    if (flags.out == "-") throw Error(Code::Invalid, "--format npy needs --out FILE (jsonl can go to stdout)");
    index::formats::write_vectors(flags.out, rows.dim, rows.data);
  } else if (flags.out == "-") {
    write_jsonl(std::cout, rows);
    return;
  } else {
    std::ofstream out(flags.out);
    write_jsonl(out, rows);
    if (!out.flush()) throw Error(Code::Unavailable, flags.out + ": cannot write it");
  }
  session.print({{"texts", rows.rows}, {"dim", rows.dim}, {"file", flags.out}, {"model", model->name()}},
                [&](std::ostream& out) {
                  out << with_commas(rows.rows) << " texts, " << rows.dim << " dimensions -> " << flags.out << "\n";
                });
}

}  // namespace

void add_embed(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("embed", "Turn texts into vectors.",
                              "  hanok embed sentences.txt --out vectors.npy\n"
                              "  cat questions.txt | hanok embed - --prompt query --format jsonl");
  c.positional("FILE", flags->file, "a text a line, or .jsonl with the key \"text\"; - is stdin");
  c.option("-m,--model", flags->model, "model: a folder or ORG/NAME (default: the setting embedding-model)");
  c.precision();
  c.choice("--prompt", flags->prompt, {"default", "query", "passage", "none"},
           "which of the model's prompts goes before each text");
  c.choice("--format", flags->format, {"npy", "jsonl"}, "float32 [n, dim], or an object {\"embedding\": [...]} a line");
  c.option("--out", flags->out, "file to write: .npy (or .fvecs, .fbin) for npy; default stdout for jsonl");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app

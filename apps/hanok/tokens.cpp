// Texts as a language model sees them: tokens, scores of what comes next, how well it predicts a text.
#include <iostream>
#include <iterator>

#include "base/file.h"
#include "command.h"
#include "hanok/chat.h"
#include "hanok/error.h"
#include "language_models.h"
#include "lm/model_files.h"

namespace hanok::app {
namespace {

// Its files are read, and its weights stay where they are.
void tokenize(Session& session, const std::string& name, std::string text) {
  if (text == "-") text = {std::istreambuf_iterator<char>(std::cin), {}};
  const auto files = lm::read_model_files(chain::find_language_model(name.empty() ? session.get("model") : name));
  const auto ids = files.tokenizer.encode(text, {.add_special_tokens = true}).ids;
  base::OrderedJson tokens = base::OrderedJson::array();
  for (const int32_t id : ids) tokens.push_back(files.tokenizer.token(id).value_or(""));
  session.print({{"ids", ids}, {"tokens", tokens}, {"count", ids.size()}}, [&](std::ostream& out) {
    for (size_t i = 0; i < ids.size(); ++i) out << ids[i] << "\t" << tokens[i].get<std::string>() << "\n";
    out << ids.size() << " tokens\n";
  });
}

void write_npy(const std::string& file, const Matrix& m) {
  std::string head = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(m.rows) + ", " +
                     std::to_string(m.dim) + "), }";
  head.resize((10 + head.size() + 1 + 63) / 64 * 64 - 11, ' ');
  head += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(head.size() & 255);
  start += static_cast<char>(head.size() >> 8);
  start += head;
  const std::string_view pieces[] = {start,
                                     {reinterpret_cast<const char*>(m.data.data()), m.data.size() * sizeof(float)}};
  base::write_file_atomic(file, pieces);
}

struct ScoreFlags {
  std::string model, ids, file, out, adapter;
  size_t last = 0, context = 512;
  bool exact = false;
  KvFlag kv;
};

void logits(Session& session, const ScoreFlags& flags) {
  if (flags.ids.empty() || flags.out.empty())
    throw Error(Code::Invalid, "logits: --ids FILE and --out FILE are needed");
  LanguageModelOptions opened{.kv = flags.kv.precision(), .exact = flags.exact};
  if (!flags.adapter.empty()) opened.adapters.emplace_back("adapter", flags.adapter);
  const auto model = open_language_model(session, flags.model, opened);
  const Matrix m = model->logits(read_ids(flags.ids), flags.last, flags.adapter.empty() ? "" : "adapter");
  write_npy(flags.out, m);
  session.print({{"out", flags.out}, {"shape", {m.rows, m.dim}}},
                [&](std::ostream& o) { o << flags.out << ": [" << m.rows << ", " << m.dim << "] float32\n"; });
}

void perplexity(Session& session, const ScoreFlags& flags) {
  if (flags.ids.empty() == flags.file.empty()) throw Error(Code::Invalid, "perplexity: give a FILE, or --ids FILE");
  const auto model = open_language_model(session, flags.model, {.kv = flags.kv.precision(), .exact = flags.exact});
  const auto ids =
      flags.ids.empty() ? model->encode(base::read_file(flags.file, 256 << 20), false) : read_ids(flags.ids);
  const Perplexity p = model->perplexity(ids, flags.context);
  session.print({{"predicted", p.predicted}, {"nll", p.nll}, {"perplexity", p.perplexity()}}, [&](std::ostream& out) {
    out << "perplexity " << p.perplexity() << " (" << p.nll << " nats a token, " << p.predicted << " tokens)\n";
  });
}

}  // namespace

void add_tokenize(Command& root) {
  struct Two {
    std::string model, text;
  };
  auto flags = std::make_shared<Two>();
  Command c = root.subcommand("tokenize", "Show a text as a language model sees it.",
                              "  hanok tokenize -m model.gguf \"안녕하세요\"");
  c.positional("TEXT", flags->text, "the text; - reads stdin");
  c.option("-m,--model", flags->model, kModelHelp);
  c.run([flags](Session& session) { tokenize(session, flags->model, flags->text); });
}

void add_logits(Command& root) {
  auto flags = std::make_shared<ScoreFlags>();
  Command c = root.subcommand("logits", "Scores of every token behind each position, as an array file.",
                              "  hanok logits -m model.gguf --ids ids.json --out logits.npy --last 4");
  c.option("-m,--model", flags->model, kModelHelp);
  c.option("--ids", flags->ids, "token ids as JSON");
  c.option("--out", flags->out, "a .npy file, float32 [positions, vocabulary]");
  c.option("--adapter", flags->adapter, "a LoRA adapter as PEFT writes it: a folder with adapter_config.json");
  c.option("--last", flags->last, "of the last N positions alone (default: all)");
  flags->kv.add_to(c);
  c.flag("--exact", flags->exact, kExactHelp);
  c.run([flags](Session& session) { logits(session, *flags); });
}

void add_perplexity(Command& root) {
  auto flags = std::make_shared<ScoreFlags>();
  Command c = root.subcommand("perplexity", "How well a language model predicts a text.",
                              "  hanok perplexity -m model.gguf book.txt");
  c.positional("FILE", flags->file, "a text", false);
  c.option("-m,--model", flags->model, kModelHelp);
  c.option("--ids", flags->ids, "token ids as JSON in place of FILE");
  c.option("--context", flags->context, "tokens of a window (default 512)");
  flags->kv.add_to(c);
  c.flag("--exact", flags->exact, kExactHelp);
  c.run([flags](Session& session) { perplexity(session, *flags); });
}

}  // namespace hanok::app

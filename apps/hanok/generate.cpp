#include <algorithm>
#include <iostream>

#include "base/file.h"
#include "chat_models.h"
#include "hanok/error.h"
#include "language_models.h"
#include "lm/model_files.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string prompt, model, ids, system, adapter, draft, logprobs;
  bool raw = false, exact = false, no_speculation = false;
  size_t context = 0;
  ConstraintFlags constraint;
  SamplingFlags sampling;
  KvFlag kv;
};

/// "logprobs" of the output: each token with the likeliest beside it.
base::OrderedJson logprobs_json(const std::vector<TokenLogprob>& all) {
  const auto one = [](const LikelyToken& t) {
    // A part of a character is shown as such.
    const auto shown = base::OrderedJson::parse(base::dump_json(base::OrderedJson(t.bytes)));
    base::OrderedJson out{{"token", shown}};
    if (t.id >= 0) out["id"] = t.id;
    out["logprob"] = t.logprob;
    return out;
  };
  base::OrderedJson out = base::OrderedJson::array();
  for (const TokenLogprob& t : all) {
    out.push_back(one(t.chosen));
    out.back()["top"] = base::OrderedJson::array();
    for (const LikelyToken& likely : t.top) out.back()["top"].push_back(one(likely));
  }
  return out;
}

std::optional<size_t> top_logprobs(const std::string& text) {
  if (text.empty()) return std::nullopt;
  constexpr size_t kMost = 20;  // as many as servers tell
  if (text.size() > 2 || text.find_first_not_of("0123456789") != text.npos || std::stoul(text) > kMost)
    throw Error(Code::Invalid, "--logprobs: a number from 0 to 20 was expected, found '" + text + "'");
  return std::stoul(text);
}

std::vector<int32_t> read_ids(const std::string& file) {
  const auto json = base::parse_json(base::read_file(file, 256 << 20), file);
  if (!json.is_array() || std::any_of(json.begin(), json.end(), [](const auto& id) { return !id.is_number_integer(); }))
    throw Error(Code::Invalid, file + ": expected a list of token ids, [1, 2, 3]");
  return json.get<std::vector<int32_t>>();
}

std::vector<int32_t> prompt_ids(const LanguageModel& model, const Flags& flags) {
  if (!flags.ids.empty()) return read_ids(flags.ids);
  if (flags.raw || !model.has_chat_template()) return model.encode(flags.prompt);
  std::vector<Turn> turns;
  if (!flags.system.empty()) turns.push_back({"system", flags.system});
  turns.push_back({"user", flags.prompt});
  return model.chat_prompt(turns);
}

// A server continues chats alone, and does not say its token ids.
void run_on_server(Session& session, const Flags& flags, const std::string& name) {
  if (flags.raw || !flags.ids.empty() || !flags.adapter.empty() || !flags.draft.empty())
    throw Error(Code::Unsupported,
                name + ": is a server; --raw, --ids, --adapter and --draft need a model in this process");
  const Chat chat = need_chat(session, {.model = name, .adapters = {}, .draft = {}, .kept = false});
  std::vector<chain::Message> messages;
  if (!flags.system.empty()) messages.emplace_back("system", flags.system);
  messages.emplace_back("user", flags.prompt);
  chain::ChatOptions options = flags.sampling.chat_options();
  options.constraint = flags.constraint.constraint();
  options.top_logprobs = top_logprobs(flags.logprobs);
  bool streamed = false;
  if (!session.json)
    options.on_text = [&](std::string_view piece) {
      streamed = true;
      std::cout << piece << std::flush;
      return bool(std::cout);
    };
  const auto reply = chat.model->chat(messages, options);
  const double rate = reply.seconds > 0 ? static_cast<double>(reply.completion_tokens) / reply.seconds : 0;
  base::OrderedJson json{{"ids", nullptr},
                         {"text", reply.text()},
                         {"finish", chain::finish_name(reply.finish)},
                         {"prompt_tokens", reply.prompt_tokens},
                         {"prompt_seconds", nullptr},
                         {"tokens_per_second", rate},
                         {"model", chat.model->name()}};
  if (options.top_logprobs) json["logprobs"] = logprobs_json(reply.logprobs);
  session.print(json, [&](std::ostream& out) { out << (streamed ? "" : reply.text()) << "\n"; });
}

void run(Session& session, Flags& flags) {
  if (flags.ids.empty() && flags.prompt.empty())
    throw Error(Code::Invalid, "generate: give a PROMPT (- reads it from stdin), or --ids FILE");
  if (flags.prompt == "-") flags.prompt = {std::istreambuf_iterator<char>(std::cin), {}};
  const std::string named = flags.model.empty() ? session.get("model") : flags.model;
  if (chain::is_server(named)) return run_on_server(session, flags, named);
  LanguageModelOptions opened{.context_tokens = flags.context, .kv = flags.kv.precision(), .exact = flags.exact};
  if (!flags.adapter.empty()) opened.adapters.emplace_back("adapter", flags.adapter);
  if (!flags.draft.empty()) opened.draft = chain::find_language_model(flags.draft);
  const auto model = open_language_model(session, flags.model, opened);
  const auto ids = prompt_ids(*model, flags);
  const bool stream = !session.json;
  GenerateOptions options = flags.sampling.options();
  options.constraint = flags.constraint.constraint();
  options.top_logprobs = top_logprobs(flags.logprobs);
  options.speculate = !flags.no_speculation;
  if (!flags.adapter.empty()) options.adapter = "adapter";
  const Generated out = model->generate(ids, options, [&](std::string_view piece) {
    if (stream) std::cout << piece << std::flush;
    return true;
  });
  const double rate = out.seconds > 0 ? static_cast<double>(out.ids.size()) / out.seconds : 0;
  if (stream) {
    std::cout << "\n";
    char line[160];
    std::snprintf(line, sizeof line, "%zu prompt tokens in %.2f s, %zu tokens at %.1f/s (%s)", out.prompt_tokens,
                  out.prompt_seconds, out.ids.size(), rate, finish_name(out.finish));
    session.note(line);
    return;
  }
  base::OrderedJson json{{"ids", out.ids},
                         {"text", out.text},
                         {"finish", finish_name(out.finish)},
                         {"prompt_tokens", out.prompt_tokens},
                         {"prompt_seconds", out.prompt_seconds},
                         {"tokens_per_second", rate},
                         {"guessed", out.guessed},
                         {"guessed_right", out.guessed_right},
                         {"model", model->name()}};
  if (options.top_logprobs) json["logprobs"] = logprobs_json(out.logprobs);
  session.print(json, [](std::ostream&) {});
}

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

constexpr const char* kModelHelp =
    "language model: a .gguf file, a folder, or ORG/NAME of the Hub's cache (HANOK_MODEL)";
constexpr const char* kExactHelp = "float32 throughout: nothing is rounded to 8 bits or half precision; slower, larger";

}  // namespace

void add_generate(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("generate", "Write text with a language model in this process.",
                              "  hanok generate -m SmolLM2-135M-Instruct.Q4_1.gguf \"Name three rivers.\"\n"
                              "  hanok generate -m model.gguf --raw \"Once upon a time\" -n 100 --temperature 0\n\n"
                              "A model with a chat template is given PROMPT as a user's message; --raw continues the "
                              "text as it stands.");
  c.positional("PROMPT", flags->prompt, "what to say, or the text to continue; - reads stdin", false);
  c.option("-m,--model", flags->model, kModelHelp);
  c.option("--system", flags->system, "a system message before it");
  c.flag("--raw", flags->raw, "continue PROMPT itself, without the chat template");
  c.option("--ids", flags->ids, "token ids as JSON in place of PROMPT");
  c.option("--context", flags->context, "tokens of prompt and text together (default: the model's, at most 8192)");
  flags->kv.add_to(c);
  c.flag("--exact", flags->exact, kExactHelp);
  c.option("--adapter", flags->adapter, "a LoRA adapter as PEFT writes it: a folder with adapter_config.json");
  flags->constraint.add_to(c);
  c.option("--logprobs", flags->logprobs, "with --json: how likely each token was, with so many of the likeliest");
  c.option("--draft", flags->draft, "a smaller model with the same tokens guesses what comes; the text is the same");
  c.flag("--no-speculation", flags->no_speculation, "guess nothing, for measuring; the text is the same");
  flags->sampling.add_to(c);
  c.run([flags](Session& session) { run(session, *flags); });
}

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

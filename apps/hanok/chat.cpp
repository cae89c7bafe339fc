#include "chat.h"

#include "chain/hub/tokenizer.h"
#include "hanok/error.h"
#include "language_models.h"
#include "models_in_use.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::app {
namespace {

namespace hub = chain::hub;

/// Counts, and says nothing: what a prompt for the real one would be.
class PromptOnly : public chain::ChatModel {
 public:
  PromptOnly(std::unique_ptr<chain::ChatModel> real, text::TokenCounter count)
      : real_(std::move(real)), count_(std::move(count)) {}
  std::string name() const override { return real_ ? real_->name() : "none"; }
  size_t context_tokens() const override { return real_ ? real_->context_tokens() : 0; }
  size_t count_tokens(std::string_view text) const override { return real_ ? real_->count_tokens(text) : count_(text); }
  std::string chat(std::span<const chain::Message>, const std::function<bool(std::string_view)>&) override {
    return {};
  }

 private:
  std::unique_ptr<chain::ChatModel> real_;
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

chain::OpenAiOptions server(const Session& session, const std::string& named) {
  const size_t hash = named.find('#');
  chain::OpenAiOptions options;
  options.base_url = named.substr(0, hash);
  if (hash != std::string::npos) options.model = named.substr(hash + 1);
  options.timeout_seconds = static_cast<double>(number_setting(session, "model-timeout", 1));
  const auto served = chain::served_model(options);
  if (options.model.empty()) options.model = served.name;
  options.context_tokens = served.context_tokens;
  return options;
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
    out.model = std::make_unique<PromptOnly>(nullptr, std::move(count));
    return out;
  }
  if (is_local_model(named)) {
    out.model = chain::make_local_chat(open_language_model(named));
    out.tokenizer = out.model->name();
    if (flags.prompt_only) out.model = std::make_unique<PromptOnly>(std::move(out.model), nullptr);
    return out;
  }
  chain::OpenAiOptions options = server(session, named);
  options.count = find_counter(session, tokenizer, options.model, out.tokenizer);
  out.model = chain::make_openai_chat(options);
  if (flags.prompt_only) out.model = std::make_unique<PromptOnly>(std::move(out.model), nullptr);
  return out;
}

}  // namespace hanok::app

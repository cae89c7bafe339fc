// A hanok::LanguageModel of this process as a ChatModel.
#include "hanok/chain.h"
#include "hanok/error.h"
#include "hanok/generate.h"

namespace hanok::chain {
namespace {

class LocalChat final : public ChatModel {
 public:
  LocalChat(std::shared_ptr<const LanguageModel> model, size_t max_tokens)
      : model_(std::move(model)), max_tokens_(max_tokens) {}

  std::string name() const override { return model_->name(); }
  size_t context_tokens() const override { return model_->context_tokens(); }
  size_t count_tokens(std::string_view text) const override { return model_->count_tokens(text); }

  std::string chat(std::span<const Message> messages, const std::function<bool(std::string_view)>& on_token) override {
    std::vector<Turn> turns;
    for (const Message& m : messages) turns.push_back({m.role, m.content});
    GenerateOptions options{.max_tokens = max_tokens_};
    options.sampling.temperature = 0;
    return model_->generate(model_->chat_prompt(turns), options, on_token).text;
  }

 private:
  std::shared_ptr<const LanguageModel> model_;  // shared: the caller may use the same model beside
  size_t max_tokens_;
};

}  // namespace

std::unique_ptr<ChatModel> make_local_chat(std::shared_ptr<const hanok::LanguageModel> model, size_t max_tokens) {
  return std::make_unique<LocalChat>(std::move(model), max_tokens);
}

}  // namespace hanok::chain

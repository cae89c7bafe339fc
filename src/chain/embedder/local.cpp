// A hanok::Embedder of this process as a chain::EmbeddingModel.
#include <algorithm>

#include "hanok/chain.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

// Tokens a letter, beyond one a word: a model that learned a language cuts it into pieces of words (English about 0.1,
// Korean 0.3 to 0.8 a syllable in multilingual models); one that did not falls back to letters, jamo or bytes (Korean
// about 2).
constexpr double kKnownTokensPerLetter = 1.1, kUnknownTokensPerLetter = 1.6;
// More unknown tokens than this and what is left says little.
constexpr double kUnknownShare = 0.4;

size_t words(std::string_view text) {
  size_t n = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    n += !blank && !inside;
    inside = !blank;
  }
  return n;
}

size_t letters(std::string_view text) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    n += (c >= 0xC3 && c < 0xF5) || (c < 0x80 && std::isalnum(c));
  }
  return n;
}

class LocalEmbedder : public EmbeddingModel {
 public:
  LocalEmbedder(std::shared_ptr<const hanok::Embedder> model, std::string name)
      : model_(std::move(model)), name_(name.empty() ? model_->name() : std::move(name)) {}

  store::VectorSpace space() const override {
    return {model_->fingerprint(), name_, model_->dim(), text::chunker_version()};
  }
  size_t count_tokens(std::string_view text) const override { return model_->count_tokens(text); }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    return model_->embed(texts, prompt);
  }

  size_t max_tokens() const override {
    const size_t around = model_->tokens("").size(), most = model_->max_tokens();  // the prompt, special tokens
    return most > around ? most - around : 1;
  }
  std::string decode(std::span<const int32_t> ids) const override { return model_->decode(ids); }

  double trust(std::string_view text) const override {
    const size_t n = letters(text);
    if (n == 0) return 1;
    const size_t tokens = model_->count_tokens(text), free = model_->count_tokens("") + words(text);
    const double each = static_cast<double>(tokens > free ? tokens - free : 0) / static_cast<double>(n);
    const double cut =
        std::clamp((kUnknownTokensPerLetter - each) / (kUnknownTokensPerLetter - kKnownTokensPerLetter), 0.0, 1.0);
    return cut * std::clamp(1 - model_->unknown_share(text) / kUnknownShare, 0.0, 1.0);
  }

 private:
  std::shared_ptr<const hanok::Embedder> model_;  // shared: the caller may use the same model beside
  std::string name_;
};

}  // namespace

std::string EmbeddingModel::decode(std::span<const int32_t>) const {
  throw Error(Code::Unsupported, space().model + ": token ids cannot be turned into text; send the text");
}

std::unique_ptr<EmbeddingModel> make_embedder(std::shared_ptr<const hanok::Embedder> model, std::string name) {
  return std::make_unique<LocalEmbedder>(std::move(model), std::move(name));
}

}  // namespace hanok::chain

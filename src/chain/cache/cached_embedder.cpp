#include <cstring>

#include "chain/cache/kept.h"
#include "chain/cache/prefixes.h"

namespace hanok::chain {
namespace {

class CachedEmbedder final : public EmbeddingModel {
 public:
  CachedEmbedder(const EmbeddingModel& model, std::shared_ptr<const EmbeddingModel> owned,
                 std::shared_ptr<store::Journal> journal, CacheOptions options)
      : model_(model), owned_(std::move(owned)), kept_(std::move(journal), kVectors, std::move(options)) {}

  store::VectorSpace space() const override { return model_.space(); }
  size_t count_tokens(std::string_view text) const override { return model_.count_tokens(text); }
  double trust(std::string_view text) const override { return model_.trust(text); }
  size_t max_tokens() const override { return model_.max_tokens(); }
  std::string decode(std::span<const int32_t> ids) const override { return model_.decode(ids); }

  Matrix embed(std::span<const std::string> texts, hanok::Prompt prompt) const override {
    const auto space = model_.space();
    const size_t bytes = space.dim * sizeof(float);
    Matrix out{texts.size(), space.dim, std::vector<float>(texts.size() * space.dim)};
    std::vector<std::string> keys, missing;
    std::vector<size_t> rows;
    for (size_t i = 0; i < texts.size(); ++i) {
      keys.push_back(kept_.key(space.fingerprint + "\n" + std::to_string(static_cast<int>(prompt)) + "\n" + texts[i]));
      const auto kept = kept_.get(keys[i]);
      if (kept && kept->size() == bytes)
        std::memcpy(out.row(i).data(), kept->data(), bytes);
      else
        missing.push_back(texts[i]), rows.push_back(i);
    }
    if (missing.empty()) return out;
    const Matrix made = model_.embed(missing, prompt);
    std::vector<std::pair<std::string, std::string>> values;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(out.row(rows[i]).data(), made.row(i).data(), bytes);
      values.emplace_back(keys[rows[i]], std::string(reinterpret_cast<const char*>(made.row(i).data()), bytes));
    }
    kept_.put(values);
    return out;
  }

 private:
  const EmbeddingModel& model_;
  std::shared_ptr<const EmbeddingModel> owned_;  // shared with whoever else has it; empty: the caller keeps it alive
  const Kept kept_;
};

}  // namespace

std::unique_ptr<EmbeddingModel> cached(const EmbeddingModel& model, std::shared_ptr<store::Journal> journal,
                                       const CacheOptions& options) {
  return std::make_unique<CachedEmbedder>(model, nullptr, std::move(journal), options);
}

std::shared_ptr<const EmbeddingModel> cached(std::shared_ptr<const EmbeddingModel> model,
                                             std::shared_ptr<store::Journal> journal, const CacheOptions& options) {
  const EmbeddingModel& itself = *model;
  return std::make_shared<CachedEmbedder>(itself, std::move(model), std::move(journal), options);
}

}  // namespace hanok::chain

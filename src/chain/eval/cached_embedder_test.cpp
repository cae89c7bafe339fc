#include "chain/eval/cached_embedder.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace hanok::chain {
namespace {

/// Two numbers of a text's length, and how often it was asked.
class Counting : public EmbeddingModel {
 public:
  explicit Counting(std::string fingerprint = "a") : fingerprint_(std::move(fingerprint)) {}
  store::VectorSpace space() const override { return {fingerprint_, "counting", 2, 1}; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  double trust(std::string_view) const override { return 1; }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    Matrix out{texts.size(), 2, {}};
    for (const std::string& t : texts) {
      ++asked;
      out.data.push_back(static_cast<float>(t.size()));
      out.data.push_back(prompt == Prompt::Query ? 1 : 0);
    }
    return out;
  }
  mutable size_t asked = 0;

 private:
  std::string fingerprint_;
};

const std::vector<std::string> kTexts = {"one", "three", "one"};

TEST(CachedEmbedder, AsksOnceForEachTextAndPrompt) {
  const Counting model;
  const CachedEmbedder cached(model);
  for (int i = 0; i < 2; ++i) {
    const Matrix m = cached.embed(kTexts, Prompt::Passage);
    EXPECT_EQ(m.rows, 3u);
    EXPECT_EQ(m.row(1)[0], 5);
    EXPECT_EQ(m.row(2)[0], 3);
  }
  for (const Prompt prompt : {Prompt::Query, Prompt::None}) {
    const size_t before = model.asked;
    EXPECT_LE(before, prompt == Prompt::Query ? 3u : 6u);
    EXPECT_EQ(cached.embed(kTexts, prompt).row(0)[1], prompt == Prompt::Query ? 1 : 0);
    EXPECT_GT(model.asked, before);
  }
}

TEST(CachedEmbedder, KeepsVectorsFromRunToRun) {
  base::TempFolder folder;
  const auto file = folder.path() / "vectors";
  { CachedEmbedder(Counting(), file).embed(kTexts, Prompt::Passage); }
  const Counting model;
  EXPECT_EQ(CachedEmbedder(model, file).embed(kTexts, Prompt::Passage).row(1)[0], 5);
  EXPECT_EQ(model.asked, 0u);
  const Counting other("b");
  CachedEmbedder(other, file).embed(kTexts, Prompt::Passage);
  EXPECT_GT(other.asked, 0u) << "another model's vectors are of no use";
}

TEST(CachedEmbedder, ADamagedFileIsRefused) {
  base::TempFolder folder;
  const auto file = folder.path() / "vectors";
  { CachedEmbedder(Counting(), file).embed(kTexts, Prompt::Passage); }
  const Counting model;
  std::string bytes = base::read_file(file, 1 << 20);
  bytes[40] ^= 1;
  base::write_file_atomic(file, bytes);
  EXPECT_THROW(CachedEmbedder(model, file), Error);
  base::write_file_atomic(file, std::string("short"));
  EXPECT_THROW(CachedEmbedder(model, file), Error);
}

}  // namespace
}  // namespace hanok::chain

#include "chain/embedder/word_meanings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/random.h"
#include "hanok/lm.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;
using text::Script;

/// Each word has a direction of its own, "번역N" and "wordN" the same, and every word of a language lies near to the
/// others of it.
class Dictionary : public EmbeddingModel {
 public:
  static constexpr size_t kDim = 64;
  store::VectorSpace space() const override { return {"dictionary", "dictionary", kDim, 1}; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  double trust(std::string_view) const override { return 1; }
  Matrix embed(std::span<const std::string> texts, Prompt) const override {
    embedded += texts.size();
    Matrix out{texts.size(), kDim, std::vector<float>(texts.size() * kDim)};
    for (size_t i = 0; i < texts.size(); ++i) {
      const bool korean = text::script_of(texts[i]) == Script::Hangul;
      std::string meaning = texts[i];
      for (const char* stem : {"word", "번역"})
        if (meaning.starts_with(stem)) meaning = meaning.substr(std::string_view(stem).size());
      base::Random random(std::hash<std::string>()(meaning));
      for (size_t d = 0; d < kDim; ++d) out.row(i)[d] = static_cast<float>(random.normal());
      out.row(i)[korean ? 0 : 1] += 30;
    }
    return out;
  }
  mutable size_t embedded = 0;
};

TEST(WordMeanings, ATranslationIsAlikeAndNoOtherWord) {
  const Dictionary model;
  WordMeanings words(model);
  const auto alike = words.alike(std::vector<std::string>{"번역1", "번역2"},
                                 std::vector<std::string>{"word2", "word1", "word3", "번역1", "12"});
  ASSERT_EQ(alike.size(), 2u);
  ASSERT_EQ(alike[0].size(), 5u);
  EXPECT_GT(alike[0][1], 5);
  EXPECT_GT(alike[1][0], 5);
  EXPECT_GT(alike[0][3], 5) << "the same word";
  for (const double other : {alike[0][0], alike[0][2], alike[1][1], alike[1][2], alike[1][3]}) EXPECT_LT(other, 4);
  EXPECT_EQ(alike[0][4], 0) << "a number is in no language";
  const size_t embedded = model.embedded;
  words.alike(std::vector<std::string>{"번역2"}, std::vector<std::string>{"word1"});
  EXPECT_EQ(model.embedded, embedded) << "each word once";
}

TEST(WordMeanings, WordsOfAText) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(plain_words("It rains, (again) in \"Seoul\".", Script::Latin),
            (Words{"It", "rains", "again", "in", "Seoul"}));
  EXPECT_EQ(plain_words("  ", Script::Latin), Words{});
  EXPECT_GT(plain_words("図書館は朝九時に開きます。", Script::Kana).size(), 3u);
}

/// multilingual-e5-small knows which words mean the same.
TEST(WordMeanings, OfARealModel) {
  const char* models = std::getenv("HANOK_MODELS");
  if (!models || !fs::exists(fs::path(models) / "e5" / "config.json"))
    GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const auto model = make_embedder(std::make_shared<Embedder>(fs::path(models) / "e5"));
  WordMeanings words(*model);
  const std::vector<std::string> korean = {"토요일", "도서관", "비밀번호", "축구", "정부"},
                                 english = {"Saturday", "library", "password", "football", "government"};
  const auto alike = words.alike(korean, english);
  for (size_t i = 0; i < korean.size(); ++i) {
    EXPECT_EQ(std::max_element(alike[i].begin(), alike[i].end()) - alike[i].begin(), static_cast<ptrdiff_t>(i))
        << korean[i];
    EXPECT_GT(alike[i][i], 3.5) << korean[i];
  }
}

}  // namespace
}  // namespace hanok::chain

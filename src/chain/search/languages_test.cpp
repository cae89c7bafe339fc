// Searching a collection of several languages, with a model that is as e5 is: near to everything in its own language.
#include "chain/search/languages.h"

#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "base/random.h"
#include "chain/embedder/languages.h"
#include "chain/embedder/plain_texts.h"
#include "chain/search/rank.h"
#include "hanok/similarity.h"

namespace hanok::chain {
namespace {

using text::Script;

// A text is a list of subjects, s0 to s9, written "s3 s7" in English and "주3 주7" in Korean. Its vector is twice its
// language, the sum of its subjects, and some noise of its own.
class Bilingual : public EmbeddingModel {
 public:
  static constexpr size_t kSubjects = 10, kDim = kSubjects + 3;
  explicit Bilingual(std::string fingerprint = "bilingual", double korean_trust = 1)
      : fingerprint_(std::move(fingerprint)), korean_trust_(korean_trust) {}
  store::VectorSpace space() const override { return {fingerprint_, "bilingual", kDim, 1}; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  double trust(std::string_view text) const override {
    return text::script_of(text) == Script::Hangul ? korean_trust_ : 1;
  }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    ++calls;
    Matrix out{texts.size(), kDim, std::vector<float>(texts.size() * kDim)};
    for (size_t i = 0; i < texts.size(); ++i) {
      auto row = out.row(i);
      const bool korean = text::script_of(texts[i]) == Script::Hangul;
      row[kSubjects + (korean ? 1 : 0)] = 2;
      row[kSubjects + 2] = prompt == Prompt::Query ? .5f : 0;
      for (const char* mark : {"s", "주"})
        for (size_t s = 0; s < kSubjects; ++s)
          if (texts[i].find(mark + std::to_string(s)) != std::string::npos) row[s] += 1;
      base::Random noise(std::hash<std::string>()(texts[i]));
      for (float& x : row) x += static_cast<float>(.02 * noise.normal());
    }
    return out;
  }
  mutable size_t calls = 0;

 private:
  std::string fingerprint_;
  double korean_trust_;
};

class LanguagesTest : public testing::Test {
 protected:
  LanguagesTest() : store_(store::Store::open(folder_.path())), collection_(store_->collection("c", true)) {}

  void put(const EmbeddingModel& model, const std::vector<std::string>& texts) {
    collection_->set_vector_space(model.space());
    const Matrix rows = model.embed(texts, Prompt::Passage);
    std::vector<store::NewDocument> documents;
    for (size_t i = 0; i < texts.size(); ++i) {
      auto& d = documents.emplace_back();
      d.info.path = texts[i];
      d.text = texts[i];
      d.chunks = {{{0, d.text.size()}, 0, "", 1}};
      d.vectors.assign(rows.row(i).begin(), rows.row(i).end());
    }
    collection_->put_many(std::move(documents));
  }

  // `n` passages about two of the first eight subjects each; subject 9 is in none.
  static std::vector<std::string> english(size_t n) { return some(n, "passage about", "s", "and"); }
  static std::vector<std::string> korean(size_t n) { return some(n, "문서 내용은", "주", "그리고"); }
  static std::vector<std::string> some(size_t n, const std::string& begin, const std::string& mark,
                                       const std::string& join) {
    std::vector<std::string> out;
    base::Random random(n);
    for (size_t i = 0; i < n; ++i)
      out.push_back(begin + " " + mark + std::to_string(random.below(8)) + " " + join + " " + mark +
                    std::to_string(random.below(8)) + " " + std::to_string(1000 + i));
    return out;
  }

  std::string first(const EmbeddingModel& model, const std::string& question, Mode mode) {
    const auto found = search(*collection_, question, {.k = 1, .mode = mode, .embedder = &model});
    return found.hits.empty() ? "" : found.hits[0].chunk.text;
  }

  base::TempFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<store::Collection> collection_;
};

const std::string kKoreanQuestion = "주9 문서 내용은 무엇인가요", kEnglishQuestion = "what passage is about s9";
const std::string kEnglishAnswer = "it is all about s9", kKoreanAnswer = "주9 그것뿐이다";

// With as many passages in the language of the question, of the answer, and few of either.
struct Sizes {
  size_t english, korean;
};
class AcrossLanguages : public LanguagesTest, public testing::WithParamInterface<Sizes> {};

TEST_P(AcrossLanguages, WhatAnswersIsFoundInTheOtherLanguage) {
  const Bilingual model;
  auto texts = english(GetParam().english);
  for (auto& text : korean(GetParam().korean)) texts.push_back(std::move(text));
  put(model, texts);
  for (const Mode mode : {Mode::Dense, Mode::Hybrid}) {
    put(model, {kEnglishAnswer});
    EXPECT_EQ(first(model, kKoreanQuestion, mode), kEnglishAnswer);
    EXPECT_EQ(first(model, kEnglishQuestion, mode), kEnglishAnswer);
    collection_->remove(kEnglishAnswer);
    put(model, {kKoreanAnswer});
    EXPECT_EQ(first(model, kEnglishQuestion, mode), kKoreanAnswer);
    EXPECT_EQ(first(model, kKoreanQuestion, mode), kKoreanAnswer);
    put(model, {kEnglishAnswer});  // both
    std::set<std::string> best;
    for (const auto& hit : search(*collection_, kKoreanQuestion, {.k = 2, .mode = mode, .embedder = &model}).hits)
      best.insert(hit.chunk.text);
    EXPECT_EQ(best, (std::set<std::string>{kEnglishAnswer, kKoreanAnswer}));
    collection_->remove(kEnglishAnswer);
    collection_->remove(kKoreanAnswer);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, AcrossLanguages,
                         testing::Values(Sizes{200, 200}, Sizes{200, 0}, Sizes{0, 200}, Sizes{200, 3}, Sizes{3, 200},
                                         Sizes{200, 23}, Sizes{23, 200}, Sizes{1, 1}));

TEST_F(LanguagesTest, CosinesAloneFavourTheOwnLanguage) {  // what the model does, and search does not
  const Bilingual model;
  put(model, korean(200));
  put(model, {kEnglishAnswer});
  const std::string question = kKoreanQuestion;
  const Matrix q = model.embed(std::span(&question, 1), Prompt::Query);
  const auto best = collection_->search_dense(q.row(0), 201);
  EXPECT_EQ(collection_->snapshot()->chunks(std::vector{best.back().chunk})[0].text, kEnglishAnswer);
  const auto found = search(*collection_, question, {.k = 300, .mode = Mode::Dense, .embedder = &model});
  for (const auto& hit : found.hits) EXPECT_LE(hit.score, 1);
}

TEST_F(LanguagesTest, OneLanguageStaysAsItWas) {
  const Bilingual model("one language");
  put(model, english(50));
  model.calls = 0;
  const std::string question = kEnglishQuestion;
  const auto found = search(*collection_, question, {.k = 50, .mode = Mode::Dense, .embedder = &model});
  EXPECT_EQ(model.calls, 1u);  // the question: no plain texts
  const Matrix q = model.embed(std::span(&question, 1), Prompt::Query);
  const auto plain = collection_->search_dense(q.row(0), 50);
  ASSERT_EQ(found.hits.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(found.hits[i].chunk.id, plain[i].chunk);
    EXPECT_EQ(found.hits[i].score, plain[i].score);
  }
}

TEST_F(LanguagesTest, PlainTextsAreEmbeddedOnce) {
  const Bilingual model("once");
  put(model, english(5));
  put(model, korean(5));
  model.calls = 0;
  first(model, kKoreanQuestion, Mode::Hybrid);
  EXPECT_EQ(model.calls, 1u + 2 * 2);
  first(model, kEnglishQuestion, Mode::Hybrid);
  EXPECT_EQ(model.calls, 2u + 2 * 2);
}

TEST_F(LanguagesTest, ALanguageThatTheModelDoesNotKnowIsNotRaised) {
  const Bilingual model("english only", 0);
  put(model, english(50));
  put(model, korean(50));
  const Languages languages(*collection_->snapshot(), model, kEnglishQuestion,
                            std::vector<float>(Bilingual::kDim, 1.0f));
  EXPECT_FALSE(languages.active());
  EXPECT_EQ(text::script_of(first(model, kEnglishQuestion, Mode::Dense)), Script::Latin);
}

TEST_F(LanguagesTest, ConditionsHoldInEveryLanguage) {
  const Bilingual model;
  put(model, english(40));
  put(model, korean(40));
  put(model, {kEnglishAnswer, kKoreanAnswer});
  const auto only = [&](const std::string& path) { return store::Filter(store::Json{{"path", {{"$ne", path}}}}); };
  const auto found =
      search(*collection_, kKoreanQuestion, {.k = 100, .filter = only(kEnglishAnswer), .embedder = &model});
  EXPECT_EQ(found.hits[0].chunk.text, kKoreanAnswer);
  EXPECT_EQ(found.hits.size(), 81u);
  for (const auto& hit : found.hits) EXPECT_NE(hit.chunk.text, kEnglishAnswer);
}

TEST(WithoutLanguages, TextsLieNearWhatMeansTheSame) {
  const Bilingual model;
  std::vector<std::string> texts;
  for (size_t i = 0; i < 8; ++i) texts.push_back("about s" + std::to_string(i));
  for (size_t i = 0; i < 8; ++i) texts.push_back("주" + std::to_string(i) + " 이야기");
  const auto translations_that_are_nearest = [&](const Matrix& rows) {
    size_t out = 0;
    const auto nearest = lm::semantic_search(rows, rows, 2);  // a text itself, then
    for (size_t i = 0; i < 16; ++i) out += nearest[i][1].index == (i + 8) % 16;
    return out;
  };
  const Matrix raw = model.embed(texts, Prompt::Query);
  EXPECT_LE(translations_that_are_nearest(raw), 2u);
  EXPECT_GE(translations_that_are_nearest(without_languages(model, texts, raw, Prompt::Query)), 15u);
}

TEST(WithoutLanguages, OneForeignTextIsNoOutlier) {
  const Bilingual model;
  std::vector<std::string> texts;
  for (size_t i = 0; i < 8; ++i) texts.push_back("주" + std::to_string(i) + " 주" + std::to_string((i + 1) % 8));
  texts.push_back("about s3 and s4");
  const auto mean_cosine = [](const Matrix& rows, size_t i) {
    double sum = 0;
    for (size_t j = 0; j < rows.rows; ++j)
      if (j != i) sum += cosine(rows.row(i), rows.row(j));
    return sum / static_cast<double>(rows.rows - 1);
  };
  const Matrix raw = model.embed(texts, Prompt::Query), rows = without_languages(model, texts, raw, Prompt::Query);
  double lowest_raw = 1, lowest = 1;
  for (size_t i = 0; i < 8; ++i) {
    lowest_raw = std::min(lowest_raw, mean_cosine(raw, i));
    lowest = std::min(lowest, mean_cosine(rows, i));
  }
  EXPECT_LT(mean_cosine(raw, 8), lowest_raw - .2);
  EXPECT_GT(mean_cosine(rows, 8), lowest - .05);
  EXPECT_EQ(lm::semantic_search(rows, rows, 2)[8][1].index, 3u);  // 주3 주4
}

TEST(WithoutLanguages, OneLanguageOrOneThatIsUnknownStaysAsItIs) {
  const Bilingual model, english("english", 0);
  const std::vector<std::string> one = {"about s1", "about s2"}, two = {"about s1", "주2 이야기"};
  const Matrix rows = model.embed(one, Prompt::Query), mixed = english.embed(two, Prompt::Query);
  EXPECT_EQ(without_languages(model, one, rows, Prompt::Query).data, rows.data);
  EXPECT_EQ(without_languages(english, two, mixed, Prompt::Query).data, mixed.data);
}

TEST(PlainTexts, EveryScriptHasItsOwn) {
  for (size_t s = 1; s < text::kScripts; ++s) {
    const auto script = static_cast<Script>(s);
    const PlainTexts* texts = plain_texts(script);
    ASSERT_NE(texts, nullptr) << text::script_name(script);
    for (const auto text : texts->passages) EXPECT_EQ(text::script_of(text), script) << text;
    for (const auto text : texts->questions) EXPECT_EQ(text::script_of(text), script) << text;
  }
  EXPECT_EQ(plain_texts(Script::Other), nullptr);
}

}  // namespace
}  // namespace hanok::chain

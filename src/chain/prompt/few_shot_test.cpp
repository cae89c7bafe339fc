#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "chain/prompt/ngram_overlap.h"
#include "chain/test_letters.h"
#include "hanok/error.h"
#include "hanok/prompts.h"

namespace hanok::chain {
namespace {

using test::Letters;
using testing::ElementsAre;

const std::vector<Example> kOpposites{{{"word", "happy"}, {"other", "sad"}},
                                      {{"word", "tall {not a gap}"}, {"other", "short"}},
                                      {{"word", "warm day"}, {"other", "cold day"}}};

std::vector<std::string> chosen(const std::vector<Example>& examples, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& e : examples) out.push_back(e.at(key));
  return out;
}

TEST(FewShot, ExamplesStandBetweenPrefixAndSuffixAndAreNotReadTwice) {
  const FewShotPrompt p{.examples = select_all(kOpposites),
                        .example = "{word} -> {other}",
                        .prefix = "Opposites.",
                        .suffix = "{input} ->"};
  EXPECT_EQ(p.format({{"input", "big"}}),
            "Opposites.\n\nhappy -> sad\n\ntall {not a gap} -> short\n\nwarm day -> cold day\n\nbig ->");
  EXPECT_THAT(p.variables(), ElementsAre("input"));
  EXPECT_THROW(FewShotPrompt{}.format(), Error);
  EXPECT_THROW(ChatPromptTemplate({FewShotMessages{}}), Error);
}

TEST(FewShot, LengthLeavesRoomForTheInput) {
  const auto s = select_by_length(kOpposites, "{word} {other}", 8);
  EXPECT_THAT(chosen(s->select({{"input", "big"}}), "word"), ElementsAre("happy", "tall {not a gap}"));
  EXPECT_THAT(chosen(s->select({{"input", "a b c d e"}}), "word"), ElementsAre("happy"));
  EXPECT_TRUE(s->select({{"input", "1 2 3 4 5 6 7 8 9"}}).empty());
}

TEST(FewShot, SimilarityAndItsDiversity) {
  const std::vector<Example> examples{{{"x", "aaab"}}, {{"x", "aaabb"}}, {{"x", "c"}}, {{"x", "ac"}}};
  const Letters model;
  EXPECT_THAT(chosen(select_by_similarity(examples, model, {.k = 2})->select({{"q", "aab"}}), "x"),
              ElementsAre("aaabb", "aaab"));
  EXPECT_THAT(chosen(select_by_similarity(examples, model, {.k = 2, .mmr_lambda = 0.5})->select({{"q", "aab"}}), "x"),
              ElementsAre("aaabb", "ac"));
  EXPECT_THROW(select_by_similarity(examples, model, {.k = 0}), Error);
}

TEST(FewShot, NgramsOverlap) {
  EXPECT_DOUBLE_EQ(ngram_overlap("the cat sat on the mat", "the cat sat on the mat"), 1);
  EXPECT_EQ(ngram_overlap("dog", "the cat"), 0);
  EXPECT_EQ(ngram_overlap("", "the cat"), 0);
  // Two words of three, one pair of two, no triple (.1 of 1), three orders of the same weight; 3 words against 4.
  EXPECT_NEAR(ngram_overlap("see spot run", "my spot run fast"), std::cbrt(2.0 / 3 * 0.5 * 0.1) * std::exp(1 - 4.0 / 3),
              1e-12);
  const std::vector<Example> examples{{{"s", "See Spot run."}}, {{"s", "My dog barks."}}, {{"s", "Spot can run."}}};
  EXPECT_THAT(chosen(select_by_ngrams(examples, "s")->select({{"s", "Spot can run fast."}}), "s"),
              ElementsAre("Spot can run.", "See Spot run.", "My dog barks."));
  EXPECT_THAT(chosen(select_by_ngrams(examples, "s", 0)->select({{"s", "Spot can run fast."}}), "s"),
              ElementsAre("Spot can run.", "See Spot run."));
}

TEST(FewShot, ExamplesAsMessages) {
  const ChatPromptTemplate p({{"system", "Add."},
                              FewShotMessages{select_all({{{"input", "1+1"}, {"output", "{2}"}}})},
                              {"user", "{question}"}});
  const auto m = p.format({{"question", "2+3"}});
  ASSERT_EQ(m.size(), 4u);
  EXPECT_EQ(m[1], Message("user", "1+1"));
  EXPECT_EQ(m[2], Message("assistant", "{2}"));
}

}  // namespace
}  // namespace hanok::chain

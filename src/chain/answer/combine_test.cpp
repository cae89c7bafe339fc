#include "chain/answer/combine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/test_models.h"
#include "hanok/error.h"

namespace hanok::chain::answer {
namespace {

using test::Played;
using test::said;
using testing::HasSubstr;

std::vector<Hit> passages(size_t n) {
  std::vector<Hit> out(n);
  for (size_t i = 0; i < n; ++i) {
    out[i].chunk.path = "f" + std::to_string(i + 1);
    out[i].chunk.text = "fact number " + std::to_string(i + 1);
  }
  return out;
}

const std::string kPattern = "{passages}Q: {question}", kQuestion = "which?";

TEST(Combine, GroupsAnswerAndTheirAnswersAreOnePrompt) {
  const Played model([](auto messages, const auto&) {
    const std::string text = messages.back().text();
    return said("found " + text.substr(text.find('['), 3));
  });
  const size_t one = model.count_tokens(passage_block(1, passages(1)[0]));
  const Prompt p = combine(Combine::MapReduce, {kPattern, kQuestion, 2 * one, model}, passages(5));
  EXPECT_EQ(p.passages, 5u);
  EXPECT_THAT(p.text, testing::AllOf(HasSubstr("found [1]"), HasSubstr("found [3]"), HasSubstr("found [5]"),
                                     HasSubstr("Q: which?")));
  ASSERT_EQ(model.asked.size(), 3u);
  EXPECT_THAT(model.asked[1][0].text(), testing::AllOf(HasSubstr("[3] f3"), HasSubstr("[4] f4")));
  // What fits is asked at once.
  const Played silent(std::deque<std::string>{});
  EXPECT_THAT(combine(Combine::MapReduce, {kPattern, kQuestion, 100 * one, silent}, passages(5)).text,
              HasSubstr("[5] f5"));
}

TEST(Combine, RefineGoesOnWithTheAnswerSoFar) {
  int n = 0;
  const Played model([&](auto, const auto&) { return said("draft " + std::to_string(++n)); });
  const size_t one = model.count_tokens(passage_block(1, passages(1)[0]));
  const Prompt p = combine(Combine::Refine, {kPattern, kQuestion, 2 * one, model}, passages(3));
  ASSERT_EQ(model.asked.size(), 2u);
  EXPECT_THAT(model.asked[1][0].text(), testing::AllOf(HasSubstr("draft 1"), HasSubstr("[2] f2")));
  EXPECT_THAT(p.text, testing::AllOf(HasSubstr("draft 2"), HasSubstr("[3] f3")));
}

TEST(Combine, WhatFitsNowhereIsSaid) {
  auto hits = passages(2);
  for (int i = 0; i < 100; ++i) hits[1].chunk.text += " more";
  const Played model([](auto, const auto&) { return said("x"); });
  const Prompt p = combine(Combine::MapReduce, {kPattern, kQuestion, 30, model}, hits);
  ASSERT_EQ(p.dropped.size(), 1u);
  EXPECT_THAT(p.dropped[0], HasSubstr("passage 2 (f2"));
  const Played long_winded([](auto, const auto&) { return said(std::string(200, 'x') + " and on and on and on"); });
  EXPECT_THROW(combine(Combine::MapReduce, {kPattern, kQuestion, 30, long_winded}, passages(9)), Error);
}

}  // namespace
}  // namespace hanok::chain::answer

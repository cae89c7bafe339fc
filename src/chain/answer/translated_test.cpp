#include "chain/answer/translated.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace hanok::chain::answer {
namespace {

const std::set<std::pair<std::string, std::string>> kDictionary = {
    {"도서관", "library"}, {"토요일", "Saturday"}, {"우물", "well"}, {"cat", "고양이"}};

// Words of the dictionary are alike, all others are not.
const WordNearness kNearness = [](const std::vector<std::string>& asked, const std::vector<std::string>& there) {
  std::vector<std::vector<double>> out;
  for (const auto& a : asked) {
    out.emplace_back();
    for (const auto& t : there) out.back().push_back(kDictionary.contains({a, t}) ? 9 : 0);
  }
  return out;
};

Question read(std::string_view text) {
  return read_question(text, [](std::string_view) { return 1.0; });
}

TEST(Translated, WhichWordsATextHas) {
  const Question question = read("도서관은 토요일에 몇 시까지 하나요?");
  const Translated translated(question, kNearness);
  const auto in = translated.in({"The library is open on Saturday.", "The library has a well.", "Tea is free.", ""});
  ASSERT_EQ(in.size(), 4u);
  EXPECT_GT(translated.topical_mean(in[0]), .95);
  EXPECT_GT(translated.plain_mean(in[0]), translated.plain_mean(in[1]));
  EXPECT_GT(translated.mean(in[0]), translated.mean(in[1]));
  EXPECT_GT(translated.topical_least(in[0]), .95);
  EXPECT_LT(translated.topical_least(in[1]), .05);
  EXPECT_NEAR(translated.topical_mean(in[1]), .5, .05) << "of a library on Saturdays it has the library";
  EXPECT_LT(translated.topical_mean(in[2]), .05);
  EXPECT_LT(translated.topical_mean(in[3]), .05);
  EXPECT_GT(translated.topical_mean(together(in[1], translated.in({"Saturday"})[0])), .95);
}

TEST(Translated, ADayTellsLinesApartAndNotWhatAPassageIsAbout) {
  const Question question = read("박물관은 토요일에 몇 시까지 하나요?");
  const Translated translated(question, kNearness);
  const auto in = translated.in({"The library is open on Saturday."});
  EXPECT_LE(translated.topical_mean(in[0]), .55) << "the museum is missing";
  EXPECT_GT(translated.mean(in[0]), translated.plain_mean(in[0]) + .1);
}

TEST(Translated, NumbersAreWhatTheyAre) {
  const Question question = read("How many cats lived there in 1,986?");
  const Translated translated(question, kNearness);
  const auto in = translated.in({"1986년에는 다섯 마리가 살았다.", "19860년에는", "1987년에는 다섯 마리가 살았다."});
  EXPECT_GT(translated.mean(in[0]), translated.mean(in[1]));
  EXPECT_EQ(translated.mean(in[1]), translated.mean(in[2]));
}

TEST(Translated, DaysAndMonthsAreTheirOwn) {
  const Question question = read("3월의 토요일에는 도서관을 여나요?");
  const Translated translated(question, kNearness);
  const auto in = translated.in({"On Saturday in March the library opens.", "On Sunday in March the library opens.",
                                 "On Saturday in May the library opens.", "Sun in the library, and a march."});
  EXPECT_GT(translated.mean(in[0]), translated.mean(in[1]) + .2);
  EXPECT_GT(translated.mean(in[1]), translated.mean(in[3]) + .2);
  EXPECT_EQ(translated.mean(in[1]), translated.mean(in[2]));
  const Question english = read("Is it open on Saturday in March?");
  const Translated to_korean(english, kNearness);
  const auto there = to_korean.in({"3월에는 토요일마다 엽니다.", "13월에는 일요일마다 엽니다."});
  EXPECT_GT(to_korean.mean(there[0]), to_korean.mean(there[1]) + .4);
}

TEST(Translated, AQuestionWithoutWords) {
  const Question question = read("?");
  const Translated translated(question, kNearness);
  EXPECT_EQ(translated.mean(translated.in({"Tea is free."})[0]), 1);
}

}  // namespace
}  // namespace hanok::chain::answer

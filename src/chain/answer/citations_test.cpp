#include "chain/answer/citations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string_view kTower = "The tower opened in 1931. It is 381 metres tall and stands in New York.";
const std::string_view kPalace = "경복궁은 1395년에 지어졌다. 조선의 으뜸 궁궐이다.";

struct Filtered {
  std::string text;
  std::vector<std::string> shown, dropped;
  std::map<int, text::Span> quotes;
};

Filtered filter(std::string_view answer, size_t step) {
  Filtered out;
  CitationFilter f({kTower, kPalace}, [&](std::string_view s) {
    out.shown.emplace_back(s);
    return true;
  });
  for (size_t i = 0; i < answer.size(); i += step) f.push(answer.substr(i, step));
  f.finish();
  out.text = f.text();
  out.dropped = f.dropped();
  out.quotes = f.quotes();
  return out;
}

TEST(Citations, KeepsWhatHoldsAndTakesOutWhatDoesNot) {
  const std::string answer =
      "The tower is 381 metres tall [1]. It opened in 1932 [1]. It is blue and made of cheese [2][7].\n"
      "경복궁은 1395년에 지어졌다. [2] 끝.";
  for (size_t step : {size_t{1}, size_t{3}, size_t{1000}}) {
    const Filtered out = filter(answer, step);
    EXPECT_EQ(out.text,
              "The tower is 381 metres tall [1]. It opened in 1932. It is blue and made of cheese.\n"
              "경복궁은 1395년에 지어졌다. [2] 끝.")
        << "in steps of " << step;
    EXPECT_THAT(out.dropped,
                ElementsAre(HasSubstr("1932 is not in the passage"), HasSubstr("[2]"), HasSubstr("no such passage")));
    ASSERT_EQ(out.quotes.size(), 2u);
    EXPECT_EQ(kTower.substr(out.quotes.at(1).start), "It is 381 metres tall and stands in New York.");
    EXPECT_EQ(kPalace.substr(0, out.quotes.at(2).end), "경복궁은 1395년에 지어졌다.");
  }
}

TEST(Citations, NothingIsShownBeforeItIsChecked) {
  std::vector<std::string> shown;
  CitationFilter f({kTower}, [&](std::string_view s) {
    shown.emplace_back(s);
    return true;
  });
  f.push("The tower opened in 1931.");
  EXPECT_TRUE(shown.empty());  // a marker may follow
  f.push(" [1");
  EXPECT_TRUE(shown.empty());
  f.push("]");
  f.push(" Then");
  EXPECT_THAT(shown, ElementsAre("The tower opened in 1931. [1]"));
  f.finish();
  EXPECT_EQ(f.text(), "The tower opened in 1931. [1] Then");
}

TEST(Citations, ListsOfNumbersAndOtherBrackets) {
  EXPECT_EQ(filter("The tower opened in 1931 [1, 2].", 5).text, "The tower opened in 1931 [1].");
  EXPECT_EQ(filter("An array a[i] and [note] and [] stay.", 4).text, "An array a[i] and [note] and [] stay.");
  EXPECT_EQ(filter("", 1).text, "");
}

TEST(Citations, TheReceiverCanStop) {
  CitationFilter f({kTower}, [](std::string_view) { return false; });
  EXPECT_FALSE(f.push("One. Two. Three."));
}

TEST(Citations, TextWithoutAnEndIsNotHeldForEver) {
  const std::string answer(20000, 'x');
  EXPECT_EQ(filter(answer, 100).text, answer);
  EXPECT_GT(filter(answer, 100).shown.size(), 2u);
}

}  // namespace
}  // namespace hanok::chain::answer

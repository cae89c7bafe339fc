#include "chain/answer/units.h"

#include <gtest/gtest.h>

#include <string>

namespace hanok::chain::answer {
namespace {

std::string at(std::string_view text, const Unit& u) {
  return std::string(text.substr(u.span.start, u.span.end - u.span.start));
}

TEST(Units, HeadingAndHeaderRowStandOverTheRows) {
  const std::string_view text =
      "Opening hours\n\nday | hours\nSaturday | 9:00 to 17:00\nSunday | 13:00\n\nWe rest in May.";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 5u);
  EXPECT_TRUE(units[0].heading && units[1].heading);
  EXPECT_EQ(at(text, units[2]), "Saturday | 9:00 to 17:00");
  EXPECT_EQ(units[2].context, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(units[4].context, (std::vector<size_t>{0}));
}

TEST(Units, RecordsAreAUnitEach) {
  const std::string_view text = "event: Walk; leader: Ma\nevent: Chess; leader: Noh";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 2u);
  EXPECT_EQ(at(text, units[1]), "event: Chess; leader: Noh");
}

TEST(Units, PlainSentencesHaveNoHeadings) {
  for (const Unit& u : units_of("One is here. Two is there.\nThree is nowhere."))
    EXPECT_TRUE(!u.heading && u.context.empty());
  EXPECT_TRUE(units_of(" \n ").empty());
}

}  // namespace
}  // namespace hanok::chain::answer

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/error.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

std::string is(const std::string& expression) { return calculate(expression, "2026-11-29"); }

TEST(Calculate, NumbersAreExact) {
  EXPECT_EQ(is("0.1 + 0.2"), "0.3");
  EXPECT_EQ(is("1/3 + 1/6"), "0.5");
  EXPECT_EQ(is("2/3"), "2/3 ≈ 0.666666666667");
  EXPECT_EQ(is("2^100"), "1267650600228229401496703205376");
  EXPECT_EQ(is("-2^2"), "-4");
  EXPECT_EQ(is("2^3^2"), "512");
  EXPECT_EQ(is("2^-3"), "0.125");
  EXPECT_EQ(is("25!/24!"), "25");
  EXPECT_EQ(is("1,234.5 × 2"), "2469");
  EXPECT_EQ(is("12.5% * 80"), "10");
  EXPECT_EQ(is("20% of 50"), "10");
  EXPECT_EQ(is("-7 mod 3"), "2");
  EXPECT_EQ(is("1.5e3 - 1e-2"), "1499.99");
  EXPECT_EQ(is("(1 + 2) * (3 - 4) ÷ 2"), "-1.5");
  EXPECT_EQ(is("max(1, 1/2, 3) + min(4,5) + sum(1,2,3) + avg(1,2)"), "14.5");
  EXPECT_EQ(is("round(2/3, 2)"), "0.67");
  EXPECT_EQ(is("floor(-1.5) + ceil(1.2) + round(-2.5) + abs(-3)"), "0");
  EXPECT_EQ(is("sqrt(49/4)"), "3.5");
}

TEST(Calculate, WhatIsRoundedSaysSo) {
  EXPECT_EQ(is("sqrt(2)"), "≈ 1.41421356237");
  EXPECT_EQ(is("ln(e)"), "≈ 1");
  EXPECT_EQ(is("2 * pi"), "≈ 6.28318530718");
  EXPECT_EQ(is("2 ^ 0.5"), "≈ 1.41421356237");
  EXPECT_EQ(is("round(sqrt(2), 3)"), "≈ 1.414");
  EXPECT_EQ(is("floor(pi * 1 h)"), "3 h 8 min 29 s");
}

TEST(Calculate, LengthsOfTime) {
  EXPECT_EQ(is("3 h 20 min + 45 min"), "4 h 5 min");
  EXPECT_EQ(is("90 min in h"), "1.5 h");
  EXPECT_EQ(is("3 h 20 min + 45 min in hours"), "49/12 ≈ 4.08333333333 hours");
  EXPECT_EQ(is("2 days - 30 h"), "18 h");
  EXPECT_EQ(is("1 week / 8 h"), "21");
  EXPECT_EQ(is("2시간 30분 * 2"), "5 h");
  EXPECT_EQ(is("2 years to months"), "24 months");
}

TEST(Calculate, Dates) {
  EXPECT_EQ(is("2024-03-01 - 2024-02-01"), "29 days");
  EXPECT_EQ(is("2026-12-25 - today in days"), "26 days");
  EXPECT_EQ(is("2024-01-31 + 1 month"), "2024-02-29");
  EXPECT_EQ(is("2026-11-29 + 10"), "2026-12-09");
  EXPECT_EQ(is("2026-11-29 18:30 + 8 h"), "2026-11-30 02:30:00");
  EXPECT_EQ(is("today - 1 year"), "2025-11-29");
  EXPECT_EQ(is("weekday(2026-11-29)"), "Sunday");
  EXPECT_EQ(is("weekday(2026-11-29 + 2 days)"), "Tuesday");
  EXPECT_EQ(is("weekday( 2026-11-29 23:30 )"), "Sunday");
  EXPECT_EQ(is("0100-01-01 - 1 day"), "0099-12-31");
  EXPECT_EQ(is("9999-12-30 + 1 day"), "9999-12-31");
}

TEST(Calculate, WhatHasNoMeaningIsSaid) {
  const std::pair<const char*, const char*> cases[] = {{"", "at byte 0"},
                                                       {"1 +", "at byte 3"},
                                                       {"1 2", "an operator"},
                                                       {"1/0", "division by zero"},
                                                       {"2024-02-30", "a day that there is"},
                                                       {"1 h + 1", "no meaning"},
                                                       {"2024-01-01 + 2024-01-02", "no meaning"},
                                                       {"foo(1)", "no function 'foo'"},
                                                       {"(1", "')'"},
                                                       {"9^9^9", "10,000"},
                                                       {"1e99999", "10,000"},
                                                       {"5000!", "factorial"},
                                                       {"sqrt(-1)", "negative"},
                                                       {"1 h in kg", "a unit of time"},
                                                       {"2 ** 3", "'^'"},
                                                       {"x", "a number"},
                                                       {"ln(0)", "finite"},
                                                       {"import os", "a number"},
                                                       {"2026-11-29 + 99999999", "after 9999"},
                                                       {"2026-11-29 + 1e30 days", "after 9999"},
                                                       {"9999-12-31 + 1 day", "after 9999"},
                                                       {"2026-11-29 + 9000 years", "after 9999"},
                                                       {"0000-01-01 - 1 h", "before the year 0"},
                                                       {"weekday(2026-11-29) + 1", "the end"},
                                                       {"weekday(3)", "of a date"},
                                                       {"1 + weekday(2026-11-29)", "stands alone"},
                                                       {"round(2/3, 51)", "from 0 to 50"},
                                                       {"round(2/3, 1/2)", "from 0 to 50"}};
  for (const auto& [text, words] : cases) {
    try {
      ADD_FAILURE() << text << " = " << is(text);
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(words)) << text;
    }
  }
  EXPECT_THROW(is(std::string(3000, '1')), Error);
  EXPECT_THROW(is(std::string(300, '(') + "1"), Error);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "weekday(";
  EXPECT_THROW(is(deep + ")"), Error);
}

}  // namespace
}  // namespace hanok::chain

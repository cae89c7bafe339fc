#include "chain/answer/calendar.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

constexpr Calendar bits(std::initializer_list<int> those) {
  Calendar out = 0;
  for (const int bit : those) out |= Calendar{1} << bit;
  return out;
}
constexpr Calendar kTuesdayToFriday = bits({1, 2, 3, 4});
constexpr int kMarch = 9, kMay = 11, kOctober = 16;

TEST(Calendar, DaysAndMonths) {
  for (const auto& [text, there] : {std::pair{"When is the library open on Saturdays?", bits({5})},
                                    {"when is it open on sunday", bits({6})},
                                    {"도서관은 토요일에 몇 시까지 하나요?", bits({5})},
                                    {"day: Saturday; hours: 9:00 to 17:00", bits({5})},
                                    {"On Saturday in March", bits({5, kMarch})},
                                    {"3월의 토요일에는", bits({5, kMarch})},
                                    {"13월, 3개월, 월세, 3,000월", bits({})},
                                    {"10월 셋째 주말", bits({5, 6, kOctober})},
                                    {"on 5 May 2000", bits({kMay})},
                                    {"2025-03-02, 2025.5.2, 2025/10/02", bits({kMarch, kMay, kOctober})},
                                    {"2025-13-02, 2025-03, 12-03-02, 192.03.02", bits({})},
                                    {"since May it has been open", bits({kMay})},
                                    {"May I bring a dog?", bits({})},
                                    {"It may march in the sun, as the monks sat.", bits({})},
                                    {"", bits({})}})
    EXPECT_EQ(calendar_in(text), there) << text;
}

TEST(Calendar, DaysThatAreMeant) {
  for (const char* text :
       {"Tuesday to Friday | 10:00 to 19:00", "Tuesday - Friday", "Tue-Fri 10:00", "Tues–Fri",
        "from Tuesday through Friday", "화요일부터 금요일까지 엽니다.", "화요일~금요일", "화~금 10시", "화 ～ 금"})
    EXPECT_EQ(calendar_in(text), kTuesdayToFriday) << text;
  EXPECT_EQ(calendar_in("Friday to Monday"), bits({4, 5, 6, 0})) << "over the week's end";
  EXPECT_EQ(calendar_in("weekdays until ten"), bits({0, 1, 2, 3, 4}));
  EXPECT_EQ(calendar_in("주말에는 쉽니다"), bits({5, 6}));
  for (const char* text : {"daily", "every day", "매일 아침"})
    EXPECT_EQ(calendar_in(text), bits({0, 1, 2, 3, 4, 5, 6})) << text;
}

TEST(Calendar, WordsThatAreNone) {
  EXPECT_EQ(calendar_in("10 to 20, 2-3, 일 년, 월 5만 원, 수-목 사이"), bits({2, 3}));
  EXPECT_EQ(calendar_in("Tuesday to"), bits({1}));
  EXPECT_EQ(calendar_in("Friday - and then"), bits({4}));
  EXPECT_EQ(calendar_in("Sat to watch"), bits({}));
}

}  // namespace
}  // namespace hanok::chain::answer

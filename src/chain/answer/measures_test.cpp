#include "chain/answer/measures.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

TEST(Measures, WhatAQuestionMeasuresIn) {
  for (const auto& [question, measure] : {std::pair{"도서관은 토요일에 몇 시까지 하나요?", Measure::Clock},
                                          {"왕복에 몇 시간 걸리나요?", Measure::Duration},
                                          {"마당의 우물은 얼마나 깊은가요?", Measure::Length},
                                          {"수리비는 얼마인가요?", Measure::Money},
                                          {"입장료가 얼마예요?", Measure::Money},
                                          {"요가 수업은 무슨 요일인가요?", Measure::Weekday},
                                          {"인구의 몇 퍼센트가 살았나?", Measure::Percent},
                                          {"생강이 얼마나 들어가나요?", Measure::None},
                                          {"몇 명이 왔나요?", Measure::None},
                                          {"환불은 며칠 안에 되나요?", Measure::Duration}})
    EXPECT_EQ(asked_measure(question, true), measure) << question;
  for (const auto& [question, measure] : {std::pair{"What time does breakfast end?", Measure::Clock},
                                          {"On which day of the week are books mended?", Measure::Weekday},
                                          {"How much does a second-hand book cost?", Measure::Money},
                                          {"How much does the bell weigh?", Measure::Weight},
                                          {"How long did the siege last?", Measure::Duration},
                                          {"How long is the bridge?", Measure::None},
                                          {"How deep is the well?", Measure::Length},
                                          {"What percentage voted?", Measure::Percent},
                                          {"When is the library open?", Measure::None},
                                          {"How many volunteers are there?", Measure::None}})
    EXPECT_EQ(asked_measure(question, false), measure) << question;
}

TEST(Measures, WhatATextHolds) {
  const auto holds = [](Measure m, std::initializer_list<const char*> those,
                        std::initializer_list<const char*> others) {
    for (const char* text : those) EXPECT_TRUE(holds_measure(text, m)) << text;
    for (const char* text : others) EXPECT_FALSE(holds_measure(text, m)) << text;
  };
  holds(Measure::Clock,
        {"day: Saturday; hours: 9:00 to 17:00", "오전 열 시에 엽니다.", "9시까지", "from 10 a.m.", "8pm", "at noon"},
        {"열 시간 걸린다", "It holds 18,700 today.", "5 May 2000", "12월 10일", "ratio 3:1",
         "the team of 12 am"
         "ong them"});
  holds(Measure::Money,
        {"2,000 won", "fee (won): 45000", "한 권에 천 원", "입장은 무료입니다", "$5", "3.5 million dollars"},
        {"봉사자 다섯 명", "He won the prize.", "three weeks"});
  holds(Measure::Length, {"seven metres deep", "깊이는 7미터", "42 centimetres tall", "5km를", "12 square miles"},
        {"도서관 마당은 봉사자 다섯 명이 돌봅니다.", "3 months", "5 million"});
  holds(Measure::Weight, {"60 grams of ginger", "2kg", "고기 한 근", "1.5리터"}, {"3 guests", "12 games"});
  holds(Measure::Duration, {"within seven days", "20분마다", "두 시간 안에", "a 3-hour walk", "three weeks"},
        {"at 9:00", "구매한 사람 두 명"});
  holds(Measure::Percent, {"문학 | 30%", "about 12 percent", "40 퍼센트"}, {"30 books"});
  holds(Measure::Weekday, {"매주 수요일 오후", "Tuesday to Friday", "on weekends"}, {"3월 7일", "every month"});
}

}  // namespace
}  // namespace hanok::chain::answer

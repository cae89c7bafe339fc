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

TEST(Units, AListsMarkIsNoPartOfTheSentence) {
  const std::string_view text =
      "- Moss grows in March.\n• Tea is served.\n1. Open the gate.\n(2) Feed the cat.\n3. 5 litres are left.";
  std::vector<std::string> found;
  for (const Unit& u : units_of(text)) found.push_back(at(text, u));
  EXPECT_EQ(found, (std::vector<std::string>{"Moss grows in March.", "Tea is served.", "Open the gate.",
                                             "Feed the cat.", "3. 5 litres are left."}));
}

TEST(Units, ASentenceGoesOnFromTheOneBeforeItOnTheLine) {
  const std::string_view text =
      "대전 지점입니다. 지점장은 윤서진입니다.\n광주 지점입니다. 지점장은 백도현입니다.\nHe was born in 1950.";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 5u);
  EXPECT_FALSE(units[0].lead);
  EXPECT_EQ(units[1].lead, std::optional<size_t>(0));
  EXPECT_FALSE(units[2].lead) << "another line, another branch";
  EXPECT_EQ(units[3].lead, std::optional<size_t>(2));
  EXPECT_TRUE(units[4].leans);
  EXPECT_EQ(units[4].lead, std::optional<size_t>(3)) << "who He is stands in the line before";
}

TEST(Units, AShortLineIsAboutWhatItsFirstWordsName) {
  const std::string text =
      "대전 지점 전화번호는 042-555-0134입니다. 주소는 중앙로 3입니다. 지점장은 윤서진입니다.\n"
      "The garden closes at sunset. It is large.\nNobody knows.";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 6u);
  EXPECT_FALSE(units[0].line);
  EXPECT_EQ(units[1].line, std::optional<size_t>(0));
  EXPECT_EQ(units[2].line, std::optional<size_t>(0));
  EXPECT_FALSE(units[3].line) << "another line";
  EXPECT_EQ(units[4].line, std::optional<size_t>(3));
  EXPECT_FALSE(units[5].line);
  std::string prose;
  for (int i = 0; i < 6; ++i) prose += "A paragraph of prose has many sentences. ";
  for (const Unit& u : units_of(prose)) EXPECT_FALSE(u.line);
}

TEST(Units, YearsNameColumns) {
  EXPECT_TRUE(names_columns("item | 2023 | 2024"));
  EXPECT_TRUE(names_columns("항목 | 2023년"));
  EXPECT_FALSE(names_columns("Moon | 5 | 140,000 won"));
  EXPECT_FALSE(names_columns("2023 | 2024"));
}

TEST(Units, NumbersInOtherWordsThanThoseUnderThemNameColumns) {
  const auto names = [](std::string_view row, std::vector<std::string_view> below) {
    return names_columns(row, below);
  };
  EXPECT_TRUE(names("항목 | 101동 | 102동", {"난방비 | 71,000 | 68,500", "청소비 | 8,400 | 8,100"}));
  EXPECT_TRUE(names("자전거 | 1시간 | 하루", {"일반 | 3,000원 | 15,000원", "전기 | 7,000원 | 32,000원"}));
  EXPECT_TRUE(names("구역 | 바닥 | 1박 요금", {"가 | 잔디 | 35,000원"}));
  EXPECT_TRUE(names("Feature | K-100 | K-200", {"Range | 40 m | 85 m", "Battery | 11 days | 19 days"}) == false)
      << "metres and days are not alike among themselves";
  EXPECT_FALSE(names("Rent | 900 won", {"Power | 55 won", "Water | 31 won"})) << "alike: all three are values";
  EXPECT_FALSE(names("Bolt | 12 | 350", {"Nut | 40 | 90"}));
  EXPECT_FALSE(names("Seoul | 160,000 won | lead", {"Tokyo | 21,000 yen | director", "Paris | 150 euros | director"}));
  EXPECT_FALSE(names("Lamp | 3 rooms", {"Desk | none", "Chair | none"}));
  const std::string text = "구역 | 바닥 | 1박 요금\n가 구역 | 잔디 | 35,000원\n나 구역 | 데크 | 42,000원\n";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 3u);
  EXPECT_TRUE(units[0].heading);
  EXPECT_EQ(units[2].context, std::vector<size_t>{0});
}

TEST(Units, AStatementAboveNamedValuesIsNoHeading) {
  const auto units = units_of("Project kickoff\n\nLaunch on 12 October 2025\nBudget: 480,000 euros\nLead: Marta\n");
  ASSERT_EQ(units.size(), 4u);
  EXPECT_TRUE(units[0].heading);
  EXPECT_FALSE(units[1].heading);
  EXPECT_EQ(units[1].context, std::vector<size_t>{0});
  EXPECT_TRUE(units_of("5월 회의 정보\n일시: 5월 3일\n장소: 회의실\n")[0].heading);
  EXPECT_TRUE(units_of("회의록\n\n회의 정보\n일시: 5월 3일\n장소: 회의실\n")[1].heading);
}

TEST(Units, ANumberedLineAboveASentenceIsAHeading) {
  const std::string text =
      "1. 자료의 이용\n자료는 안에서만 봅니다. 책상에서는 물을 마시지 않습니다.\n\n2. 연체와 분실\n반납이 늦으면 대출이 정지됩니다.\n";
  const auto units = units_of(text);
  ASSERT_EQ(units.size(), 5u);
  EXPECT_TRUE(units[0].heading && units[3].heading);
  EXPECT_FALSE(units[1].heading || units[2].heading || units[4].heading);
  EXPECT_EQ(text.substr(units[3].span.start, units[3].span.end - units[3].span.start), "연체와 분실");
  ASSERT_FALSE(units[4].context.empty());
  EXPECT_EQ(units[4].context[0], 3u);
  for (const auto& u : units_of("You need:\n\n1. two apples\n2. a knife\n3. a bowl\n\nPeel the apples.\n"))
    EXPECT_FALSE(u.heading) << "items of a list";
}

TEST(Units, PlainSentencesHaveNoHeadings) {
  for (const Unit& u : units_of("One is here. Two is there.\nThree is nowhere."))
    EXPECT_TRUE(!u.heading && u.context.empty());
  EXPECT_TRUE(units_of(" \n ").empty());
}

}  // namespace
}  // namespace hanok::chain::answer

#include "chain/answer/fillers.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

Fillers of(std::string_view question, std::string_view sentence, std::string_view more = "") {
  const auto equal = [](std::string_view) { return 1.0; };
  return fillers(read_question(question, equal), sentence, std::string(sentence) + "\n" + std::string(more));
}

TEST(Fillers, AnotherNameInItsPlace) {
  const char* sentence = "In 1855 the German architect Gottfried Semper drew a design for the museum.";
  const Fillers other = of("Which Brightwater architect drew a design for the museum?", sentence);
  EXPECT_EQ(other[kFillerBefore], 1);
  EXPECT_EQ(other[kFillerBeforeInSentence], 1);
  EXPECT_EQ(other[kFillerName], 1);
  EXPECT_EQ(other[kFillerAfter], 0);
  EXPECT_EQ(of("Which German architect drew a design for the museum?", sentence), Fillers{});
  const Fillers elsewhere = of("Which Brightwater architect drew a design?", "A design was drawn.", sentence);
  EXPECT_EQ(elsewhere[kFillerBefore], 1);
  EXPECT_EQ(elsewhere[kFillerBeforeInSentence], 0);
}

TEST(Fillers, AWordThatIsMissingWithoutAnotherInItsPlace) {
  EXPECT_EQ(of("Which Brightwater architect drew a design?", "The architect drew a design."), Fillers{});
  EXPECT_EQ(of("Which Brightwater architect drew a design?", "Old, architect drew a design."), Fillers{})
      << "what stands behind a comma is not in its place";
}

TEST(Fillers, InKoreanInTheSameCase) {
  const char* sentence = "청일전쟁에 패배한 후, 청나라 정부 내부에서는 변법운동이 전개되었다.";
  const Fillers other = of("청일전쟁에서 패배한 후, 도쿄 정부 내부에서 전개된 운동은?", sentence);
  EXPECT_EQ(other[kFillerBefore], 1);
  EXPECT_EQ(other[kFillerBeforeInSentence], 1);
  const Fillers same = of("청일전쟁에서 패배한 후, 청나라 정부 내부에서 전개된 운동은?", sentence);
  EXPECT_EQ(same[kFillerBefore], 0);
  EXPECT_EQ(same[kFillerBeforeInSentence], 0);
}

TEST(Fillers, AnotherYear) {
  const char* sentence = "In 1785 he presented a paper about the Earth.";
  EXPECT_EQ(of("In 1782 he presented what paper?", sentence)[kFillerNumber], 1);
  EXPECT_EQ(of("In 1785 he presented what paper?", sentence)[kFillerNumber], 0);
  EXPECT_EQ(of("In 1782 he presented what paper?", "He presented a paper.")[kFillerNumber], .3) << "none is there";
  EXPECT_EQ(of("When did the heir of 1782 present a paper?", sentence)[kFillerNumber], .3) << "it may be the answer";
  EXPECT_EQ(of("In 1,785 cases he presented what paper?", sentence)[kFillerNumber], 0) << "commas are none";
}

/// With a collection that holds no word but these.
bool another(std::string_view question, std::string_view sentence, std::string_view known = "",
             std::string_view more = "") {
  const auto weight = [&](std::string_view text) {  // as the store's, the sum of the terms'
    double sum = 0;
    for (const text::Term& term : text::analyze(text)) {
      const std::string_view word = text.substr(term.span.start, term.span.end - term.span.start);
      sum += known.find(word) == std::string_view::npos ? 8 : 1;
    }
    return sum;
  };
  return another_in_its_place(read_question(question, weight), sentence,
                              std::string(sentence) + "\n" + std::string(more));
}

TEST(AnotherInItsPlace, ADayAMonthACodeALabel) {
  const char* row = "station: Stone Bridge; date: 2025-04-02; nitrate mg/l: 3.2";
  EXPECT_TRUE(another("What was the nitrate at Stone Bridge in June 2025?", row));
  EXPECT_FALSE(another("What was the nitrate at Stone Bridge in April 2025?", row));
  EXPECT_FALSE(another("When does the June report come out?", "The June report comes out in July."));
  EXPECT_FALSE(another("When is the report about June out?", "The report is out in July.")) << "the answer is a month";
  EXPECT_TRUE(another("How long does the battery of the K-400 last?", "Sensor: K-200; Battery life: 19 days"));
  EXPECT_FALSE(another("How long does the battery of the K-200 last?", "Sensor: K-200; Battery life: 19 days"));
  EXPECT_TRUE(another("104동 난방비는 얼마인가요?", "항목: 난방비; 101동: 71,000; 102동: 68,500"));
  EXPECT_FALSE(another("102동 난방비는 얼마인가요?", "항목: 난방비; 101동: 71,000; 102동: 68,500"));
  EXPECT_TRUE(another("라 구역 1박 요금은 얼마인가요?", "구역: 다 구역; 1박 요금: 27,000원"));
  EXPECT_FALSE(another("다 구역 1박 요금은 얼마인가요?", "구역: 다 구역; 1박 요금: 27,000원"));
  EXPECT_TRUE(another("Who cleans building D?", "Max cleans building C."));
  EXPECT_FALSE(another("Who cleans building C?", "Max cleans building C."));
}

TEST(AnotherInItsPlace, AWordThatIsNowhere) {
  const char* planted = "The committee decided to plant twelve apple trees along the wall.";
  EXPECT_TRUE(another("How many pear trees will be planted?", planted, "trees planted"));
  EXPECT_FALSE(another("How many apple trees will be planted?", planted, "apple trees planted"));
  EXPECT_TRUE(
      another("Who is the warden of the fourth floor?", "The warden of the third floor is Oskar.", "warden floor"));
  EXPECT_FALSE(another("Who is the warden of the fourth floor?", "The warden of the third floor is Oskar.",
                       "warden floor fourth"))
      << "elsewhere in the collection";
  EXPECT_TRUE(another("아버지 혈압약은 몇 시에 먹나요?", "어머니 혈압약은 아침 7시 반에 한 알.", "혈압약은"));
  EXPECT_FALSE(another("어머니 혈압약은 몇 시에 먹나요?", "어머니 혈압약은 아침 7시 반에 한 알.", "혈압약은"));
  EXPECT_FALSE(another("Which UMC board met?", "The Church board met.", "board met")) << "its letters may stand for it";
  EXPECT_FALSE(
      another("When did the UMC's General Board meet?", "The Church's General Board met.", "General Board meet"));
  EXPECT_FALSE(another("Did the cynaobacterium cell enter?", "The cyanobacterium cell entered.", "cell")) << "misspelt";
  EXPECT_FALSE(another("What does the UserDatagram Protocol do?", "The Datagram Protocol is old.", "Protocol"));
}

TEST(AnotherInItsPlace, AnAmountOfSomethingThatIsNowhere) {
  const char* cake = "Take 350 g of flour, 4 eggs and 1.2 kg of plums.";
  EXPECT_TRUE(another("How much sugar goes into the plum cake?", cake, "plum cake"));
  EXPECT_FALSE(another("How much flour goes into the plum cake?", cake, "flour plum cake"));
  EXPECT_FALSE(another("How much cash did he get?", "He got 300 euros.", "he get"));
  EXPECT_TRUE(another("누리테크 매출은 얼마인가요?", "직원은 모두 312명이다.", "누리테크"));
  EXPECT_FALSE(another("입장료는 얼마인가요?", "들어가려면 3,000원을 냅니다.", ""));
  EXPECT_FALSE(another("깊이는 얼마인가요?", "우물은 7미터를 내려갑니다.", "")) << "says only in what it is measured";
}

TEST(Fillers, NothingOfNothing) {
  EXPECT_FALSE(another("", ""));
  EXPECT_FALSE(another("?!", "Some text."));
  EXPECT_EQ(of("", ""), Fillers{});
  EXPECT_EQ(of("?!", "Some text."), Fillers{});
}

}  // namespace
}  // namespace hanok::chain::answer

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

TEST(Fillers, NothingOfNothing) {
  EXPECT_EQ(of("", ""), Fillers{});
  EXPECT_EQ(of("?!", "Some text."), Fillers{});
}

}  // namespace
}  // namespace hanok::chain::answer

#include "chain/search/exact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Exact, QuotesOfEveryScript) {
  for (const char* query : {"\"out of memory\"", "“out of memory”", "「out of memory」", "『out of memory』",
                            "«out of memory»", "error \"out of memory\" on start"})
    EXPECT_THAT(read_exact(query).phrases, ElementsAre("out of memory")) << query;
  EXPECT_THAT(read_exact("\"a b\" and \"c\"").phrases, ElementsAre("a b", "c"));
  for (const char* query : {"5\" and 7\" pipes", "the \"end", "\"\"", "it's not 'so'"})
    EXPECT_THAT(read_exact(query).phrases, IsEmpty()) << query;
}

TEST(Exact, CodesOfShortQueries) {
  const std::pair<const char*, const char*> codes[] = {{"HF_ENDPOINT", "HF_ENDPOINT"},
                                                       {"AX77B 가격", "AX77B"},
                                                       {"ERR4012 뜻이 뭐야?", "ERR4012"},
                                                       {"what is AX-77B?", "AX-77B"},
                                                       {"call 010-5555-0199", "010-5555-0199"},
                                                       {"01055550199", "01055550199"},
                                                       {"config.yaml", "config.yaml"},
                                                       {"std::vector", "std::vector"},
                                                       {"§ 12", "§12"},
                                                       {"--no-embed", "--no-embed"},
                                                       {"C++ compiler", "C++"},
                                                       {"getUserName", "getUserName"}};
  for (const auto& [query, code] : codes) EXPECT_THAT(read_exact(query).codes, ElementsAre(code)) << query;
  for (const char* query :
       {"opening hours", "well-known bakery", "budget 2024", "the 1990s", "20th century", "3 rooms", "and/or",
        "what does the code ERR4012 mean here", "5km run", "e.g. bread", "U.S. president"})
    EXPECT_THAT(read_exact(query).codes, IsEmpty()) << query;
  EXPECT_EQ(read_exact("kill -9").whole, "kill -9");
  EXPECT_THAT(read_exact("kill -9").codes, IsEmpty()) << "-9 alone is in many places";
  EXPECT_EQ(read_exact("opening hours").whole, "");
  EXPECT_EQ(read_exact("AX77B 가격").whole, "");
}

TEST(ExactText, PhrasesStandByThemselves) {
  const ExactText text(
      "Then  the\nprocess ran Out of Memory. Use kill -9 or HF_ENDPOINT; see § 12 and “No way”, out-of-range.");
  for (const char* phrase :
       {"out of memory", "kill -9", "HF_ENDPOINT", "§ 12", "§12", "process ran", "-9", "no way", "out of range"})
    EXPECT_TRUE(text.holds(phrase)) << phrase;
  for (const char* phrase : {"out of mem", "kill -99", "§ 1", "ill -9", "memory out of"})
    EXPECT_FALSE(text.holds(phrase)) << phrase;
  EXPECT_FALSE(ExactText("kill -90").holds("kill -9"));
  EXPECT_FALSE(ExactText("§ 12.5").holds("§ 12"));
  EXPECT_FALSE(ExactText("head-9").holds("-9"));
  EXPECT_TRUE(ExactText("회의록에서 정했다").holds("회의록")) << "Korean words carry their endings";
  EXPECT_TRUE(ExactText("HF_ENDPOINT를 쓴다").holds("HF_ENDPOINT"));
  EXPECT_TRUE(ExactText("ＡＢＣ １２").holds("abc 12")) << "wide letters";
}

TEST(ExactText, CodesHoweverTheyAreSeparated) {
  for (const char* text : {"AX77B", "the AX-77B pump", "AX 77B", "(AX_77B)", "ax–77b"})
    EXPECT_TRUE(ExactText(text).holds_code("AX-77B")) << text;
  for (const char* text : {"AX-77BC", "BAX77B", "AX and then 77B", "AX-77"})
    EXPECT_FALSE(ExactText(text).holds_code("AX77B")) << text;
  for (const char* text : {"010-5555-0199", "010 5555 0199", "(010) 5555-0199", "01055550199"})
    EXPECT_TRUE(ExactText(text).holds_code("010-5555-0199")) << text;
  EXPECT_TRUE(ExactText("costs 12,500 won").holds_code("12500"));
}

TEST(Exactness, MoreGoesFirst) {
  const auto kill = read_exact("kill -9");
  EXPECT_GT(exactness(kill, ExactText("use kill -9 here")), exactness(kill, ExactText("kill it with signal 9")));
  const auto part = read_exact("AX77B 가격");
  EXPECT_GT(exactness(part, ExactText("AX77B")), exactness(part, ExactText("AX-77B")));
  EXPECT_GT(exactness(part, ExactText("AX-77B")), exactness(part, ExactText("BX-10")));
}

}  // namespace
}  // namespace hanok::chain

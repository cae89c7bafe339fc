#include <gtest/gtest.h>

#include "base/clock.h"
#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

TEST(Nfc, ComposesJamoAndAccents) {
  EXPECT_EQ(nfc("\u1112\u1161\u11AB\u110B\u1169\u11A8"), "한옥");
  EXPECT_EQ(nfc("cafe\u0301"), "café");
  EXPECT_EQ(nfc("\u30AB\u3099"), "ガ");
}

TEST(Nfc, LeavesComposedTextAndCompatibilityFormsAlone) {
  const std::string text = "한옥 hanok １２３ ㎏ ﬁ";
  EXPECT_EQ(nfc(text), text);
  EXPECT_EQ(nfc(""), "");
}

TEST(Nfc, BadBytesBecomeReplacementSigns) {
  EXPECT_EQ(nfc("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(nfc("\xEA\xB0"), "\uFFFD\uFFFD");
  EXPECT_EQ(nfc("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(nfc("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong "/"
}

// Marks above and below in turn must be sorted: quadratic sorting takes minutes for these.
TEST(Nfc, LinearInMarks) {
  std::string marks = "a";
  for (int i = 0; i < 200'000; ++i) marks += i % 2 == 0 ? "\u0315" : "\u0316";
  const base::Stopwatch clock;
  const std::string sorted = nfc(marks);
  EXPECT_EQ(sorted.size(), marks.size());
  EXPECT_EQ(sorted.find("\u0315"), 1 + marks.size() / 2) << "U+0316 (class 220) before U+0315 (class 232)";
  EXPECT_EQ(nfkc_casefold(marks), sorted);
  EXPECT_LT(clock.seconds(), 20);
}

TEST(NfkcCasefold, FoldsWidthCaseAndCompatibility) {
  EXPECT_EQ(nfkc_casefold("ＨＡＮＯＫ １２３"), "hanok 123");
  EXPECT_EQ(nfkc_casefold("Straße ﬁne"), "strasse fine");
  EXPECT_EQ(nfkc_casefold("ㅎㅏㄴ"), nfkc_casefold("\u1112\u1161\u1102"));
}

TEST(HangulShare, CountsLettersOnly) {
  EXPECT_DOUBLE_EQ(hangul_share("한옥 123!"), 1.0);
  EXPECT_DOUBLE_EQ(hangul_share("한옥 ab"), 0.5);
  EXPECT_DOUBLE_EQ(hangul_share("12 -"), 0.0);
  EXPECT_DOUBLE_EQ(hangul_share(""), 0.0);
}

TEST(Utf8, EveryCodePointGoesThereAndBack) {
  for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 37) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string bytes;
    append_utf8(bytes, c);
    size_t i = 0;
    ASSERT_EQ(next_code_point(bytes, i), c);
    ASSERT_EQ(i, bytes.size());
  }
}

TEST(CountTokens, FollowsTheRuleOfTheDoor) {
  EXPECT_EQ(count_tokens(""), 0u);
  EXPECT_EQ(count_tokens("cat"), 1u);
  EXPECT_EQ(count_tokens("library"), 2u);  // 7 letters
  EXPECT_EQ(count_tokens("a b, c."), 5u);
  EXPECT_EQ(count_tokens("도서관은 9시"), 6u);  // 4 + 1 + 1
  EXPECT_EQ(count_tokens("図書館 カフェ"), 6u);
  EXPECT_EQ(count_tokens(" \n\t"), 0u);
  EXPECT_EQ(count_tokens("\xFF\xFE"), 2u);
}

}  // namespace
}  // namespace hanok::text

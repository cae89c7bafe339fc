#include <gtest/gtest.h>

#include "hanok/text.h"

namespace hanok::text {
namespace {

TEST(Script, IsThatOfMostLetters) {
  EXPECT_EQ(script_of("The library opens at nine."), Script::Latin);
  EXPECT_EQ(script_of("Größe, café, Ελλάς"), Script::Latin);
  EXPECT_EQ(script_of("Библиотека открыта"), Script::Cyrillic);
  EXPECT_EQ(script_of("η βιβλιοθήκη"), Script::Greek);
  EXPECT_EQ(script_of("المكتبة مفتوحة"), Script::Arabic);
  EXPECT_EQ(script_of("הספרייה פתוחה"), Script::Hebrew);
  EXPECT_EQ(script_of("पुस्तकालय खुला है"), Script::Devanagari);
  EXPECT_EQ(script_of("ห้องสมุดเปิด"), Script::Thai);
  EXPECT_EQ(script_of("图书馆九点开门"), Script::Han);
}

TEST(Script, KoreanAndJapaneseAreKnownByAFifthOfTheirOwn) {
  EXPECT_EQ(script_of("도서관은 아홉 시에 엽니다"), Script::Hangul);
  EXPECT_EQ(script_of("NASA와 IPCC가 만든 보고서"), Script::Hangul);  // 9 Latin, 7 Hangul
  EXPECT_EQ(script_of("abcdefgh 가나"), Script::Hangul);              // 2 of 10
  EXPECT_EQ(script_of("abcdefghi 가나"), Script::Latin);              // 2 of 11
  EXPECT_EQ(script_of("The word 한옥 means a Korean house"), Script::Latin);
  EXPECT_EQ(script_of("図書館は九時に開館します"), Script::Kana);  // 5 of 12
  EXPECT_EQ(script_of("大韓民國 憲法은"), Script::Han);            // 1 of 7 is Hangul
}

TEST(Script, WithoutLettersItIsOther) {
  EXPECT_EQ(script_of(""), Script::Other);
  EXPECT_EQ(script_of("1,900 | 2,000 — 35%"), Script::Other);
  EXPECT_EQ(script_of("\xff\xfe 12"), Script::Other);
  EXPECT_EQ(script_of("ქართული"), Script::Other);  // Georgian is not among those named
  for (size_t i = 0; i < kScripts; ++i) EXPECT_FALSE(script_name(static_cast<Script>(i)).empty());
  EXPECT_EQ(script_name(Script::Hangul), "hangul");
}

}  // namespace
}  // namespace hanok::text

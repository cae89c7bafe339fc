#include "text/charset.h"

#include <gtest/gtest.h>

namespace hanok::text {
namespace {

using namespace std::string_literals;

void expect(const std::string& bytes, const std::string& charset, const std::string& text) {
  const auto decoded = to_utf8(bytes);
  ASSERT_TRUE(decoded) << text;
  EXPECT_EQ(decoded->charset, charset) << text;
  EXPECT_EQ(decoded->text, text);
}

TEST(Charset, ByteOrderMarks) {
  expect("\xEF\xBB\xBFhi", "UTF-8", "hi");
  expect("\xFF\xFEh\0i\0"s, "UTF-16LE", "hi");
  expect("\xFE\xFF\0h\0i"s, "UTF-16BE", "hi");
  expect("\xFF\xFE\0\0h\0\0\0"s, "UTF-32LE", "h");
}

TEST(Charset, StrictUtf8AndPlainAscii) {
  expect("", "UTF-8", "");
  expect("plain", "UTF-8", "plain");
  expect("한옥 서점", "UTF-8", "한옥 서점");
  expect("a\0b"s, "UTF-8", "a\0b"s);  // a stray NUL is no UTF-16
}

TEST(Charset, Utf8WithFewBrokenBytesStaysUtf8) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "책";
  expect(text + "\xEA\xB0", "UTF-8", text + "\uFFFD\uFFFD");  // cut in the middle of a syllable
}

TEST(Charset, Utf16WithoutMark) {
  expect("h\0e\0l\0l\0o\0\n\0"s, "UTF-16LE", "hello\n");
  const std::string korean = "안녕 하세요\n반갑습니다";
  expect("\x48\xC5\x55\xB1\x20\x00\x58\xD5\x38\xC1\x94\xC6\x0A\x00\x18\xBC\x11\xAC\xB5\xC2\xC8\xB2\xE4\xB2"s,
         "UTF-16LE", korean);
  expect("\xC5\x48\xB1\x55\x00\x20\xD5\x58\xC1\x38\xC6\x94\x00\x0A\xBC\x18\xAC\x11\xC2\xB5\xB2\xC8\xB2\xE4"s,
         "UTF-16BE", korean);
}

TEST(Charset, Cp949WhereUchardetFails) {
  expect("\xBC\xAD\xBF\xEF", "CP949", "서울");
  expect("\x8C\x63\x20\xBC\x84\x20\x94\xEE", "CP949", "똠 펲 뷁");
  expect("2024, \xBC\xAD\xBF\xEF (Seoul)", "CP949", "2024, 서울 (Seoul)");
  expect("\xBC\xAD\xBF\xEF\xBC", "CP949", "서울\uFFFD");  // cut in the middle of a syllable
}

TEST(Charset, OtherLegacyCharsetsAreNotTakenForKorean) {
  const auto chinese = to_utf8(
      "\xCD\xBC\xCA\xE9\xB9\xDD\xBE\xC5\xB5\xE3\xBF\xAA\xC3\xC5\xA3\xAC\xD0\xC7\xC6\xDA\xD2\xBB\xD0\xDD\xCF\xA2\xA1\xA3"
      "\xBD\xE8\xCA\xE9\xD0\xE8\xD2\xAA\xD6\xA4\xBC\xFE\xA1\xA3");
  ASSERT_TRUE(chinese);
  EXPECT_EQ(chinese->text, "图书馆九点开门，星期一休息。借书需要证件。");
  const auto latin = to_utf8("a caf\xE9 in the old town, open all day");
  ASSERT_TRUE(latin);
  EXPECT_EQ(latin->text, "a café in the old town, open all day");
}

TEST(Charset, DeclaredNamesHelpWhenTheyAreTrue) {
  EXPECT_EQ(to_utf8("\xBC\xAD", "euc-kr")->text, "서");
  EXPECT_EQ(to_utf8("caf\xE9!", "iso-8859-1")->text, "café!");
  EXPECT_EQ(to_utf8("서울", "utf-16")->text, "서울");             // readable bytes are not UTF-16
  EXPECT_EQ(to_utf8("\xBC\xAD\xBF\xEF", "utf-8")->text, "서울");  // a false declaration is not followed
  EXPECT_EQ(to_utf8("서울", "no-such//TRANSLIT")->text, "서울");
}

TEST(Charset, BytesThatAreNoText) {
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 4000; ++i) noise.push_back(static_cast<char>((state = state * 1664525u + 1013904223u) >> 24));
  const auto decoded = to_utf8(noise);
  EXPECT_TRUE(!decoded || decoded->charset != "CP949");
}

}  // namespace
}  // namespace hanok::text

#include "text/width.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hanok::text {
namespace {

std::vector<std::string> graphemes(const std::string& text) {
  std::vector<std::string> out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = next_grapheme(text, i);
    out.push_back(text.substr(i, end - i));
    i = end;
  }
  // Backwards: the same cuts.
  size_t n = out.size();
  for (size_t i = text.size(); i > 0;) {
    const size_t begin = previous_grapheme(text, i);
    EXPECT_EQ(text.substr(begin, i - begin), out[--n]) << text;
    i = begin;
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Width, CharactersStayWhole) {
  EXPECT_EQ(graphemes("한a글"), (Texts{"한", "a", "글"}));
  EXPECT_EQ(graphemes("\u1112\u1161\u11ABa"), (Texts{"\u1112\u1161\u11AB", "a"}));  // a syllable of three jamo
  EXPECT_EQ(graphemes("e\u0301x"), (Texts{"e\u0301", "x"}));
  EXPECT_EQ(graphemes("👩‍👧!"), (Texts{"👩‍👧", "!"}));
  EXPECT_EQ(graphemes("🇰🇷🇰🇷"), (Texts{"🇰🇷", "🇰🇷"}));
  EXPECT_EQ(graphemes("a\n\nb"), (Texts{"a", "\n", "\n", "b"}));
  EXPECT_EQ(graphemes("\xFFz"), (Texts{"\xFF", "z"}));
}

TEST(Width, Columns) {
  EXPECT_EQ(columns(""), 0u);
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("한글"), 4u);
  EXPECT_EQ(columns("\u1112\u1161\u11AB"), 2u);
  EXPECT_EQ(columns("e\u0301"), 1u);
  EXPECT_EQ(columns("漢字とカナ"), 10u);
  EXPECT_EQ(columns("👩‍👧"), 2u);
  EXPECT_EQ(columns("❤️"), 2u);
  EXPECT_EQ(columns("é"), 1u);
}

}  // namespace
}  // namespace hanok::text

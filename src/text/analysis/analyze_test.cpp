#include <gtest/gtest.h>

#include <algorithm>

#include "base/clock.h"
#include "hanok/text.h"

namespace hanok::text {
namespace {

using Forms = std::vector<std::string>;

Forms forms(std::string_view text, bool query = false) {
  Forms result;
  for (const Term& term : analyze(text, {.query = query})) result.push_back(term.form);
  return result;
}

TEST(Analyze, EnglishWordsAreFoldedAndStemmed) {
  EXPECT_EQ(forms("The RUNNING dogs' owner's e-mail"), (Forms{"the", "run", "dog", "owner", "e", "mail"}));
  EXPECT_EQ(forms("what is the running time", true), (Forms{"run", "time"}));
  EXPECT_EQ(forms("To be, or not to be?", true).size(), 6u) << "a query of stop words alone keeps them";
}

TEST(Analyze, NumbersStayWhole) {
  EXPECT_EQ(forms("1,234.5 km in 3.14 or 2024-11-05"), (Forms{"1234.5", "km", "in", "3.14", "or", "2024", "11", "05"}));
  EXPECT_EQ(forms("１２３ ﬁne"), (Forms{"123", "fine"})) << "compatibility forms fold";
}

TEST(Analyze, BytesThatAreNotTextAreSkipped) {
  EXPECT_EQ(forms(std::string_view("a\xff"
                                   "b\0c",
                                   5)),
            (Forms{"a", "b", "c"}));
  EXPECT_TRUE(forms("").empty());
  EXPECT_TRUE(forms(" \n.,;!").empty());
}

TEST(Analyze, SpansPointIntoTheOriginalBytes) {
  for (const std::string text :
       {"Ünïcode 1,000 naïve ﬁne ＡＢＣ", "대한민국의 서울특별시에서 K-POP 3곡을", "日本語テキスト ｶﾞｷﾞ",
        "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf decomposed"}) {
    uint32_t position = 0;
    for (const Term& term : analyze(text)) {
      EXPECT_LT(term.span.start, term.span.end) << term.form;
      EXPECT_LE(term.span.end, text.size());
      EXPECT_NE(static_cast<unsigned char>(text[term.span.start]) & 0xC0, 0x80) << "starts inside a sign";
      EXPECT_EQ(term.position, position++);
    }
  }
  const auto terms = analyze("x Ünder");
  ASSERT_EQ(terms.size(), 2u);
  EXPECT_EQ(terms[1].form, "ünder");
  EXPECT_EQ(terms[1].span, (Span{2, 8}));
}

TEST(Analyze, DecomposedHangulIsTheSame) {
  EXPECT_EQ(forms("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf"), forms("한글"));
}

TEST(Analyze, KoreanPassage) {
  EXPECT_EQ(forms("학교에서는 책을"), (Forms{"학교", "책", "학교", "교에", "에서", "서는", "는책", "책을"}));
  EXPECT_EQ(forms("1989년에는"), (Forms{"1989", "년", "1989년", "년에", "에는"}))
      << "a word with digits is also kept whole";
  EXPECT_EQ(forms("LG전자의"), (Forms{"lg", "전자", "lg전자", "전자", "자의"}));
}

TEST(Analyze, KoreanQuestion) {
  EXPECT_EQ(forms("인공 지능을 연구한 사람은 누구인가?", true),
            (Forms{"인공", "지능", "인공", "공지", "지능", "연구", "연구", "사람", "사람"}));
  EXPECT_EQ(forms("사람은누구인가", true), (Forms{"사람", "사람"})) << "typed without blanks";
  EXPECT_EQ(forms("어디?", true), (Forms{"어디"})) << "a question word alone is searched";
}

TEST(Analyze, BlanksDoNotMatterToBigrams) {
  const auto spaced = forms("대한 민국 헌법"), joined = forms("대한민국헌법");
  for (const char* bigram : {"대한", "한민", "민국", "국헌", "헌법"}) {
    EXPECT_EQ(std::count(spaced.begin(), spaced.end(), bigram) > 0, true) << bigram;
    EXPECT_EQ(std::count(joined.begin(), joined.end(), bigram) > 0, true) << bigram;
  }
}

TEST(Analyze, ChineseAndJapanese) {
  EXPECT_EQ(forms("東京都", true), (Forms{"東京", "京都"}));
  EXPECT_EQ(forms("水", true), (Forms{"水"}));
  EXPECT_EQ(forms("東京"), (Forms{"東", "京", "東京"}));
  EXPECT_EQ(forms("ｶﾞｷ", true), forms("ガキ", true)) << "half-width kana with their voicing mark";
}

TEST(Analyze, LinearInMarks) {
  std::string marks = "e";
  for (int i = 0; i < 200'000; ++i) marks += i % 2 == 0 ? "\u0315" : "\u0316";
  const base::Stopwatch clock;
  EXPECT_EQ(forms(marks + " end").back(), "end");
  EXPECT_LT(clock.seconds(), 20);
}

TEST(Analyze, LongWordsAreCut) { EXPECT_EQ(forms(std::string(5000, 'x')), Forms{std::string(64, 'x')}); }

}  // namespace
}  // namespace hanok::text

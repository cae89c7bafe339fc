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
  EXPECT_EQ(forms("The RUNNING dogs' owner's e-mail"), (Forms{"the", "run", "dog", "owner", "e", "mail", "email"}));
  EXPECT_EQ(forms("what is the running time", true), (Forms{"run", "time"}));
  EXPECT_EQ(forms("To be, or not to be?", true).size(), 6u) << "a query of stop words alone keeps them";
}

TEST(Analyze, NumbersStayWhole) {
  EXPECT_EQ(forms("1,234.5 km in 3.14 or 2024-11-05"),
            (Forms{"1234.5", "km", "in", "3.14", "or", "2024", "11", "05", "202411", "1105", "20241105"}));
  EXPECT_EQ(forms("１２３ ﬁne"), (Forms{"123", "fine"})) << "compatibility forms fold";
}

Forms joined(std::string_view text, AnalyzeOptions options = {}) {
  Forms result;
  for (const Term& term : analyze(text, options))
    if (term.joined) result.push_back(term.form);
  return result;
}

TEST(Analyze, CodesAreAlsoOneWord) {
  EXPECT_EQ(joined("pump AX-77B."), (Forms{"ax77b"}));
  EXPECT_EQ(joined("AX 77B costs"), (Forms{"ax77b"}));
  EXPECT_EQ(joined("use HF_ENDPOINT, Wi-Fi and e-mails"), (Forms{"hfendpoint", "wifi", "email"}));
  EXPECT_EQ(joined("ERR–4012"), (Forms{"err4012"})) << "any dash";
  EXPECT_EQ(joined("in 77 days to 3 ports, the 1990 plan"), Forms{}) << "words and numbers beside each other";
  EXPECT_EQ(joined("end\n77 begin. Next"), Forms{}) << "not across lines or sentences";
  const auto term = analyze("x AX-77B").back();
  EXPECT_TRUE(term.joined);
  EXPECT_EQ(term.span, (Span{2, 8}));
}

TEST(Analyze, NumbersInGroupsAreAlsoOneNumber) {
  for (const char* text : {"010 5555 0199", "(010) 5555-0199", "010-5555 0199"}) {
    const auto found = joined(text);
    EXPECT_EQ(std::count(found.begin(), found.end(), "01055550199"), 1) << text;
  }
  const auto tight = joined("010-5555-0199");
  EXPECT_EQ(std::count(tight.begin(), tight.end(), "01055550199"), 1);
  EXPECT_EQ(joined("12 345"), Forms{}) << "two numbers";
  EXPECT_EQ(joined("12 345 678 901 234 567 890 123"), Forms{}) << "a table's row";
}

TEST(Analyze, QueriesAreJoinedWherePeopleTypeLoosely) {
  EXPECT_EQ(joined("ax 77b", {.query = true}), (Forms{"ax77b"}));
  EXPECT_EQ(joined("wi fi password", {.query = true}).front(), "wifi");
  EXPECT_EQ(joined("price of bread", {.query = true}), Forms{});
  EXPECT_EQ(joined("ax 77b wi fi"), Forms{}) << "not in passages";
}

TEST(Analyze, APhraseGivesWhatEveryTextThatHoldsItGives) {
  for (const auto& [phrase, text] : {std::pair<std::string, std::string>{"out of memory", "ran out of memory today"},
                                     {"회의록", "지난 회의록에서 정한"},
                                     {"AX-77B", "the AX-77B pump"},
                                     {"의 결과", "회의 결과를"},
                                     {"kill -9", "use kill -9 once"},
                                     {"東京", "東京都に"}}) {
    const auto there = forms(text);
    for (const auto& term : analyze(phrase, {.phrase = true}))
      EXPECT_EQ(std::count(there.begin(), there.end(), term.form) > 0, true) << phrase << ": " << term.form;
  }
  EXPECT_EQ(analyze("out of memory", {.phrase = true}).size(), 3u) << "function words too";
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
       {"Ünïcode 1,000 naïve ﬁne ＡＢＣ", "대한민국의 서울특별시에서 K-POP 3곡을 010 5555 0199", "日本語テキスト ｶﾞｷﾞ",
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

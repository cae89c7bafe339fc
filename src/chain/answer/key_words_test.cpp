#include "chain/answer/key_words.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hanok::chain::answer {
namespace {

double equal(std::string_view) { return 1; }

WordKind kind(const Question& q, std::string_view word) {
  const auto words = key_words(q);
  const auto at = std::find_if(words.begin(), words.end(), [&](const KeyWord& w) { return w.text == word; });
  EXPECT_NE(at, words.end()) << word;
  return at == words.end() ? WordKind::Other : at->kind;
}

TEST(KeyWords, SayWhatAWordIsToAReader) {
  const Question english = read_question("What type of fee did the Busan branch raise in 1998?", equal);
  EXPECT_EQ(kind(english, "1998"), WordKind::Number);
  EXPECT_EQ(kind(english, "Busan"), WordKind::Name);
  EXPECT_EQ(kind(english, "fee"), WordKind::Noun);
  EXPECT_EQ(kind(english, "type"), WordKind::General);
  EXPECT_EQ(kind(english, "raise"), WordKind::Other);
  const Question korean = read_question("부산 지점에서 지난달 선정한 도서관은 어느 책을 NASA에 보냈는가?", equal);
  EXPECT_EQ(kind(korean, "부산"), WordKind::Bare);
  EXPECT_EQ(kind(korean, "지점"), WordKind::Noun);
  EXPECT_EQ(kind(korean, "선정한"), WordKind::Other);
  EXPECT_EQ(kind(korean, "도서관"), WordKind::Topic);
  EXPECT_EQ(kind(korean, "NASA"), WordKind::Name);
}

double missing_name(std::string_view question, std::string_view passage) {
  const auto f = what_is_missing(read_question(question, equal), passage, passage).features;
  EXPECT_EQ(f.size(), kMissingFeatures);
  return f[static_cast<size_t>(WordKind::Name) * 7 + 1];
}

TEST(KeyWords, AMissingNameIsMissingUnlessASimilarOneIsThere) {
  const char* question = "When did the Maastrich office open?";
  EXPECT_EQ(missing_name(question, "The office opened in 1970."), 1);
  EXPECT_LT(missing_name(question, "The Maastricht office opened in 1970."), .35);
  EXPECT_EQ(missing_name("When did the EU begin?", "The European Union began in 1993."), 0);
  EXPECT_EQ(missing_name("When did the EU begin?", "The United Europe began in 1993."), 1);
  EXPECT_EQ(missing_name("When did Anna Lund begin?", "Anna Lund began in 1993."), 0);
}

TEST(KeyWords, APersonOfAnotherFamilyIsAnother) {
  const auto noun = [](std::string_view question, std::string_view passage) {
    return what_is_missing(read_question(question, equal), passage, passage)
        .features[static_cast<size_t>(WordKind::Bare) * 7];
  };
  EXPECT_EQ(noun("박민지 팀장의 생일은 언제인가요?", "김민지 팀장의 생일은 4월 2일입니다."), 1);
  EXPECT_EQ(noun("김민지 팀장의 생일은 언제인가요?", "김민지 팀장의 생일은 4월 2일입니다."), 0);
  EXPECT_LT(noun("박민지 팀장의 생일은 언제인가요?", "김민지와 박민지가 왔다."), 1);
}

TEST(KeyWords, AnOfficeIsNotWhatItIsTheOfficeOf) {
  const auto topic = [](std::string_view question, std::string_view passage) {
    return what_is_missing(read_question(question, equal), passage, passage)
        .features[static_cast<size_t>(WordKind::Topic) * 7 + 1];
  };
  EXPECT_EQ(topic("도서관장은 누구인가요?", "도서관 마당은 봉사자 다섯 명이 돌봅니다."), 1);
  EXPECT_EQ(topic("도서관장은 누구인가요?", "도서관장은 윤서진입니다."), 0);
  EXPECT_LT(topic("도서관장은 누구인가요?", "도서관을 이끄는 관장 윤서진이 왔다."), 1);
  EXPECT_LT(topic("도서관장은 언제 왔나요?", "도서관 마당은 봉사자 다섯 명이 돌봅니다."), 1) << "nobody is asked for";
}

TEST(KeyWords, TheQuestionWithoutTheWordThatIsMissingMost) {
  const std::string passage = "The Daejeon branch has the phone number 042-555-0134. The manager is Ivy Yoon.";
  const auto without = [&](const std::string& question, const std::string& text) {
    return what_is_missing(read_question(question, equal), {}, text).most.wording;
  };
  EXPECT_EQ(without("Who is the manager of the Busan branch?", passage), "Who is the manager of the  branch?");
  EXPECT_EQ(without("Who is the manager of the Daejeon branch?", passage), "");
  EXPECT_EQ(without("부산 지점의 전화번호는 무엇인가요?", "대전 지점의 전화번호는 042-555-0134입니다."),
            " 지점의 전화번호는 무엇인가요?");
  const auto other =
      what_is_missing(read_question("박민지 팀장의 생일은 언제인가요?", equal), {}, "김민지 팀장의 생일은 4월 2일이다.")
          .most;
  EXPECT_TRUE(other.another_family);
  EXPECT_EQ(other.wording, " 팀장의 생일은 언제인가요?");
}

}  // namespace
}  // namespace hanok::chain::answer

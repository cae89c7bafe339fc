#include "chain/answer/extractive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/answer/confidence.h"
#include "chain/answer/mentions.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

double equal(std::string_view) { return 1; }

std::string best(const std::vector<Passage>& passages, const Extract& e) {
  if (e.quotes.empty()) return "";
  return passages[e.quotes[0].passage].text.substr(e.quotes[0].span.start,
                                                   e.quotes[0].span.end - e.quotes[0].span.start);
}

TEST(Question, KindsOfQuestions) {
  const auto asks = [](std::string_view q) { return read_question(q, equal).asks; };
  EXPECT_EQ(asks("How many seats does the hall have?"), Asks::Number);
  EXPECT_EQ(asks("Who founded the library?"), Asks::Person);
  EXPECT_EQ(asks("In what year did it open?"), Asks::Time);
  EXPECT_EQ(asks("Where is the key kept?"), Asks::Place);
  EXPECT_EQ(asks("Why is the sky blue?"), Asks::Other);
  EXPECT_EQ(asks("도서관은 몇 시에 닫나요?"), Asks::Time);
  EXPECT_EQ(asks("회원은 몇 명인가?"), Asks::Number);
  EXPECT_EQ(asks("누가 도서관을 세웠나요?"), Asks::Person);
  EXPECT_EQ(asks("열쇠는 어디에 있나요?"), Asks::Place);
}

TEST(Question, WeightsSumToOneAndUnknownWordsAreHeavy) {
  const Question q = read_question("zebra library", [](std::string_view t) { return t == "library" ? 2.0 : 0.0; });
  ASSERT_EQ(q.forms.size(), 2u);
  EXPECT_DOUBLE_EQ(q.weights[0], 0.5);
  EXPECT_DOUBLE_EQ(q.weights[1], 0.5);
}

TEST(Extract, EnglishSentenceAndShortAnswer) {
  const std::vector<Passage> passages = {
      {"The library was founded in 1921 by Anna Berg. It closes at 8 pm. It has 40,000 books.", "Library", 1, 0.6},
      {"The pool was built in 1970. It closes at noon.", "Pool", 0.3, 0.2}};
  const Extract e = extract(read_question("Who founded the library?", equal), passages);
  EXPECT_EQ(best(passages, e), "The library was founded in 1921 by Anna Berg.");
  EXPECT_EQ(e.short_answer, "Anna Berg");
  const Extract books = extract(read_question("How many books does the library have?", equal), passages);
  EXPECT_EQ(best(passages, books), "It has 40,000 books.");
  EXPECT_EQ(books.short_answer.substr(0, 6), "40,000");
}

TEST(Extract, KoreanSentenceAndShortAnswer) {
  const std::vector<Passage> passages = {
      {"도서관은 1921년에 안나 베르크가 세웠다. 도서관은 저녁 8시에 닫는다. 책은 4만 권이 있다.", "", 1, 0.6}};
  const Extract e = extract(read_question("도서관이 세워진 것은 언제인가?", equal), passages);
  EXPECT_EQ(best(passages, e), "도서관은 1921년에 안나 베르크가 세웠다.");
  EXPECT_EQ(e.short_answer, "1921년");
}

TEST(Extract, AHeadingIsNoAnswer) {
  const std::vector<Passage> passages = {
      {"연체와 분실\n반납이 늦으면 늦은 날수만큼 대출이 정지됩니다. 책을 잃어버린 경우에는 같은 책으로 사 옵니다.\n",
       "", 1, 0.6},
      {"열람실에서는 전화를 받지 않습니다.", "", 0.3, 0.2}};
  const Extract e = extract(read_question("연체하면 어떻게 되나요?", equal), passages);
  EXPECT_EQ(best(passages, e), "반납이 늦으면 늦은 날수만큼 대출이 정지됩니다.");
  for (const Quote& q : e.quotes) EXPECT_NE(q.span.start, 0u) << "nor is it shown beside one";
  const std::vector<Passage> english = {
      {"Late fees and lost books\n\nWhoever brings a book back after three weeks may "
       "borrow none for as long.\n",
       "", 1, 0.6}};
  EXPECT_THAT(best(english, extract(read_question("What are the late fees?", equal), english)),
              testing::StartsWith("Whoever brings"));
}

TEST(Extract, WhatIsNotThereHasLowConfidence) {
  const std::vector<Passage> passages = {
      {"The library was founded in 1921 by Anna Berg. It closes at 8 pm.", "", 0.15, 0.15}};
  const Extract there =
      extract(read_question("When was the library founded by Anna Berg?", equal), {{passages[0].text, "", 1, 0.8}});
  const Extract not_there =
      extract(read_question("What is the capital of Mongolia and its founded year?", equal), passages);
  EXPECT_GT(there.confidence, kAnswerThreshold);
  EXPECT_LT(not_there.confidence, kAnswerThreshold);
}

TEST(Extract, NothingFromNothing) {
  const Question q = read_question("Who?", equal);
  EXPECT_TRUE(extract(q, {}).quotes.empty());
  EXPECT_EQ(extract(q, {}).confidence, 0);
  EXPECT_TRUE(extract(q, {{"  \n ", "", 1, 1}}).quotes.empty());
  EXPECT_NO_THROW(extract(read_question("?!", equal), {{"Some text.", "", 1, 1}}));
}

TEST(Extract, MeaningDecidesBetweenEqualWords) {
  const std::vector<Passage> passages = {{"The red house is old. The red barn is new.", "", 1, 0.5}};
  const Meaning second = [](const std::vector<std::string>& s) {
    std::vector<double> out;
    for (const auto& text : s) out.push_back(text.find("barn") != std::string::npos ? 0.9 : 0.1);
    return out;
  };
  EXPECT_EQ(best(passages, extract(read_question("Which red building?", equal), passages, second)),
            "The red barn is new.");
}

TEST(Mentions, WordsLoseTheirParticles) {
  const auto words = words_of("서울에서 1989년 2월 15일에 '별' (星)이 떴다.", read_question("?", equal));
  ASSERT_GE(words.size(), 5u);
  EXPECT_EQ(words[0].after, "에서");
  EXPECT_TRUE(words[1].year);
  EXPECT_TRUE(words[2].month);
  EXPECT_TRUE(words[4].breaks_before);
}

}  // namespace
}  // namespace hanok::chain::answer

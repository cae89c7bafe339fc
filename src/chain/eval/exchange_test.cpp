#include "chain/eval/exchange.h"

#include <gtest/gtest.h>

namespace hanok::chain {
namespace {

constexpr char kSet[] = R"({"data":[
  {"title":"Library","paragraphs":[{"context":"The Berg library was founded in 1921 by Anna Lund. It has a roof of slate.","qas":[
    {"id":"a","question":"When did Anna Lund found the library?","answers":[{"text":"1921","answer_start":0}]},
    {"id":"b","question":"Who founded the library in 1921?","answers":[{"text":"Anna Lund","answer_start":0}]},
    {"id":"c","question":"What has a roof of slate?","answers":[{"text":"library","answer_start":0}]},
    {"id":"d","question":"Who swims?","answers":[{"text":"It","answer_start":0}]},
    {"id":"e","question":"Which moon circles Neptune?","is_impossible":true,"answers":[]}]}]},
  {"title":"Pool","paragraphs":[{"context":"Omar Baek built the pool of Gwangju in 1970.","qas":[
    {"id":"f","question":"When did Omar Baek build the pool?","answers":[{"text":"1970","answer_start":0}]},
    {"id":"g","question":"Who built the pool?","answers":[{"text":"Omar Baek","answer_start":0}]}]}]},
  {"title":"지점","paragraphs":[{"context":"대전 지점은 윤서진이 맡고 있다. 전화번호는 555이다.","qas":[
    {"id":"h","question":"윤서진이 맡은 지점은?","answers":[{"text":"대전","answer_start":0}]},
    {"id":"i","question":"대전 지점을 맡은 사람은 누구인가?","answers":[{"text":"윤서진","answer_start":0}]}]}]}]})";

TEST(Exchange, ANameBecomesASiblingThatIsNotThere) {
  const SquadSet set = parse_squad(kSet, "set");
  const auto exchanged = exchange_names(set);
  ASSERT_EQ(exchanged.size(), set.questions.size());
  for (size_t i = 0; i < exchanged.size(); ++i) {
    if (!exchanged[i]) continue;
    const auto& e = *exchanged[i];
    EXPECT_NE(e.text, set.questions[i].question);
    EXPECT_NE(e.text.find(e.sibling), std::string::npos) << e.text;
    EXPECT_EQ(set.paragraphs[set.questions[i].paragraph].text.find(e.sibling), std::string::npos) << e.text;
  }
  ASSERT_TRUE(exchanged[0]);
  EXPECT_EQ(exchanged[0]->name, "Anna Lund");
  ASSERT_TRUE(exchanged[1]);
  EXPECT_EQ(exchanged[1]->name, "1921");
  EXPECT_EQ(exchanged[1]->sibling.size(), 4u);
  EXPECT_FALSE(exchanged[1]->noun);
  EXPECT_FALSE(exchanged[3]) << "nothing of the question stands in the paragraph";
  EXPECT_FALSE(exchanged[4]) << "the set says that there is no answer";
}

TEST(Exchange, TheSameSetGivesTheSameQuestions) {
  const SquadSet set = parse_squad(kSet, "set");
  const auto a = exchange_names(set), b = exchange_names(set);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].has_value(), b[i].has_value());
    if (a[i]) EXPECT_EQ(a[i]->text, b[i]->text);
  }
}

TEST(Exchange, KoreanParticlesFollowTheSibling) {
  const auto exchanged = exchange_names(parse_squad(kSet, "set"));
  const auto& e = exchanged[7];
  ASSERT_TRUE(e);
  EXPECT_EQ(e->name, "윤서진");
  const std::string after = e->text.substr(e->text.find(e->sibling) + e->sibling.size(), 3);
  EXPECT_TRUE(after == "이" || after == "가") << e->text;
}

}  // namespace
}  // namespace hanok::chain

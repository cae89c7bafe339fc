#include "chain/answer/numerals.h"

#include <gtest/gtest.h>

#include "chain/answer/mentions.h"

namespace hanok::chain::answer {
namespace {

TEST(Numerals, CountsInHangulAreNumbers) {
  for (const char* word : {"천", "이천오백", "삼백만", "일곱", "한", "스무"})
    EXPECT_TRUE(is_korean_numeral(word)) << word;
  for (const char* word : {"천재", "구름", "일곱째", "하나", "", "ten"}) EXPECT_FALSE(is_korean_numeral(word)) << word;
  for (const char* word : {"천원", "세번", "삼백만명", "일곱개", "두시간"}) EXPECT_TRUE(is_counted(word)) << word;
  for (const char* word : {"원", "사회", "이대", "구조", "사이", "개월", "일일"})
    EXPECT_FALSE(is_counted(word)) << word;
}

TEST(Numerals, MoneyHasACurrency) {
  for (const char* word : {"4500원", "$20", "천원", "달러", "won", "63억원"}) EXPECT_TRUE(is_money(word)) << word;
  for (const char* word : {"정원", "4500", "20명", "wonder", "공원"}) EXPECT_FALSE(is_money(word)) << word;
}

TEST(Numerals, ANumeralIsOneBeforeItsCounterOnly) {
  const std::string text = "헌책은 한 권에 천 원이고 감은 일곱 개만 두고, 이 천은 사이가 곱다.";
  const Question question = read_question("헌책은 얼마인가요?", [](std::string_view) { return 1.0; });
  std::vector<std::string> numbers, money;
  for (const Word& w : words_of(text, question)) {
    const std::string core = text.substr(w.span.start, w.span.end - w.span.start);
    if (w.number) numbers.push_back(core);
    if (w.money) money.push_back(core);
  }
  EXPECT_EQ(numbers, (std::vector<std::string>{"한", "천", "일곱"}));
  EXPECT_EQ(money, (std::vector<std::string>{"천", "원"}));
}

}  // namespace
}  // namespace hanok::chain::answer

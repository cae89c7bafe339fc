// Numbers written in Hangul: "천 원", "일곱 개", "삼백만 명". A numeral alone is no number ("이", "사이", "구조",
// "만"); with a counter behind it, it is.
#pragma once

#include <string_view>

namespace hanok::chain::answer {

/// True for a numeral and nothing else: Sino-Korean digits and powers of ten ("이천오백"), or one native numeral
/// ("일곱").
bool is_korean_numeral(std::string_view word);
/// True when the word begins with what things are counted in: "원에", "개", "시간".
bool begins_with_counter(std::string_view word);
/// True for a numeral with its counter in one word: "천원", "세번", "삼백만명".
bool is_counted(std::string_view word);
/// True for a word that ends in a currency ("4500원", "달러"), or is an amount with a sign ("$20").
bool is_money(std::string_view word);

}  // namespace hanok::chain::answer

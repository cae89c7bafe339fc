#include "chain/answer/numerals.h"

#include <algorithm>
#include <array>

namespace hanok::chain::answer {
namespace {

constexpr size_t kSyllable = 3;  // bytes

constexpr std::string_view kSino[] = {"영", "일", "이", "삼", "사", "오", "육", "칠",
                                      "팔", "구", "십", "백", "천", "만", "억", "조"};
constexpr std::string_view kNative[] = {"한",   "두",   "세",   "네",   "석",     "넉",    "다섯", "여섯",
                                        "일곱", "여덟", "아홉", "열",   "스무",   "스물",  "서른", "마흔",
                                        "쉰",   "예순", "일흔", "여든", "아흔",   "한두",  "두세", "서너",
                                        "너댓", "열두", "열한", "열세", "예닐곱", "대여섯"};
// Longest first: "개월" before "개".
constexpr std::string_view kCounters[] = {
    "킬로미터", "센티미터", "밀리미터", "제곱미터", "킬로그램", "퍼센트", "달러", "유로", "파운드", "개월", "시간",
    "마리",     "그루",     "자루",     "송이",     "켤레",     "가지",   "그램", "리터", "미터",   "주일", "사람",
    "차례",     "학년",     "원",       "명",       "개",       "권",     "년",   "월",   "일",     "분",   "초",
    "살",       "번",       "회",       "곳",       "층",       "평",     "점",   "배",   "대",     "장",   "잔",
    "병",       "쪽",       "위",       "척",       "채",       "달",     "주",   "세",   "엔",     "섬",   "그릇"};
// Counters that make a word of one numeral syllable and themselves a number in most texts; "이대", "사회", "일주" are
// not.
constexpr std::string_view kSure[] = {"원", "명", "개", "권", "마리", "살", "달러", "시간", "개월", "미터", "퍼센트"};

bool all_sino(std::string_view word) {
  if (word.empty() || word.size() % kSyllable != 0) return false;
  for (size_t i = 0; i < word.size(); i += kSyllable)
    if (std::find(std::begin(kSino), std::end(kSino), word.substr(i, kSyllable)) == std::end(kSino)) return false;
  return true;
}

bool is_native(std::string_view word) {
  return std::find(std::begin(kNative), std::end(kNative), word) != std::end(kNative);
}

bool is_of(std::string_view word, const auto& list) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

}  // namespace

bool is_korean_numeral(std::string_view word) { return all_sino(word) || is_native(word); }

bool begins_with_counter(std::string_view word) {
  return std::any_of(std::begin(kCounters), std::end(kCounters), [&](auto c) { return word.starts_with(c); });
}

bool is_counted(std::string_view word) {
  for (const std::string_view counter : kCounters) {
    if (!word.ends_with(counter) || word.size() == counter.size()) continue;
    const std::string_view numeral = word.substr(0, word.size() - counter.size());
    if (is_native(numeral) || (all_sino(numeral) && (numeral.size() > 2 * kSyllable || is_of(counter, kSure))))
      return true;
  }
  return false;
}

bool is_money(std::string_view word) {
  constexpr std::string_view kCurrencies[] = {"달러", "유로", "파운드", "만원", "천원",
                                              "백원", "억원", "조원",   "위안", "엔화"};
  constexpr std::string_view kEnglish[] = {"dollars", "dollar", "won",   "euros", "euro",
                                           "pounds",  "yen",    "cents", "pence"};
  if (is_of(word, kEnglish) || word == "원" || word == "엔") return true;
  if (std::any_of(std::begin(kCurrencies), std::end(kCurrencies), [&](auto c) { return word.ends_with(c); }))
    return true;
  const bool digit = std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digit && (word.ends_with("원") || word.ends_with("엔") || word.find('$') != word.npos ||
                   word.find("£") != word.npos || word.find("€") != word.npos);
}

}  // namespace hanok::chain::answer

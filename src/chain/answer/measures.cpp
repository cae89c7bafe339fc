#include "chain/answer/measures.h"

#include <algorithm>
#include <string>
#include <vector>

#include "chain/answer/letters.h"
#include "chain/answer/mentions.h"
#include "chain/answer/numerals.h"

namespace hanok::chain::answer {
namespace {

struct Hint {
  Measure measure;
  std::string_view words;  // " " before or after: a word border
  std::string_view with;   // must be there too; empty: nothing
};

// The first that is found decides. English ones are matched in lower case.
constexpr Hint kEnglish[] = {
    {Measure::Clock, " what time ", ""},
    {Measure::Clock, " which hour ", ""},
    {Measure::Clock, " what hour ", ""},
    {Measure::Weekday, " day of the week ", ""},
    {Measure::Weekday, " what days ", ""},
    {Measure::Weekday, " which days ", ""},
    {Measure::Weekday, " which weekday ", ""},
    {Measure::Percent, " what percent", ""},
    {Measure::Percent, " which percent", ""},
    {Measure::Percent, " how many percent", ""},
    {Measure::Length, " how far ", ""},
    {Measure::Length, " how deep ", ""},
    {Measure::Length, " how tall ", ""},
    {Measure::Length, " how wide ", ""},
    {Measure::Weight, " how heavy ", ""},
    {Measure::Weight, " how much ", " weigh"},
    {Measure::Duration, " how long do", ""},
    {Measure::Duration, " how long did ", ""},
    {Measure::Duration, " how long ha", ""},
    {Measure::Duration, " how long will ", ""},
    {Measure::Duration, " how long can ", ""},
    {Measure::Duration, " how long may ", ""},
    {Measure::Duration, " how many minutes ", ""},
    {Measure::Duration, " how many hours ", ""},
    {Measure::Duration, " how many days ", ""},
    {Measure::Duration, " how many nights ", ""},
    {Measure::Duration, " how many weeks ", ""},
    {Measure::Duration, " how many months ", ""},
    {Measure::Duration, " how many years ", ""},
    {Measure::Money, " how much ", " cost"},
    {Measure::Money, " how much ", " pay "},
    {Measure::Money, " how much ", " paid "},
    {Measure::Money, " how much ", " charge"},
    {Measure::Money, " how much ", " price"},
    {Measure::Money, " how much ", " fee"},
    {Measure::Money, " how much ", " spen"},
    {Measure::Money, " how much ", " worth "},
    {Measure::Money, " how much ", " money "},
    {Measure::Money, " how much ", " earn"},
    {Measure::Money, " how much ", " fine "},
    {Measure::Money, " how much ", " rent "},
    {Measure::Money, " how much ", " deposit "},
    {Measure::Money, " what ", " cost "},
};

constexpr Hint kKorean[] = {
    {Measure::Weekday, "무슨 요일", ""},    {Measure::Weekday, "어느 요일", ""},
    {Measure::Weekday, "어떤 요일", ""},    {Measure::Weekday, "요일은?", ""},
    {Measure::Percent, "몇 퍼센트", ""},    {Measure::Percent, "몇퍼센트", ""},
    {Measure::Percent, "몇 프로", ""},      {Measure::Percent, "몇 %", ""},
    {Measure::Percent, "몇%", ""},          {Measure::Length, "얼마나 깊", ""},
    {Measure::Length, "얼마나 멀", ""},     {Measure::Length, "얼마나 먼", ""},
    {Measure::Length, "얼마나 높", ""},     {Measure::Length, "얼마나 넓", ""},
    {Measure::Length, "몇 미터", ""},       {Measure::Length, "몇 킬로미터", ""},
    {Measure::Length, "몇 km", ""},         {Measure::Weight, "얼마나 무겁", ""},
    {Measure::Weight, "얼마나 무거", ""},   {Measure::Weight, "몇 그램", ""},
    {Measure::Weight, "몇 킬로그램", ""},   {Measure::Weight, "몇 kg", ""},
    {Measure::Weight, "몇 톤", ""},         {Measure::Weight, "몇 리터", ""},
    {Measure::Duration, "몇 시간", ""},     {Measure::Duration, "몇시간", ""},
    {Measure::Duration, "몇 년 동안", ""},  {Measure::Duration, "몇 년간", ""},
    {Measure::Duration, "몇 달", ""},       {Measure::Duration, "몇 개월", ""},
    {Measure::Duration, "몇 주 ", ""},      {Measure::Duration, "며칠 동안", ""},
    {Measure::Duration, "며칠 안", ""},     {Measure::Duration, "며칠간", ""},
    {Measure::Duration, "며칠 만", ""},     {Measure::Duration, "몇 분 동안", ""},
    {Measure::Duration, "몇 분마다", ""},   {Measure::Duration, "얼마 동안", ""},
    {Measure::Duration, "얼마나 오래", ""}, {Measure::Duration, "얼마나 걸", ""},
    {Measure::Clock, "몇 시", ""},          {Measure::Clock, "몇시", ""},
    {Measure::Money, "얼마", "값"},         {Measure::Money, "얼마", "가격"},
    {Measure::Money, "얼마", "요금"},       {Measure::Money, "얼마", "비용"},
    {Measure::Money, "얼마", "벌금"},       {Measure::Money, "얼마", "금액"},
    {Measure::Money, "얼마", "수수료"},     {Measure::Money, "얼마", "보증금"},
    {Measure::Money, "얼마", "월세"},       {Measure::Money, "얼마", "연봉"},
    {Measure::Money, "얼마", "내야"},       {Measure::Money, "얼마", "내나"},
    {Measure::Money, "얼마", "비는 얼마"},  {Measure::Money, "얼마", "비가 얼마"},
    {Measure::Money, "얼마", "료는 얼마"},  {Measure::Money, "얼마", "료가 얼마"},
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c & 0x80); }

// Units behind a number. Those in Latin letters end with a word; before Hangul they may ("5km를").
constexpr std::string_view kClock[] = {"시", "a.m", "p.m", "am", "pm", "o'clock"};
constexpr std::string_view kDuration[] = {
    "초",     "분",      "시간",   "일",      "주일",  "주",     "달",      "개월",    "년",        "세기",   "박",
    "second", "seconds", "minute", "minutes", "hour",  "hours",  "day",     "days",    "night",     "nights", "week",
    "weeks",  "month",   "months", "year",    "years", "decade", "decades", "century", "centuries", "min"};
constexpr std::string_view kLength[] = {
    "미터",        "킬로미터",  "센티미터",   "밀리미터",  "마일",       "피트",        "인치",
    "야드",        "평",        "제곱",       "헥타르",    "㎞",         "㎡",          "㎢",
    "cm",          "mm",        "m",          "km",        "metre",      "metres",      "meter",
    "meters",      "mile",      "miles",      "foot",      "feet",       "ft",          "inch",
    "inches",      "yard",      "yards",      "acre",      "acres",      "square",      "centimetres",
    "centimeters", "kilometre", "kilometres", "kilometer", "kilometers", "millimetres", "millimeters"};
constexpr std::string_view kWeight[] = {
    "그램", "킬로", "톤",    "파운드", "온스",     "리터",      "근",    "되",     "컵",    "g",      "kg",  "mg",
    "ml",   "l",    "gram",  "grams",  "kilogram", "kilograms", "kilo",  "kilos",  "pound", "pounds", "lb",  "lbs",
    "ton",  "tons", "tonne", "tonnes", "ounce",    "ounces",    "litre", "litres", "liter", "liters", "cup", "cups"};
constexpr std::string_view kPercent[] = {"%", "퍼센트", "프로", "percent", "per cent"};

/// What follows a number, without blanks and hyphens.
bool begins_with_unit(std::string_view rest, const auto& units) {
  while (!rest.empty() && (rest[0] == ' ' || rest[0] == '-' || rest[0] == '\n')) rest.remove_prefix(1);
  return std::any_of(std::begin(units), std::end(units), [&](std::string_view unit) {
    if (!rest.starts_with(unit)) return false;
    const std::string_view behind = rest.substr(unit.size());
    if (is_letter(unit[0]) && !(unit[0] & 0x80)) return behind.empty() || behind[0] < 'a' || behind[0] > 'z';
    return unit != "시" || !behind.starts_with("간");
  });
}

/// Where what follows the number at the head of a word begins: after the digits of "9:00", or after the word.
size_t behind_number(std::string_view text, const Word& word) {
  size_t at = word.span.start;
  while (at < word.span.end && !is_digit(text[at])) ++at;
  if (at == word.span.end) return word.span.end;
  while (at < word.span.end && (is_digit(text[at]) || text[at] == ',' || text[at] == '.' || text[at] == ':')) ++at;
  return at;
}

bool counted_in(std::string_view text, const std::vector<Word>& words, const auto& units) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view core = text.substr(words[i].full.start, words[i].full.end - words[i].full.start);
    const bool numeral = is_korean_numeral(core);
    if (!words[i].number && !numeral) continue;
    const size_t at = numeral ? words[i].full.end : behind_number(text, words[i]);
    if (begins_with_unit(text.substr(at), units)) return true;
  }
  return false;
}

bool has_clock_digits(std::string_view text) {  // 9:00, 17:30
  for (size_t i = text.find(':'); i != std::string_view::npos; i = text.find(':', i + 1)) {
    const bool before = i > 0 && is_digit(text[i - 1]), behind = i + 2 < text.size() && is_digit(text[i + 1]);
    if (before && behind && is_digit(text[i + 2]) && (i + 3 == text.size() || !is_digit(text[i + 3]))) return true;
  }
  return false;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto w) { return text.find(w) != std::string_view::npos; });
}

bool has_money(std::string_view low, const std::vector<Word>& words) {
  const auto is = [&](auto member) { return std::any_of(words.begin(), words.end(), member); };
  return (is([](const Word& w) { return w.money; }) && is([](const Word& w) { return w.number; })) ||
         has_any(low, {"무료", " free", "free of charge", "₩"});
}

}  // namespace

Measure asked_measure(std::string_view question, bool korean) {
  std::string padded = " ";
  for (const char c : lower(question))
    padded += is_letter(c) || is_digit(c) || c == '%' || (korean && c == '?') ? c : ' ';
  padded += ' ';
  const auto find = [&](const auto& hints) {
    for (const Hint& hint : hints)
      if (padded.find(hint.words) != std::string::npos && padded.find(hint.with) != std::string::npos)
        return hint.measure;
    return Measure::None;
  };
  return korean ? find(kKorean) : find(kEnglish);
}

bool names_measure(std::string_view word, Measure measure) {
  const std::string low = lower(word);
  const auto is_one = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), low) != names.end();
  };
  switch (measure) {
    case Measure::Money:
      return is_one({"요금", "가격", "값", "비용", "금액", "fee", "fees", "cost", "costs", "price", "charge", "money"});
    case Measure::Clock:
      return is_one({"시각", "시간", "time", "hour"});
    case Measure::Weekday:
      return is_one({"요일", "day", "days", "week", "weekday"});
    case Measure::Length:
      return is_one({"길이", "높이", "깊이", "너비", "거리", "length", "height", "depth", "width", "distance"});
    case Measure::Weight:
      return is_one({"무게", "weight"});
    case Measure::Duration:
      return is_one({"기간", "시간", "time"});
    case Measure::Percent:
      return is_one({"비율", "퍼센트", "percent", "percentage", "share"});
    case Measure::None:
      return false;
  }
  return false;
}

bool holds_measure(std::string_view text, Measure measure) {
  const std::string padded = " " + std::string(text), low = lower(padded);
  const Question nothing;
  const auto words = words_of(padded, nothing);
  switch (measure) {
    case Measure::None:
      return false;
    case Measure::Clock:
      return has_clock_digits(text) || counted_in(low, words, kClock) ||
             has_any(low, {" noon", "\nnoon", "midnight", "midday", "정오", "자정"});
    case Measure::Weekday:
      return has_any(low, {"monday",  "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                           "weekend", "weekday", "every day", "월요일",   "화요일", "수요일",   "목요일",
                           "금요일",  "토요일",  "일요일",    "주말",     "평일",   "매일"});
    case Measure::Money:
      return has_money(low, words);
    case Measure::Duration:
      return counted_in(low, words, kDuration);
    case Measure::Length:
      return counted_in(low, words, kLength);
    case Measure::Weight:
      return counted_in(low, words, kWeight);
    case Measure::Percent:
      return counted_in(low, words, kPercent) || has_any(low, {"percent", "퍼센트"});
  }
  return false;
}

}  // namespace hanok::chain::answer

#include "chain/answer/calendar.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "chain/answer/letters.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kDays = 7, kMonths = 12;
constexpr Calendar kEveryDay = 0x7f, kWeekdays = 0x1f, kWeekend = 0x60;

constexpr std::array<std::string_view, kDays> kDayNames = {"monday", "tuesday",  "wednesday", "thursday",
                                                           "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, kDays> kKoreanDays = {"월", "화", "수", "목", "금", "토", "일"};
constexpr std::array<std::string_view, kMonths> kMonthNames = {"January",   "February", "March",    "April",
                                                               "May",       "June",     "July",     "August",
                                                               "September", "October",  "November", "December"};
constexpr std::string_view kDayEnding = "요일";

bool is_part(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80); }

/// A word, with what stands between it and the one before.
struct Part {
  std::string_view word, before;
};

// The dashes and the wave of East Asian text are letters to is_part, so they are looked for first.
size_t dash_at(std::string_view text, size_t at) {
  for (const std::string_view dash : {"–", "—", "～", "〜", "−"})
    if (text.substr(at).starts_with(dash)) return dash.size();
  return 0;
}

std::vector<Part> parts_of(std::string_view text) {
  std::vector<Part> out;
  size_t end = 0;  // of the word before
  for (size_t i = 0; i < text.size();) {
    if (const size_t dash = dash_at(text, i)) {
      i += dash;
    } else if (!is_part(text[i])) {
      ++i;
    } else {
      const size_t start = i;
      while (i < text.size() && is_part(text[i]) && dash_at(text, i) == 0) ++i;
      out.push_back({text.substr(start, i - start), text.substr(end, start - end)});
      end = i;
    }
  }
  return out;
}

/// 0 to 6, or kDays for another word: "Saturdays", "토요일에".
size_t day_of(std::string_view word) {
  const std::string low = lower(word);
  for (size_t d = 0; d < kDays; ++d) {
    const std::string_view name = kDayNames[d];
    if (low == name || (low.size() == name.size() + 1 && low.starts_with(name) && low.back() == 's')) return d;
    if (word.starts_with(kKoreanDays[d]) && word.substr(kKoreanDays[d].size()).starts_with(kDayEnding)) return d;
  }
  return kDays;
}

/// The same for what stands for a day only beside another one: "Mon" to "Fri", "화" to "금".
size_t short_day_of(std::string_view word) {
  const std::string low = lower(word);
  for (size_t d = 0; d < kDays; ++d)
    if (word == kKoreanDays[d] || (low.size() >= 3 && low.size() <= 5 && kDayNames[d].starts_with(low))) return d;
  return kDays;
}

/// Both ends, and what is between them; over the week's end where it begins later than it ends.
Calendar between(size_t first, size_t last) {
  Calendar out = 0;
  for (size_t d = first;; d = (d + 1) % kDays) {
    out |= Calendar{1} << d;
    if (d == last) return out;
  }
}

bool is_dash(std::string_view between) {
  while (between.starts_with(' ')) between.remove_prefix(1);
  while (between.ends_with(' ')) between.remove_suffix(1);
  return between == "-" || between == "~" || (!between.empty() && dash_at(between, 0) == between.size());
}

bool joins(std::string_view word) {
  const std::string low = lower(word);
  return low == "to" || low == "through" || low == "thru" || low == "until" || low == "till";
}

/// "화요일부터": the other end follows.
bool begins_a_span(std::string_view word) {
  const size_t at = word.find(kDayEnding);
  return at != std::string_view::npos && (word.substr(at + kDayEnding.size()).starts_with("부터") ||
                                          word.substr(at + kDayEnding.size()).starts_with("에서"));
}

/// From the day at `i` to a later one; 0 where no span begins there.
Calendar span_at(const std::vector<Part>& parts, size_t i) {
  const auto any_day = [&](size_t at) {
    if (at >= parts.size()) return kDays;
    const size_t day = day_of(parts[at].word);
    return day < kDays ? day : short_day_of(parts[at].word);
  };
  const size_t first = any_day(i);
  if (first == kDays || i + 1 >= parts.size()) return 0;
  const bool joined = i + 2 < parts.size() && joins(parts[i + 1].word);
  if (!joined && !is_dash(parts[i + 1].before) && !begins_a_span(parts[i].word)) return 0;
  const size_t last = any_day(joined ? i + 2 : i + 1);
  return last < kDays ? between(first, last) : 0;
}

Calendar numbered(int month) {
  return month >= 1 && month <= static_cast<int>(kMonths) ? Calendar{1} << (kDays - 1 + month) : 0;
}

/// The middle of 2025-04-02, 2025.4.2 or 2025/04/02.
Calendar month_of_date(const std::vector<Part>& parts, size_t i) {
  if (i == 0 || i + 1 >= parts.size()) return 0;
  const auto is_number = [](std::string_view word, size_t least, size_t most) {
    return word.size() >= least && word.size() <= most && std::all_of(word.begin(), word.end(), is_digit);
  };
  const std::string_view sign = parts[i].before;
  const bool date = (sign == "-" || sign == "." || sign == "/") && parts[i + 1].before == sign &&
                    is_number(parts[i - 1].word, 4, 4) && is_number(parts[i].word, 1, 2) &&
                    is_number(parts[i + 1].word, 1, 2);
  return date ? numbered(std::stoi(std::string(parts[i].word))) : 0;
}

Calendar month_of(const std::vector<Part>& parts, size_t i) {
  constexpr std::string_view kMonth = "월";
  const std::string_view word = parts[i].word;
  size_t digits = 0;
  while (digits < word.size() && is_digit(word[digits])) ++digits;
  if (digits > 0 && digits <= 2 && word.substr(digits).starts_with(kMonth))
    return numbered(std::stoi(std::string(word.substr(0, digits))));
  if (const Calendar month = month_of_date(parts, i); month != 0) return month;
  for (size_t m = 0; m < kMonths; ++m) {
    if (word != kMonthNames[m]) continue;
    const bool may = word == "May";  // at the head of a sentence it asks for leave
    const bool number =
        (i > 0 && is_digit(parts[i - 1].word.back())) || (i + 1 < parts.size() && is_digit(parts[i + 1].word.front()));
    const bool inside = i > 0 && parts[i].before == " ";
    return may && !number && !inside ? 0 : Calendar{1} << (kDays + m);
  }
  return 0;
}

Calendar group_of(std::string_view word) {
  const std::string low = lower(word);
  if (low == "weekday" || low == "weekdays" || word.starts_with("평일")) return kWeekdays;
  if (low == "weekend" || low == "weekends" || word.starts_with("주말")) return kWeekend;
  if (low == "daily" || word.starts_with("매일")) return kEveryDay;
  return 0;
}

}  // namespace

Calendar calendar_in(std::string_view text) {
  const auto parts = parts_of(text);
  Calendar out = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (const size_t day = day_of(parts[i].word); day < kDays) out |= Calendar{1} << day;
    out |= span_at(parts, i) | month_of(parts, i) | group_of(parts[i].word);
    if (i > 0 && lower(parts[i].word) == "day" && lower(parts[i - 1].word) == "every") out |= kEveryDay;
  }
  return out;
}

}  // namespace hanok::chain::answer

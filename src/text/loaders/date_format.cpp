// Days of a sheet as dates, times and durations.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "text/loaders/number_format.h"

namespace hanok::text {
namespace {

using Token = NumberFormat::Token;

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 7> kKoreanDays{"일", "월", "화", "수", "목", "금", "토"};

struct Civil {
  int64_t year = 0, month = 0, day = 0, weekday = 0;
};

// Days since 1899-12-30. Civil-from-days of H. Hinnant, chrono-compatible algorithms.
Civil civil(int64_t days) {
  const int64_t z = days - 25569 + 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return {yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1, (days + 6) % 7};  // day 0 was a Saturday
}

std::string padded(int64_t value, size_t width) {
  std::string out = std::to_string(value);
  return out.size() < width ? std::string(width - out.size(), '0') + out : out;
}

// One moment, in the smallest unit that the code shows.
struct Moment {
  Civil date;
  int64_t hour = 0, minute = 0, second = 0, fraction = 0;   // fraction: of a second, `fraction_digits` of it
  int64_t all_hours = 0, all_minutes = 0, all_seconds = 0;  // since day 0: durations
};

size_t fraction_digits(const NumberFormat::Section& s) {
  size_t digits = 0;
  for (const auto& t : s.tokens)
    if (t.kind == Token::SubSecond) digits = std::max(digits, std::min<size_t>(t.text.size(), 6));
  return digits;
}

Moment moment_of(double days, size_t digits, bool since_1904) {
  int64_t scale = 1;
  for (size_t i = 0; i < digits; ++i) scale *= 10;
  const auto ticks = static_cast<int64_t>(std::llround(days * 86400 * static_cast<double>(scale)));
  Moment m;
  m.fraction = ticks % scale;
  m.all_seconds = ticks / scale;
  m.all_minutes = m.all_seconds / 60;
  m.all_hours = m.all_minutes / 60;
  m.second = m.all_seconds % 60;
  m.minute = m.all_minutes % 60;
  m.hour = m.all_hours % 24;
  int64_t day = m.all_hours / 24;
  if (since_1904)
    day += 1462;
  else if (day > 0 && day < 60)
    ++day;  // Lotus 1-2-3 had a 29 February 1900, and sheets keep it: days before it are one off
  m.date = civil(day);
  return m;
}

std::string month_text(const Civil& date, size_t letters, bool korean) {
  if (letters <= 2) return padded(date.month, letters);
  if (korean) return std::to_string(date.month) + "월";
  const std::string_view name = kMonths[static_cast<size_t>(date.month - 1)];
  return std::string(letters == 3 ? name.substr(0, 3) : letters == 5 ? name.substr(0, 1) : name);
}

std::string day_text(const Civil& date, size_t letters, bool korean) {
  if (letters <= 2) return padded(date.day, letters);
  const auto weekday = static_cast<size_t>(date.weekday);
  if (korean) return std::string(kKoreanDays[weekday]) + (letters > 3 ? "요일" : "");
  return std::string(letters == 3 ? kDays[weekday].substr(0, 3) : kDays[weekday]);
}

std::string unit_text(const std::string& unit, const Moment& m, bool korean, bool halves) {
  const size_t letters = unit.size();
  switch (unit[0]) {
    case 'y':
      return letters <= 2 ? padded(m.date.year % 100, 2) : padded(m.date.year, 4);
    case 'm':
      return month_text(m.date, letters, korean);
    case 'd':
      return day_text(m.date, letters, korean);
    case 'w':
      return day_text(m.date, letters == 1 ? 3 : 4, true);
    case 'h':
      return padded(halves ? (m.hour + 11) % 12 + 1 : m.hour, std::min<size_t>(letters, 2));
    case 'n':
      return padded(m.minute, letters);
    case 's':
      return padded(m.second, std::min<size_t>(letters, 2));
    default:
      return m.hour < 12 ? (korean ? "오전" : "AM") : (korean ? "오후" : "PM");
  }
}

}  // namespace

std::string show_date(const NumberFormat::Section& section, double days, bool since_1904) {
  const size_t digits = fraction_digits(section);
  const Moment m = moment_of(days, digits, since_1904);
  bool halves = false;
  for (const auto& t : section.tokens) halves |= t.kind == Token::Date && t.text == "a";
  std::string out;
  for (const auto& t : section.tokens) {
    if (t.kind == Token::Date) {
      out += unit_text(t.text, m, section.korean, halves);
    } else if (t.kind == Token::Elapsed) {
      const int64_t all = t.text[0] == 'h' ? m.all_hours : t.text[0] == 'm' ? m.all_minutes : m.all_seconds;
      out += padded(all, t.text.size());
    } else if (t.kind == Token::SubSecond) {
      out += "." + padded(m.fraction, digits).substr(0, t.text.size());
    } else if (t.kind == Token::Percent) {
      out += '%';
    } else {
      out += t.text;
    }
  }
  return out;
}

}  // namespace hanok::text

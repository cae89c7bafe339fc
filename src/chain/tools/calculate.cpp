// The calculator: an expression is read from left to right and computed at once.
//
//   line      = "weekday" "(" sum ")" | sum [("in" | "to") unit]
//   sum       = product {("+" | "-") product}
//   product   = unary {("*" | "/" | "mod" | "of") unary}
//   unary     = ("-" | "+") unary | postfix ["^" unary]
//   postfix   = atom {"!" | "%"}
//   atom      = number [unit] {number unit} | date | "today" | "pi" | "e" | "√" postfix
//             | "(" sum ")" | name "(" sum {"," sum} ")"
//
// A number before a unit is a length of time (3 h); one with a smaller unit right behind belongs to it (3 h 20 min).
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>

#include "base/clock.h"
#include "chain/tools/exact.h"
#include "hanok/error.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

namespace ch = std::chrono;

constexpr size_t kLongest = 2000;  // bytes of an expression
constexpr int kDeepest = 100;      // brackets inside one another
constexpr long kSecondsPerDay = 86'400;
constexpr long kFirstDay = -719'528, kLastDay = 2'932'896;  // 0000-01-01 and 9999-12-31, from 1970-01-01

struct Unit {
  std::string_view name;
  long seconds;
  int months = 0;  // units of the calendar, which have no fixed length
};
// Names as people write them; the first of a length is the one that is shown.
constexpr std::array<Unit, 32> kUnits = {
    {{"week", 604'800}, {"weeks", 604'800}, {"주", 604'800},  {"w", 604'800},  {"day", 86'400}, {"days", 86'400},
     {"일", 86'400},    {"d", 86'400},      {"hour", 3600},   {"hours", 3600}, {"시간", 3600},  {"h", 3600},
     {"hr", 3600},      {"hrs", 3600},      {"minute", 60},   {"minutes", 60}, {"분", 60},      {"min", 60},
     {"mins", 60},      {"second", 1},      {"seconds", 1},   {"초", 1},       {"s", 1},        {"sec", 1},
     {"secs", 1},       {"month", 0, 1},    {"months", 0, 1}, {"개월", 0, 1},  {"year", 0, 12}, {"years", 0, 12},
     {"년", 0, 12},     {"yr", 0, 12}}};

const Unit* unit_named(std::string_view name) {
  for (const Unit& u : kUnits)
    if (u.name == name) return &u;
  return nullptr;
}

/// What an expression is worth.
struct Quantity {
  enum class Kind { Number, Duration, Months, Date } kind = Kind::Number;
  Exact exact = 0;  // seconds of a duration, months, days of a date since 1970 with its time as a fraction
  double rounded = 0;
  bool is_rounded = false;  // then `rounded` counts
  double real() const { return is_rounded ? rounded : exact.convert_to<double>(); }
};

using Kind = Quantity::Kind;

Quantity exactly(Exact x, Kind kind = Kind::Number) {
  check_size(x);
  if (kind == Kind::Date && (x < kFirstDay || x >= kLastDay + 1))
    throw Error(Code::Invalid, "calculator: a date before the year 0 or after 9999");
  return {kind, std::move(x), 0, false};
}
Quantity about(double x, Kind kind = Kind::Number) {
  if (!std::isfinite(x)) throw Error(Code::Invalid, "calculator: the result is no finite number");
  return {kind, 0, x, true};
}

const char* kind_name(Kind kind) {
  return kind == Kind::Number ? "a number" : kind == Kind::Date ? "a date" : "a length of time";
}

ch::year_month_day date_of(const Exact& days) {
  const Whole whole = numerator(days) / denominator(days);
  return ch::sys_days(ch::days(static_cast<long>(whole)));
}

Exact floor_of(const Exact& x) {
  Whole q = numerator(x) / denominator(x);
  if (numerator(x) < 0 && q * denominator(x) != numerator(x)) q -= 1;
  return q;
}

std::string two(unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); }

std::string date_text(const Exact& days) {
  const Exact day = floor_of(days), rest = (days - day) * kSecondsPerDay;
  const auto ymd = date_of(day);
  const auto year = static_cast<unsigned>(static_cast<int>(ymd.year()));
  std::string out = two(year / 100) + two(year % 100) + "-" + two(static_cast<unsigned>(ymd.month())) + "-" +
                    two(static_cast<unsigned>(ymd.day()));
  if (rest == 0) return out;
  const long s = static_cast<long>(Whole(numerator(rest) / denominator(rest)));
  return out + " " + two(static_cast<unsigned>(s / 3600)) + ":" + two(static_cast<unsigned>(s / 60 % 60)) + ":" +
         two(static_cast<unsigned>(s % 60));
}

/// "2 days 3 h 20 min": whole units, the smallest with what is left.
std::string duration_text(const Exact& seconds) {
  const Exact size = seconds < 0 ? Exact(-seconds) : seconds;
  std::string out;
  Exact left = size;
  const auto part = [&](long unit, const char* name, const char* plural) {
    const Exact n = floor_of(left / unit);
    left -= n * unit;
    if (n != 0) out += (out.empty() ? "" : " ") + exact_text(n) + " " + (n == 1 ? name : plural);
  };
  part(kSecondsPerDay, "day", "days");
  part(3600, "h", "h");
  part(60, "min", "min");
  if (left != 0 || out.empty()) out += (out.empty() ? "" : " ") + exact_text(left) + " s";
  return (seconds < 0 ? "-" : "") + out;
}

class Calculator {
 public:
  Calculator(std::string_view text, std::string_view today) : text_(text), today_(today) {}

  std::string run() {
    if (text_.size() > kLongest) fail("at most " + std::to_string(kLongest) + " bytes");
    const std::string out = word("weekday") ? weekday() : told(sum());
    skip();
    if (at_ < text_.size()) fail("an operator or the end");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(Code::Invalid, "calculator, at byte " + std::to_string(at_) + " of '" +
                                   std::string(text_.substr(0, 80)) + "': " + expected + " was expected");
  }
  [[noreturn]] static void mismatch(const char* what, const Quantity& a, const Quantity& b) {
    throw Error(Code::Invalid, std::string("calculator: ") + what + " has no meaning between " + kind_name(a.kind) +
                                   " and " + kind_name(b.kind));
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool sign(std::string_view s) {
    skip();
    if (!text_.substr(at_).starts_with(s)) return false;
    at_ += s.size();
    return true;
  }
  static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }

  /// The letters at hand, small; signs beyond ASCII that are operators are none.
  std::string_view letters() {
    skip();
    size_t end = at_;
    while (end < text_.size() && letter(text_[end]) && !operator_at(end)) ++end;
    return text_.substr(at_, end - at_);
  }
  bool operator_at(size_t at) const {
    for (const std::string_view s : {"×", "÷", "−", "√"})
      if (text_.substr(at).starts_with(s)) return true;
    return false;
  }
  bool word(std::string_view w) {
    std::string low(letters());
    for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (low != w) return false;
    at_ += w.size();
    return true;
  }

  Quantity sum() {
    Quantity out = product();
    for (;;) {
      if (sign("+"))
        out = add(out, product(), 1);
      else if (sign("-") || sign("−"))
        out = add(out, product(), -1);
      else
        return out;
    }
  }

  Quantity product() {
    Quantity out = unary();
    for (;;) {
      if (sign("**"))
        fail("'^' for powers");
      else if (sign("*") || sign("×"))
        out = times(out, unary());
      else if (sign("/") || sign("÷"))
        out = over(out, unary());
      else if (word("mod"))
        out = modulo(out, unary());
      else if (const auto part = percent_of())
        out = times(out, *part);
      else
        return out;
    }
  }

  /// "20% of 50"
  std::optional<Quantity> percent_of() {
    if (!word("of")) return {};
    return unary();
  }

  Quantity unary() {
    const Deeper deeper(*this);
    if (sign("-") || sign("−")) return times(exactly(-1), unary());
    if (sign("+")) return unary();
    Quantity base = postfix();
    if (!sign("^")) return base;
    return raised(base, unary());
  }

  Quantity postfix() {
    Quantity out = atom();
    for (;;) {
      if (sign("!"))
        out = factorial(out);
      else if (sign("%"))
        out = over(out, exactly(100));
      else
        return out;
    }
  }

  Quantity atom() {
    skip();
    if (sign("(")) {
      const Quantity out = sum();
      if (!sign(")")) fail("')'");
      return out;
    }
    if (sign("√")) return root(postfix());
    if (at_ < text_.size() && (digit(text_[at_]) || text_[at_] == '.')) return number_or_date();
    const std::string name(letters());
    if (name.empty()) fail("a number, a date, a name or '('");
    at_ += name.size();
    if (name == "today" || name == "오늘") return today();
    if (name == "pi" || name == "π") return about(M_PI);
    if (name == "e") return about(M_E);
    if (!sign("(")) at_ -= name.size(), fail("a number, a date, today, pi, e or a function with '('");
    ++calls_;  // here commas part arguments
    std::vector<Quantity> arguments{sum()};
    while (sign(",")) arguments.push_back(sum());
    --calls_;
    if (!sign(")")) fail("')'");
    return call(name, arguments);
  }

  int digits_at(size_t at, size_t n) const {
    int out = 0;
    for (size_t i = at; i < at + n; ++i) {
      if (i >= text_.size() || !digit(text_[i])) return -1;
      out = 10 * out + (text_[i] - '0');
    }
    return out;
  }

  Quantity number_or_date() {
    const int y = digits_at(at_, 4), m = digits_at(at_ + 5, 2), d = digits_at(at_ + 8, 2);
    const bool dashes = at_ + 7 < text_.size() && text_[at_ + 4] == '-' && text_[at_ + 7] == '-';
    if (y >= 0 && m >= 0 && d >= 0 && dashes) return date(y, m, d);
    Quantity out = number();
    const std::string name(letters());
    const Unit* unit = unit_named(name);
    if (!unit) return out;
    out = with_unit(out, *unit), at_ += name.size();
    // "3 h 20 min": a number with a smaller unit right behind belongs to it.
    for (;;) {
      skip();
      const size_t before = at_;
      if (at_ >= text_.size() || !digit(text_[at_])) return out;
      const Quantity more = number();
      const std::string next(letters());
      const Unit* smaller = unit_named(next);
      if (!smaller) return at_ = before, out;
      at_ += next.size();
      out = add(out, with_unit(more, *smaller), 1);
    }
  }

  static Quantity with_unit(const Quantity& n, const Unit& unit) {
    if (unit.months > 0) return exactly(n.exact * unit.months, Kind::Months);
    return exactly(n.exact * unit.seconds, Kind::Duration);
  }

  Quantity date(int y, int m, int d) {
    const ch::year_month_day ymd{ch::year(y), ch::month(static_cast<unsigned>(m)), ch::day(static_cast<unsigned>(d))};
    if (!ymd.ok()) fail("a day that there is");
    at_ += 10;
    Exact days = ch::sys_days(ymd).time_since_epoch().count();
    const int hour = digits_at(at_ + 1, 2), minute = digits_at(at_ + 4, 2);
    if (hour >= 0 && minute >= 0 && (text_[at_] == ' ' || text_[at_] == 'T') && text_[at_ + 3] == ':') {
      if (hour > 23 || minute > 59) fail("a time of the day");
      days += Exact(hour * 3600 + minute * 60, kSecondsPerDay);
      at_ += 6;
    }
    return exactly(days, Kind::Date);
  }

  Quantity today() {
    Calculator own(today_, {});
    if (!today_.empty()) return own.number_or_date();
    return exactly(Exact(base::now_ms() / 1000 / kSecondsPerDay), Kind::Date);
  }

  /// Digits with commas for thousands, decimals, an exponent.
  Quantity number() {
    Whole whole = 0, scale = 1;
    size_t seen = 0;
    for (; at_ < text_.size(); ++at_) {
      const bool comma = text_[at_] == ',' && seen > 0 && digits_at(at_ + 1, 3) >= 0 &&
                         !(at_ + 4 < text_.size() && digit(text_[at_ + 4]));
      if (comma && calls_ == 0) continue;
      if (!digit(text_[at_])) break;
      whole = whole * 10 + (text_[at_] - '0'), ++seen;
    }
    if (at_ < text_.size() && text_[at_] == '.')
      for (++at_; at_ < text_.size() && digit(text_[at_]); ++at_)
        whole = whole * 10 + (text_[at_] - '0'), scale *= 10, ++seen;
    if (seen == 0) fail("a digit");
    Exact out(whole, scale);
    if (at_ + 1 < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      const size_t sign = at_ + 1 + (text_[at_ + 1] == '-' || text_[at_ + 1] == '+');
      if (sign < text_.size() && digit(text_[sign])) {
        long exponent = 0;
        size_t end = sign;
        for (; end < text_.size() && digit(text_[end]) && exponent < 100'000; ++end)
          exponent = exponent * 10 + (text_[end] - '0');
        out *= power(10, text_[at_ + 1] == '-' ? -exponent : exponent);
        at_ = end;
      }
    }
    return exactly(out);
  }

  // ---- operations

  static Quantity add(const Quantity& a, const Quantity& b, int s) {
    if (a.kind == Kind::Date && b.kind == Kind::Date) {
      if (s > 0) mismatch("+", a, b);
      return exactly((a.exact - b.exact) * kSecondsPerDay, Kind::Duration);
    }
    if (a.kind == Kind::Date && b.kind == Kind::Duration)
      return exactly(a.exact + s * b.exact / kSecondsPerDay, Kind::Date);
    if (a.kind == Kind::Date && b.kind == Kind::Months) return months_later(a, s * b.exact);
    if (a.kind == Kind::Date && b.kind == Kind::Number && !b.is_rounded)
      return exactly(a.exact + s * b.exact, Kind::Date);
    if (b.kind == Kind::Date && s > 0 && a.kind != Kind::Number) return add(b, a, s);
    if (a.kind != b.kind) mismatch(s > 0 ? "+" : "-", a, b);
    if (a.is_rounded || b.is_rounded) return about(a.real() + s * b.real(), a.kind);
    return exactly(a.exact + s * b.exact, a.kind);
  }

  /// The same day of the month, or its last one.
  static Quantity months_later(const Quantity& date, const Exact& months) {
    if (denominator(months) != 1) throw Error(Code::Invalid, "calculator: whole months were expected");
    if (boost::multiprecision::abs(numerator(months)) > 120'000)
      throw Error(Code::Exhausted, "calculator: more than ten thousand years");
    const Exact day = floor_of(date.exact);
    const auto ymd = date_of(day);
    const auto month = ch::year_month(ymd.year(), ymd.month()) + ch::months(static_cast<int>(Whole(numerator(months))));
    const auto last = ch::year_month_day(ch::year_month_day_last(month.year(), ch::month_day_last(month.month())));
    const ch::year_month_day to(month.year(), month.month(), std::min(ymd.day(), last.day()));
    return exactly(Exact(ch::sys_days(to).time_since_epoch().count()) + (date.exact - day), Kind::Date);
  }

  static Quantity times(const Quantity& a, const Quantity& b) {
    if (a.kind != Kind::Number && b.kind != Kind::Number) mismatch("*", a, b);
    if (a.kind == Kind::Date || b.kind == Kind::Date) mismatch("*", a, b);
    const Kind kind = a.kind == Kind::Number ? b.kind : a.kind;
    if (a.is_rounded || b.is_rounded) return about(a.real() * b.real(), kind);
    return exactly(a.exact * b.exact, kind);
  }

  static Quantity over(const Quantity& a, const Quantity& b) {
    if (a.kind == Kind::Date || b.kind == Kind::Date || (b.kind != Kind::Number && a.kind != b.kind))
      mismatch("/", a, b);
    if (b.real() == 0 && (b.is_rounded || b.exact == 0)) throw Error(Code::Invalid, "calculator: division by zero");
    const Kind kind = a.kind == b.kind ? Kind::Number : a.kind;
    if (a.is_rounded || b.is_rounded) return about(a.real() / b.real(), kind);
    return exactly(a.exact / b.exact, kind);
  }

  static Quantity modulo(const Quantity& a, const Quantity& b) {
    if (a.kind != b.kind || a.kind == Kind::Date || a.is_rounded || b.is_rounded) mismatch("mod", a, b);
    if (b.exact == 0) throw Error(Code::Invalid, "calculator: division by zero");
    return exactly(a.exact - b.exact * floor_of(a.exact / b.exact), a.kind);
  }

  static Quantity raised(const Quantity& a, const Quantity& b) {
    if (a.kind != Kind::Number || b.kind != Kind::Number) mismatch("^", a, b);
    if (!a.is_rounded && !b.is_rounded && denominator(b.exact) == 1) {
      if (boost::multiprecision::abs(numerator(b.exact)) > 10'000)
        throw Error(Code::Exhausted, "calculator: a power beyond 10,000");
      return exactly(power(a.exact, static_cast<long>(Whole(numerator(b.exact)))));
    }
    return about(std::pow(a.real(), b.real()));
  }

  static Quantity factorial(const Quantity& a) {
    constexpr long kMost = 3000;  // 9,131 digits
    if (a.kind != Kind::Number || a.is_rounded || denominator(a.exact) != 1 || a.exact < 0 || a.exact > kMost)
      throw Error(Code::Invalid, "calculator: a factorial is of a whole number from 0 to 3000");
    Whole out = 1;
    for (long i = 2; i <= static_cast<long>(Whole(numerator(a.exact))); ++i) out *= i;
    return exactly(out);
  }

  static Quantity root(const Quantity& a) {
    if (a.kind != Kind::Number) throw Error(Code::Invalid, "calculator: a root is of a number");
    if (a.real() < 0) throw Error(Code::Invalid, "calculator: a negative number has no real root");
    if (!a.is_rounded) {
      const Whole n = boost::multiprecision::sqrt(numerator(a.exact)),
                  d = boost::multiprecision::sqrt(denominator(a.exact));
      if (n * n == numerator(a.exact) && d * d == denominator(a.exact)) return exactly(Exact(n, d));
    }
    return about(std::sqrt(a.real()));
  }

  Quantity call(const std::string& name, const std::vector<Quantity>& a) {
    const Quantity& x = a[0];
    if (name == "max" || name == "min") {
      const auto less = [](const Quantity& l, const Quantity& r) {
        if (l.kind != r.kind) mismatch("min and max", l, r);
        return l.is_rounded || r.is_rounded ? l.real() < r.real() : l.exact < r.exact;
      };
      return name == "max" ? *std::max_element(a.begin(), a.end(), less) : *std::min_element(a.begin(), a.end(), less);
    }
    if (name == "sum" || name == "avg" || name == "mean") {
      Quantity out = a[0];
      for (size_t i = 1; i < a.size(); ++i) out = add(out, a[i], 1);
      return name == "sum" ? out : over(out, exactly(a.size()));
    }
    if (name == "round" && a.size() == 2) return rounded_to(x, a[1]);
    if (name == "weekday")
      throw Error(Code::Invalid, "calculator: weekday(DATE) stands alone, for its result is a word");
    if (a.size() != 1) fail("one argument of " + name);
    if (name == "days") {
      if (x.kind != Kind::Duration) throw Error(Code::Invalid, "calculator: days() is of a length of time");
      return over(x, exactly(kSecondsPerDay, Kind::Duration));
    }
    if (x.kind != Kind::Number && name != "abs" && name != "round" && name != "floor" && name != "ceil")
      throw Error(Code::Invalid, "calculator: " + name + " is of a number");
    if (name == "sqrt") return root(x);
    if (name == "abs")
      return x.is_rounded ? about(std::fabs(x.rounded), x.kind)
                          : exactly(x.exact < 0 ? Exact(-x.exact) : x.exact, x.kind);
    if (name == "floor")
      return x.is_rounded ? exactly(Exact(Whole(std::floor(x.rounded))), x.kind) : exactly(floor_of(x.exact), x.kind);
    if (name == "ceil")
      return x.is_rounded ? exactly(Exact(Whole(std::ceil(x.rounded))), x.kind) : exactly(-floor_of(-x.exact), x.kind);
    if (name == "round")
      return x.is_rounded ? exactly(Exact(Whole(std::round(x.rounded))), x.kind) : exactly(rounded(x.exact), x.kind);
    static const std::map<std::string, double (*)(double)> kReal = {
        {"sin", std::sin},   {"cos", std::cos}, {"tan", std::tan}, {"asin", std::asin}, {"acos", std::acos},
        {"atan", std::atan}, {"exp", std::exp}, {"ln", std::log},  {"log", std::log10}, {"log2", std::log2}};
    const auto found = kReal.find(name);
    if (found == kReal.end())
      throw Error(Code::Invalid,
                  "calculator: there is no function '" + name +
                      "'; there are sqrt, abs, round, floor, ceil, min, max, sum, avg, sin, cos, tan, asin, "
                      "acos, atan, exp, ln, log, log2, days, weekday");
    return about(found->second(x.real()));
  }

  static Quantity rounded_to(const Quantity& x, const Quantity& places) {
    constexpr long kMost = 50;
    if (places.kind != Kind::Number || places.is_rounded || denominator(places.exact) != 1 || places.exact < 0 ||
        places.exact > kMost)
      throw Error(Code::Invalid, "calculator: round(x, n) takes a whole number n of decimals from 0 to 50");
    const Exact scale = power(10, static_cast<long>(Whole(numerator(places.exact))));
    if (!x.is_rounded) return exactly(rounded(x.exact * scale) / scale, x.kind);
    const double factor = scale.convert_to<double>();
    return about(std::round(x.rounded * factor) / factor, x.kind);
  }

  /// To the nearest whole number, halves away from zero.
  static Exact rounded(const Exact& x) {
    const Exact half(1, 2);
    return x < 0 ? Exact(-floor_of(-x + half)) : floor_of(x + half);
  }

  // ---- results

  std::string told(const Quantity& value) { return word("in") || word("to") ? in_unit(value) : show(value); }

  /// Stands alone, for its result is a word.
  std::string weekday() {
    if (!sign("(")) fail("'(' and a date");
    const Quantity day = sum();
    if (!sign(")")) fail("')'");
    if (day.kind != Kind::Date) throw Error(Code::Invalid, "calculator: weekday is of a date");
    constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    return kDays[ch::weekday(ch::sys_days(date_of(floor_of(day.exact)))).c_encoding()];
  }

  static std::string show(const Quantity& q) {
    if (q.is_rounded)
      return "≈ " + rounded_text(q.rounded) +
             (q.kind == Kind::Duration ? " s"
              : q.kind == Kind::Months ? " months"
                                       : "");
    switch (q.kind) {
      case Kind::Number:
        return exact_text(q.exact);
      case Kind::Duration:
        return duration_text(q.exact);
      case Kind::Months:
        return exact_text(q.exact) + " months";
      case Kind::Date:
        break;
    }
    return date_text(q.exact);
  }

  std::string in_unit(const Quantity& q) {
    const std::string name(letters());
    const Unit* unit = unit_named(name);
    if (!unit) fail("a unit of time");
    at_ += name.size();
    const bool months = unit->months > 0;
    if (q.kind != (months ? Kind::Months : Kind::Duration))
      throw Error(Code::Invalid, std::string("calculator: ") + kind_name(q.kind) + " is not told in " + name);
    const Exact size = months ? Exact(unit->months) : Exact(unit->seconds);
    return (q.is_rounded ? "≈ " + rounded_text(q.rounded / size.convert_to<double>()) : exact_text(q.exact / size)) +
           " " + name;
  }

  struct Deeper {
    explicit Deeper(Calculator& c) : calculator(c) {
      if (++c.depth_ > kDeepest) throw Error(Code::Exhausted, "calculator: it nests deeper than 100");
    }
    ~Deeper() { --calculator.depth_; }
    Calculator& calculator;
  };

  std::string_view text_, today_;
  size_t at_ = 0;
  int depth_ = 0, calls_ = 0;
};

}  // namespace

std::string calculate(std::string_view expression, std::string_view today) {
  return Calculator(expression, today).run();
}

}  // namespace hanok::chain

#include "text/loaders/number_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "base/ascii.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

using Token = NumberFormat::Token;
using Section = NumberFormat::Section;

constexpr size_t kMaxCode = 1024;      // Excel allows 255
constexpr int kMaxDecimals = 30;       // as Excel
constexpr double kMostDays = 2958466;  // 9999-12-31, and one

// ---- decimal digits of a double
// ------------------------------------------------------------------------------------------------------------

struct Digits {
  std::string digits;  // d1 d2 d3 ...: 0.d1d2d3 * 10^point
  int point = 0;
};

// 15 significant digits, without trailing zeros; empty for zero.
Digits digits_of(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.14e", value);
  Digits out;
  const std::string_view all = text;
  const size_t e = all.find('e');
  for (const char c : all.substr(0, e))
    if (c != '.') out.digits.push_back(c);
  out.point = std::atoi(text + e + 1) + 1;
  while (!out.digits.empty() && out.digits.back() == '0') out.digits.pop_back();
  if (out.digits.empty()) out.point = 0;
  return out;
}

// Keeps `count` digits (may be negative: nothing is left), half up.
void round_to(Digits& d, int count) {
  if (count >= static_cast<int>(d.digits.size())) return;
  const bool up = count >= 0 && d.digits[static_cast<size_t>(count)] >= '5';
  d.digits.resize(static_cast<size_t>(std::max(count, 0)));
  if (!up) return;
  size_t i = d.digits.size();
  while (i > 0 && d.digits[i - 1] == '9') d.digits[--i] = '0';
  if (i > 0)
    ++d.digits[i - 1];
  else
    d.digits.insert(0, "1"), ++d.point;
}

// ---- reading a code
// ------------------------------------------------------------------------------------------------------------

bool starts_with_any_case(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && base::lower(text.substr(0, word.size())) == base::lower(word);
}

class CodeReader {
 public:
  explicit CodeReader(std::string_view code) : code_(code) {}

  std::vector<Section> sections() {
    std::vector<Section> all;
    do {
      section_ = {};
      read();
      finish();
      all.push_back(std::move(section_));
    } while (at_ < code_.size() && code_[at_++] == ';');
    return all;
  }

 private:
  void add(Token::Kind kind, std::string text = {}) { section_.tokens.push_back({kind, std::move(text)}); }

  void literal(std::string_view text) {
    if (!section_.tokens.empty() && section_.tokens.back().kind == Token::Literal)
      section_.tokens.back().text += text;
    else
      add(Token::Literal, std::string(text));
  }

  // One code point of the code as it is.
  std::string_view character() {
    size_t end = at_ + 1;
    while (end < code_.size() && (static_cast<unsigned char>(code_[end]) & 0xC0) == 0x80) ++end;
    const auto c = code_.substr(at_, end - at_);
    at_ = end;
    return c;
  }

  void read() {
    while (at_ < code_.size() && code_[at_] != ';') {
      const std::string_view rest = code_.substr(at_);
      const char c = rest[0];
      if (c == '"') {
        const size_t end = std::min(code_.find('"', at_ + 1), code_.size());
        literal(code_.substr(at_ + 1, end - at_ - 1));
        at_ = std::min(end + 1, code_.size());
      } else if (c == '\\' || c == '!') {
        if (++at_ < code_.size()) literal(character());
      } else if (c == '_' || c == '*') {  // a space as wide as the next sign; the next sign fills the cell
        if (++at_ < code_.size()) character();
        if (c == '_') literal(" ");
      } else if (c == '[') {
        bracket();
      } else if (starts_with_any_case(rest, "general")) {
        add(Token::General), at_ += 7;
      } else if (starts_with_any_case(rest, "am/pm")) {
        add(Token::Date, "a"), at_ += 5;
      } else if (starts_with_any_case(rest, "a/p")) {
        add(Token::Date, "a"), at_ += 3;
      } else if (rest.starts_with("오전/오후")) {
        section_.korean = true;
        add(Token::Date, "a"), at_ += std::string_view("오전/오후").size();
      } else if (is_unit(c)) {
        unit();
      } else if ((c == 'E' || c == 'e') && rest.size() > 1 && (rest[1] == '+' || rest[1] == '-')) {
        add(Token::Exponent, std::string(rest.substr(0, 2))), at_ += 2;
      } else {
        sign(c);
      }
    }
  }

  static bool is_unit(char c) { return std::string_view("yYmMdDhHsSaA").find(c) != std::string_view::npos; }

  // "yyyy", "mm", "aaa" and the like; "s" may have ".000" behind it.
  void unit() {
    const std::string letter = base::lower(code_.substr(at_, 1));
    std::string run;
    while (at_ < code_.size() && base::lower(code_.substr(at_, 1)) == letter) run += letter, ++at_;
    if (letter == "a") {
      if (run.size() < 3) return literal(run);
      add(Token::Date, run.size() == 3 ? "w" : "ww");  // 월, 월요일
      return;
    }
    add(Token::Date, run);
    sub_second(letter == "s");
  }

  void sub_second(bool after_seconds) {
    if (!after_seconds || !code_.substr(at_).starts_with(".0")) return;
    std::string zeros;
    for (++at_; at_ < code_.size() && code_[at_] == '0'; ++at_) zeros += '0';
    add(Token::SubSecond, zeros);
  }

  // [Red] [>=100] [$₩-412] [h] [DBNum1]
  void bracket() {
    const size_t end = code_.find(']', at_);
    if (end == code_.npos) {
      literal("["), ++at_;
      return;
    }
    const std::string_view inside = code_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    const std::string low = base::lower(inside);
    if (!low.empty() && low.find_first_not_of(low[0]) == low.npos &&
        std::string_view("hms").find(low[0]) != std::string_view::npos) {
      add(Token::Elapsed, low);
      sub_second(low[0] == 's');
    } else if (inside.starts_with('$')) {
      const size_t dash = inside.find('-');
      literal(inside.substr(1, dash == inside.npos ? inside.npos : dash - 1));
      const std::string locale = dash == inside.npos ? std::string() : base::lower(inside.substr(dash + 1));
      if (locale.ends_with("412") || locale.starts_with("ko")) section_.korean = true;
    } else if (inside.find_first_of("<>=") == 0) {
      condition(inside);
    }
  }

  void condition(std::string_view text) {
    const size_t digits = text.find_first_not_of("<>= ");
    const std::string_view op = trim(text.substr(0, std::min(digits, text.size())));
    if (digits == text.npos) return;
    double limit = 0;
    const std::string number(text.substr(digits));
    if (std::from_chars(number.data(), number.data() + number.size(), limit).ec != std::errc()) return;
    section_.condition = op == "<"    ? '<'
                         : op == ">"  ? '>'
                         : op == "="  ? '='
                         : op == "<=" ? 'l'
                         : op == ">=" ? 'g'
                                      : 'n';
    section_.limit = limit;
  }

  void sign(char c) {
    switch (c) {
      case '0':
        add(Token::Zero), ++at_;
        return;
      case '#':
        add(Token::Hash), ++at_;
        return;
      case '?':
        add(Token::Question), ++at_;
        return;
      case '.':
        add(Token::Point), ++at_;
        return;
      case '%':
        add(Token::Percent), ++at_;
        ++section_.percents;
        return;
      case '/':
        add(Token::Slash, "/"), ++at_;
        return;
      case '@':
        add(Token::Text), ++at_;
        return;
      case ',':
        comma();
        return;
      default:
        literal(character());
    }
  }

  static bool is_digit(const Token& t) {
    return t.kind == Token::Zero || t.kind == Token::Hash || t.kind == Token::Question;
  }

  // Between digits: thousands are marked. After the last digit: each divides by 1000.
  void comma() {
    const bool after_digit = !section_.tokens.empty() && is_digit(section_.tokens.back());
    if (!after_digit) return literal(character());
    const size_t next = std::min(code_.find_first_not_of(',', at_), code_.size());
    if (next < code_.size() && std::string_view("0#?").find(code_[next]) != std::string_view::npos)
      section_.thousands = true;
    else
      section_.thousandths += static_cast<int>(next - at_);
    at_ = next;
  }

  // What only the whole section tells: dates, fractions, and whether m is a month or a minute.
  void finish() {
    auto& tokens = section_.tokens;
    for (const auto& t : tokens) section_.is_date |= t.kind == Token::Date || t.kind == Token::Elapsed;
    const auto digit_at = [&](size_t i) {
      return i < tokens.size() && (is_digit(tokens[i]) || is_number_word(tokens[i]));
    };
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind != Token::Slash) continue;
      section_.is_fraction |= !section_.is_date && i > 0 && is_digit(tokens[i - 1]) && digit_at(i + 1);
    }
    for (auto& t : tokens) {
      if (t.kind == Token::Slash && !section_.is_fraction) t.kind = Token::Literal;
      if (section_.is_date && t.kind == Token::Point) t = {Token::Literal, "."};
      if (section_.is_date && is_digit(t)) t = {Token::Literal, t.kind == Token::Zero ? "0" : ""};
    }
    if (section_.is_date) minutes();
  }

  static bool is_number_word(const Token& t) {
    return t.kind == Token::Literal && !t.text.empty() && t.text[0] >= '1' && t.text[0] <= '9';
  }

  // "m" and "mm" are minutes after hours or before seconds. They become "n".
  void minutes() {
    auto& tokens = section_.tokens;
    const auto is_unit_token = [](const Token& t) { return t.kind == Token::Date || t.kind == Token::Elapsed; };
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind != Token::Date || tokens[i].text[0] != 'm' || tokens[i].text.size() > 2) continue;
      char before = 0, after = 0;
      for (size_t j = i; j > 0 && before == 0; --j)
        if (is_unit_token(tokens[j - 1]) && tokens[j - 1].text != "a") before = tokens[j - 1].text[0];
      for (size_t j = i + 1; j < tokens.size() && after == 0; ++j)
        if (is_unit_token(tokens[j]) && tokens[j].text != "a") after = tokens[j].text[0];
      if (before == 'h' || after == 's') tokens[i].text = std::string(tokens[i].text.size(), 'n');
    }
  }

  std::string_view code_;
  size_t at_ = 0;
  Section section_;
};

// ---- numbers
// ------------------------------------------------------------------------------------------------------------

bool is_digit(const Token& t) { return t.kind == Token::Zero || t.kind == Token::Hash || t.kind == Token::Question; }

// The tokens from..to of a whole number, its digits laid over them from the right: 1055550199 over "000-0000-0000".
std::string lay_whole(const std::vector<Token>& tokens, size_t from, size_t to, std::string_view digits,
                      bool thousands) {
  std::string reversed;
  size_t left = digits.size(), shown = 0;
  size_t first = to;  // the leftmost place for a digit takes all that are left
  for (size_t i = to; i > from; --i)
    if (is_digit(tokens[i - 1])) first = i - 1;
  const auto put = [&](char c) {
    if (thousands && shown > 0 && shown % 3 == 0) reversed.push_back(',');
    reversed.push_back(c);
    ++shown;
  };
  for (size_t i = to; i > from; --i) {
    const Token& t = tokens[i - 1];
    if (!is_digit(t)) {
      const std::string text = t.kind == Token::Percent ? "%" : t.text;
      reversed.append(text.rbegin(), text.rend());
      continue;
    }
    if (left > 0)
      put(digits[--left]);
    else if (t.kind == Token::Zero)
      put('0');
    else if (t.kind == Token::Question)
      reversed.push_back(' ');
    if (i - 1 == first)
      while (left > 0) put(digits[--left]);
  }
  return {reversed.rbegin(), reversed.rend()};
}

// Digits behind the point over their places: trailing zeros only where the code has a 0.
std::string lay_decimals(const std::vector<Token>& tokens, size_t from, size_t to, std::string_view digits) {
  size_t significant = digits.size();
  while (significant > 0 && digits[significant - 1] == '0') --significant;
  std::string out;
  size_t at = 0;
  for (size_t i = from; i < to; ++i) {
    const Token& t = tokens[i];
    if (!is_digit(t)) {
      out += t.kind == Token::Percent ? "%" : t.text;
      continue;
    }
    const char digit = at < digits.size() ? digits[at] : '0';
    if (t.kind == Token::Zero || at < significant)
      out.push_back(digit);
    else if (t.kind == Token::Question)
      out.push_back(' ');
    ++at;
  }
  return out;
}

size_t count_digits(const std::vector<Token>& tokens, size_t from, size_t to) {
  return static_cast<size_t>(
      std::count_if(tokens.begin() + static_cast<long>(from), tokens.begin() + static_cast<long>(to), is_digit));
}

size_t find_kind(const std::vector<Token>& tokens, Token::Kind kind) {
  size_t i = 0;
  while (i < tokens.size() && tokens[i].kind != kind) ++i;
  return i;
}

// A number with at most one point over tokens[0, to).
std::string lay_number(const Section& s, size_t to, double value) {
  const auto& tokens = s.tokens;
  const size_t point = std::min(find_kind(tokens, Token::Point), to);
  const size_t decimals = point < to ? count_digits(tokens, point, to) : 0;
  const std::string fixed = fixed_number(value, static_cast<int>(std::min<size_t>(decimals, kMaxDecimals)));
  const size_t dot = std::min(fixed.find('.'), fixed.size());
  std::string_view whole = std::string_view(fixed).substr(0, dot);
  if (whole == "0") whole = {};
  std::string out;
  if (count_digits(tokens, 0, point) == 0) {
    for (size_t i = 0; i < point; ++i) out += tokens[i].kind == Token::Percent ? "%" : tokens[i].text;
    out += whole;
  } else {
    out = lay_whole(tokens, 0, point, whole, s.thousands);
  }
  if (point < to)
    out += "." + lay_decimals(tokens, point + 1, to, dot < fixed.size() ? std::string_view(fixed).substr(dot + 1) : "");
  return out;
}

std::string show_scientific(const Section& s, double value) {
  const auto& tokens = s.tokens;
  const size_t e = find_kind(tokens, Token::Exponent);
  const size_t point = std::min(find_kind(tokens, Token::Point), e);
  const int places = std::max<int>(1, static_cast<int>(count_digits(tokens, 0, point)));
  const int decimals = point < e ? static_cast<int>(count_digits(tokens, point, e)) : 0;
  Digits d = digits_of(value);
  int exponent = 0;
  for (int round = 0; round < 2 && !d.digits.empty(); ++round) {  // 9.99 may become 10.0, which moves the exponent
    const int power = d.point - 1;
    exponent = places > 1 ? static_cast<int>(std::floor(static_cast<double>(power) / places)) * places : power;
    round_to(d, d.point - exponent + decimals);
  }
  const double mantissa = value == 0 ? 0 : value / std::pow(10.0, exponent);
  std::string out = lay_number(s, e, std::isfinite(mantissa) ? mantissa : 0);
  out += tokens[e].text[0];
  if (exponent < 0)
    out += '-';
  else if (tokens[e].text[1] == '+')
    out += '+';
  return out + lay_whole(tokens, e + 1, tokens.size(), std::to_string(std::abs(exponent)), false);
}

struct Ratio {
  int64_t over = 0, under = 1;
};

// The nearest fraction with a denominator of at most `most` to x in [0, 1): the convergents of its continued fraction,
// and the last step shortened where it would go over.
Ratio nearest(double x, int64_t most) {
  int64_t h0 = 0, k0 = 1, h1 = 1, k1 = 0;
  double rest = x;
  Ratio best;
  for (int step = 0; step < 40; ++step) {
    const double whole = std::floor(rest);
    if (whole > 1e9) break;
    const auto a = static_cast<int64_t>(whole);
    const int64_t fits = k1 == 0 ? a : std::min(a, (most - k0) / k1);
    const Ratio next{fits * h1 + h0, fits * k1 + k0};
    const auto error = [&](const Ratio& r) {
      return std::fabs(x - static_cast<double>(r.over) / static_cast<double>(r.under));
    };
    if (next.under > 0 && next.under <= most && error(next) < error(best)) best = next;
    if (fits < a) break;
    h0 = h1, k0 = k1, h1 = next.over, k1 = next.under;
    if (rest - whole < 1e-10) break;
    rest = 1 / (rest - whole);
  }
  return best;
}

// "# ?/?", "# ?" "?/?" "?", "?/8"
std::string show_fraction(const Section& s, double value) {
  const auto& tokens = s.tokens;
  const size_t slash = find_kind(tokens, Token::Slash);
  size_t over = slash;  // the numerator's places: those right before the slash
  while (over > 0 && is_digit(tokens[over - 1])) --over;
  size_t end = slash + 1;
  while (end < tokens.size() && is_digit(tokens[end])) ++end;
  const bool has_whole = count_digits(tokens, 0, over) > 0;
  double whole = std::floor(value);
  if (whole > 9e15) return general_number(value);
  Ratio ratio;
  if (end == slash + 1) {  // a number: "?/8"
    int64_t under = 0;
    std::from_chars(tokens[end].text.data(), tokens[end].text.data() + tokens[end].text.size(), under);
    ratio.under = std::clamp<int64_t>(under, 1, 100000);
    ratio.over = std::llround((value - whole) * static_cast<double>(ratio.under));
    ++end;
  } else {
    int64_t most = 9;
    for (size_t i = slash + 2; i < std::min(end, slash + 6); ++i) most = most * 10 + 9;
    ratio = nearest(value - whole, most);
  }
  if (ratio.over == ratio.under) whole += 1, ratio.over = 0;
  std::string out;
  if (has_whole) {
    const std::string digits = whole == 0 && ratio.over != 0 ? std::string() : fixed_number(whole, 0);
    out = lay_whole(tokens, 0, over, digits, s.thousands);
  } else {
    ratio.over += static_cast<int64_t>(whole) * ratio.under;
    for (size_t i = 0; i < over; ++i) out += tokens[i].text;
  }
  if (ratio.over != 0 || !has_whole) out += std::to_string(ratio.over) + "/" + std::to_string(ratio.under);
  for (size_t i = end; i < tokens.size(); ++i) out += tokens[i].text;
  return collapse_blanks(out);
}

std::string show_number(const Section& s, double value) {
  const auto& tokens = s.tokens;
  value *= std::pow(100.0, s.percents) / std::pow(1000.0, s.thousandths);
  if (!std::isfinite(value)) return {};
  if (s.is_fraction) return show_fraction(s, value);
  if (find_kind(tokens, Token::Exponent) < tokens.size()) return show_scientific(s, value);
  if (count_digits(tokens, 0, tokens.size()) > 0) return lay_number(s, tokens.size(), value);
  std::string out;  // words alone, or the number without a format among them
  for (const auto& t : tokens)
    out += t.kind == Token::General || t.kind == Token::Text ? general_number(value)
           : t.kind == Token::Percent                        ? "%"
                                                             : t.text;
  return out;
}

bool holds(const Section& s, double value) {
  switch (s.condition) {
    case '<':
      return value < s.limit;
    case '>':
      return value > s.limit;
    case '=':
      return value == s.limit;
    case 'l':
      return value <= s.limit;
    case 'g':
      return value >= s.limit;
    case 'n':
      return value != s.limit;
    default:
      return true;
  }
}

bool has_kind(const Section& s, Token::Kind kind) { return find_kind(s.tokens, kind) < s.tokens.size(); }

bool has_nonzero_digit(std::string_view text) { return text.find_first_of("123456789") != text.npos; }

}  // namespace

std::string fixed_number(double value, int decimals) {
  Digits d = digits_of(value);
  round_to(d, d.point + decimals);
  std::string out;
  for (int i = 0; i < std::max(d.point, 0); ++i)
    out += i < static_cast<int>(d.digits.size()) ? d.digits[static_cast<size_t>(i)] : '0';
  if (out.empty()) out = "0";
  if (decimals <= 0) return out;
  out += '.';
  for (int i = d.point; i < d.point + decimals; ++i)
    out += i >= 0 && i < static_cast<int>(d.digits.size()) ? d.digits[static_cast<size_t>(i)] : '0';
  return out;
}

std::string general_number(double value) {
  if (!std::isfinite(value)) return {};
  const std::string sign = value < 0 ? "-" : "";
  const Digits d = digits_of(std::fabs(value));
  if (d.digits.empty()) return "0";
  constexpr int kLargest = 20, kSmallest = -9;  // powers of ten that are written out
  if (d.point <= kLargest && d.point >= kSmallest)
    return sign + fixed_number(std::fabs(value), std::max(0, static_cast<int>(d.digits.size()) - d.point));
  const int exponent = d.point - 1;
  std::string mantissa = d.digits.substr(0, 1);
  if (d.digits.size() > 1) mantissa += "." + d.digits.substr(1);
  char text[16];
  std::snprintf(text, sizeof text, "E%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  return sign + mantissa + text;
}

NumberFormat::NumberFormat(std::string_view code)
    : sections_(
          CodeReader(trim(code).empty() || code.size() > kMaxCode ? std::string_view("General") : code).sections()) {}

const Section* NumberFormat::section_for(double value, bool& drop_sign) const {
  // A last section with "@" is for text: "d-mmm-yyyy;@".
  const bool text_last = sections_.size() > 1 && has_kind(sections_.back(), Token::Text);
  const size_t numbers = std::min<size_t>(sections_.size() - text_last, 3);
  const bool conditional = std::any_of(sections_.begin(), sections_.begin() + static_cast<long>(numbers),
                                       [](const Section& s) { return s.condition != 0; });
  drop_sign = false;
  if (conditional) {
    for (size_t i = 0; i < numbers; ++i) {
      const Section& s = sections_[i];
      // The second section of two or three without a condition of its own is for what is negative.
      if (s.condition == 0 && i == 1 && numbers == 3 && value >= 0) continue;
      if (!holds(s, value)) continue;
      drop_sign = (s.condition == '<' || s.condition == 'l') && s.limit <= 0;
      return &s;
    }
    return nullptr;
  }
  const bool text_only = has_kind(sections_[0], Token::Text) && sections_.size() == 1;
  if (text_only || numbers == 1) return &sections_[0];
  if (value < 0) {
    drop_sign = true;
    return &sections_[1];
  }
  return value == 0 && numbers == 3 ? &sections_[2] : &sections_[0];
}

std::string NumberFormat::show(double value, bool since_1904) const {
  if (!std::isfinite(value)) return {};
  bool drop_sign = false;
  const Section* s = section_for(value, drop_sign);
  if (!s) return general_number(value);
  if (s->is_date) {
    // Times before midnight and hours owed: only a duration can be negative.
    if (value < 0 && value > -kMostDays && has_kind(*s, Token::Elapsed)) return "-" + show_date(*s, -value, since_1904);
    if (value < 0 || value >= kMostDays) return general_number(value);
    return show_date(*s, value, since_1904);
  }
  if (s->tokens.empty()) return {};  // ";;;" hides a cell
  const std::string shown = show_number(*s, std::fabs(value));
  const bool minus =
      value < 0 && !drop_sign && (has_nonzero_digit(shown) || count_digits(s->tokens, 0, s->tokens.size()) == 0);
  return std::string(trim(minus ? "-" + std::string(trim(shown)) : shown));
}

std::string NumberFormat::show_text(std::string_view text) const {
  const Section* s = sections_.size() >= 4 ? &sections_[3] : nullptr;
  if (!s && has_kind(sections_.back(), Token::Text)) s = &sections_.back();
  if (!s || !has_kind(*s, Token::Text)) return std::string(text);
  std::string out;
  for (const auto& t : s->tokens) {
    if (t.kind == Token::Text) out += text;
    if (t.kind == Token::Literal) out += t.text;
  }
  return out;
}

std::string_view builtin_number_format(int id) {
  // Where the country decides (14, 22, 27 to 36, 50 to 58) dates are written as Korea and ISO 8601 do.
  constexpr std::string_view kCodes[] = {"General",
                                         "0",
                                         "0.00",
                                         "#,##0",
                                         "#,##0.00",
                                         "$#,##0_);($#,##0)",
                                         "$#,##0_);($#,##0)",
                                         "$#,##0.00_);($#,##0.00)",
                                         "$#,##0.00_);($#,##0.00)",
                                         "0%",
                                         "0.00%",
                                         "0.00E+00",
                                         "# ?/?",
                                         "# ?"
                                         "?/?"
                                         "?",
                                         "yyyy-mm-dd",
                                         "d-mmm-yy",
                                         "d-mmm",
                                         "mmm-yy",
                                         "h:mm AM/PM",
                                         "h:mm:ss AM/PM",
                                         "h:mm",
                                         "h:mm:ss",
                                         "yyyy-mm-dd hh:mm",
                                         "",
                                         "",
                                         "",
                                         "",
                                         "yyyy-mm-dd",
                                         "mm-dd",
                                         "mm-dd",
                                         "yyyy-mm-dd",
                                         "yyyy\"년\" mm\"월\" dd\"일\"",
                                         "h\"시\" mm\"분\"",
                                         "h\"시\" mm\"분\" ss\"초\"",
                                         "yyyy-mm-dd",
                                         "yyyy-mm-dd",
                                         "yyyy-mm-dd",
                                         "#,##0_);(#,##0)",
                                         "#,##0_);(#,##0)",
                                         "#,##0.00_);(#,##0.00)",
                                         "#,##0.00_);(#,##0.00)",
                                         "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
                                         "_($* #,##0_);_($* (#,##0);_($* \"-\"_);_(@_)",
                                         "_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)",
                                         "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)",
                                         "mm:ss",
                                         "[h]:mm:ss",
                                         "mm:ss.0",
                                         "##0.0E+0",
                                         "@",
                                         "yyyy-mm-dd",
                                         "mm-dd",
                                         "yyyy-mm-dd",
                                         "yyyy-mm-dd",
                                         "mm-dd",
                                         "yyyy-mm-dd",
                                         "mm-dd",
                                         "yyyy-mm-dd",
                                         "mm-dd"};
  if (id < 0 || id >= static_cast<int>(std::size(kCodes)) || kCodes[id].empty()) return kCodes[0];
  return kCodes[id];
}

}  // namespace hanok::text

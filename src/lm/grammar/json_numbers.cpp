#include "lm/grammar/json_numbers.h"

#include <algorithm>

namespace hanok::lm::grammar {
namespace {

constexpr size_t kDigits = 16;  // before and behind the point: what a double tells apart

ExpressionPtr digit(char first, char last) {
  return chars(CharSet::range(static_cast<unsigned char>(first), static_cast<unsigned char>(last)));
}
ExpressionPtr digits_any(size_t least = 0, size_t most = kUnbounded) { return repeat(digit('0', '9'), least, most); }
ExpressionPtr optional_part(ExpressionPtr part) { return repeat(std::move(part), 0, 1); }
ExpressionPtr never() { return chars(CharSet()); }
ExpressionPtr any_fraction() { return optional_part(sequence({text("."), digits_any(1)})); }

// Digit strings without leading zeros that are above (or below) `bound`.
ExpressionPtr whole_above(const std::string& bound) {
  if (bound == "0") return sequence({digit('1', '9'), digits_any()});
  std::vector<ExpressionPtr> out{sequence({digit('1', '9'), digits_any(bound.size())})};
  for (size_t k = 0; k < bound.size(); ++k)
    if (bound[k] < '9')
      out.push_back(sequence({text(bound.substr(0, k)), digit(static_cast<char>(bound[k] + 1), '9'),
                              digits_any(bound.size() - k - 1, bound.size() - k - 1)}));
  return choice(std::move(out));
}
ExpressionPtr whole_below(const std::string& bound) {
  std::vector<ExpressionPtr> out;
  if (bound == "0") return never();
  out.push_back(text("0"));
  if (bound.size() > 1) out.push_back(sequence({digit('1', '9'), digits_any(0, bound.size() - 2)}));
  for (size_t k = 0; k < bound.size(); ++k) {
    const char low = k == 0 ? '1' : '0';
    if (bound[k] > low)
      out.push_back(sequence({text(bound.substr(0, k)), digit(low, static_cast<char>(bound[k] - 1)),
                              digits_any(bound.size() - k - 1, bound.size() - k - 1)}));
  }
  return choice(std::move(out));
}

// ".ddd" that is at least `bound` (no zeros at its end), or above it.
ExpressionPtr fraction_above(const std::string& bound, bool strict) {
  const auto more = sequence({repeat(text("0"), 0, kUnbounded), digit('1', '9'), digits_any()});
  if (bound.empty()) return strict ? sequence({text("."), more}) : any_fraction();
  std::vector<ExpressionPtr> out;
  for (size_t k = 0; k < bound.size(); ++k)
    if (bound[k] < '9')
      out.push_back(sequence({text(bound.substr(0, k)), digit(static_cast<char>(bound[k] + 1), '9'), digits_any()}));
  out.push_back(sequence({text(bound), strict ? more : digits_any()}));
  return sequence({text("."), choice(std::move(out))});
}
ExpressionPtr fraction_below(const std::string& bound, bool strict) {
  const auto zeros = repeat(text("0"), 0, kUnbounded);
  if (bound.empty()) return strict ? never() : optional_part(sequence({text("."), text("0"), zeros}));
  std::vector<ExpressionPtr> out;
  for (size_t k = 0; k < bound.size(); ++k) {
    if (k > 0) out.push_back(text(bound.substr(0, k)));  // it ends here, so it is smaller
    if (bound[k] > '0')
      out.push_back(sequence({text(bound.substr(0, k)), digit('0', static_cast<char>(bound[k] - 1)), digits_any()}));
  }
  if (!strict) out.push_back(sequence({text(bound), zeros}));
  return optional_part(sequence({text("."), choice(std::move(out))}));
}

// Numbers without a sign.
Language at_least(const Decimal& d, bool strict) {
  return Language::of(*choice({sequence({whole_above(d.whole), any_fraction()}),
                               sequence({text(d.whole), fraction_above(d.fraction, strict)})}));
}
Language at_most(const Decimal& d, bool strict) {
  return Language::of(*choice({sequence({whole_below(d.whole), any_fraction()}),
                               sequence({text(d.whole), fraction_below(d.fraction, strict)})}));
}

// Digit strings whose number has remainder 0.
Language multiples(uint32_t m) {
  Rules rules;
  const RuleId r = rules.add("");
  std::vector<StateId> of;
  for (uint32_t i = 0; i < m; ++i) of.push_back(rules.state(r));
  rules.empty(r, Automaton::kFirst, of[0]);
  rules.empty(r, of[0], Automaton::kLast);
  for (uint32_t i = 0; i < m; ++i)
    for (uint32_t d = 0; d < 10; ++d) rules.chars(r, of[i], of[(i * 10 + d) % m], CharSet::one('0' + d));
  return {rules.automaton(r), rules.sets()};
}

Language general(bool whole) {
  const auto before = choice({text("0"), sequence({digit('1', '9'), digits_any(0, kDigits - 1)})});
  if (whole) return Language::of(*before);
  return Language::of(*sequence({before, optional_part(sequence({text("."), digits_any(1, kDigits)}))}));
}

}  // namespace

std::optional<Decimal> Decimal::parse(const std::string& json) {
  Decimal out;
  size_t at = 0;
  if (at < json.size() && json[at] == '-') out.negative = true, ++at;
  std::string digits;
  size_t point = std::string::npos;
  for (; at < json.size() && json[at] != 'e' && json[at] != 'E'; ++at) {
    if (json[at] == '.')
      point = digits.size();
    else if (json[at] >= '0' && json[at] <= '9')
      digits += json[at];
    else
      return std::nullopt;
  }
  if (point == std::string::npos) point = digits.size();
  long exponent = at < json.size() ? std::strtol(json.c_str() + at + 1, nullptr, 10) : 0;
  constexpr long kWrittenOut = 300;
  if (exponent > kWrittenOut || exponent < -kWrittenOut) return std::nullopt;
  long place = static_cast<long>(point) + exponent;
  if (place < 0) digits.insert(0, static_cast<size_t>(-place), '0'), place = 0;
  if (place > static_cast<long>(digits.size())) digits.append(static_cast<size_t>(place) - digits.size(), '0');
  out.whole = digits.substr(0, static_cast<size_t>(place));
  out.fraction = digits.substr(static_cast<size_t>(place));
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  if (out.whole.empty()) out.whole = "0";
  while (!out.fraction.empty() && out.fraction.back() == '0') out.fraction.pop_back();
  if (out.zero()) out.negative = false;
  return out;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int sign = a.negative ? -1 : 1;
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -sign : sign;
  const int order = a.whole != b.whole ? a.whole.compare(b.whole) : a.fraction.compare(b.fraction);
  return order < 0 ? -sign : order > 0 ? sign : 0;
}

Language numbers(const NumberLimits& limits) {
  const bool whole = limits.whole || limits.multiple_of;
  const auto& least = limits.least;
  const auto& most = limits.most;
  Language plain = general(whole);
  if (limits.multiple_of > 1) plain = plain.both(multiples(limits.multiple_of));
  // From zero on.
  Language positive = plain;
  if (least && !least->at.negative) positive = positive.both(at_least(least->at, least->strict));
  if (most) positive = most->at.negative ? Language::of(*never()) : positive.both(at_most(most->at, most->strict));
  // Below: "-" and the distance from zero. -0 is left to zero.
  Language negative = plain.both(at_least(Decimal{}, true));
  const auto away = [](Decimal d) { return d.negative = false, d; };
  if (least)
    negative = least->at.negative ? negative.both(at_most(away(least->at), least->strict)) : Language::of(*never());
  if (most && most->at.negative) negative = negative.both(at_least(away(most->at), most->strict));

  Rules rules;
  const RuleId r = rules.add("");
  rules.automaton(r, Automaton::kFirst, Automaton::kLast, positive.automaton, positive.sets, Spelling::Plain);
  const StateId minus = rules.state(r);
  rules.chars(r, Automaton::kFirst, minus, CharSet::one('-'));
  rules.automaton(r, minus, Automaton::kLast, negative.automaton, negative.sets, Spelling::Plain);
  if (!whole && !least && !most) {
    // An exponent of two digits, which no reader takes for infinity.
    const Language any = general(false);
    const StateId mantissa = rules.state(r), sign = rules.state(r), e = rules.state(r);
    rules.empty(r, Automaton::kFirst, sign);
    rules.chars(r, Automaton::kFirst, sign, CharSet::one('-'));
    rules.automaton(r, sign, mantissa, any.automaton, any.sets, Spelling::Plain);
    rules.chars(r, mantissa, e, CharSet({{'E', 'E'}, {'e', 'e'}}));
    rules.expression(r, e, Automaton::kLast,
                     *sequence({repeat(chars(CharSet({{'+', '+'}, {'-', '-'}})), 0, 1), digits_any(1, 2)}));
  }
  return {rules.automaton(r), rules.sets()};
}

}  // namespace hanok::lm::grammar

#include "chain/tools/exact.h"

#include <cmath>
#include <cstdio>

#include "hanok/error.h"

namespace hanok::chain {
namespace {

constexpr unsigned kMostBits = 33'220;  // 10,000 digits
constexpr int kDigits = 12;             // of what is rounded
constexpr int kMostDecimals = 60;       // a decimal number with more is written as a fraction

unsigned bits(const Whole& x) { return x == 0 ? 0 : boost::multiprecision::msb(boost::multiprecision::abs(x)) + 1; }

/// How many decimals x has; -1 where it has no end.
int decimals(Whole denominator) {
  int twos = 0, fives = 0;
  while (denominator % 2 == 0) denominator /= 2, ++twos;
  while (denominator % 5 == 0) denominator /= 5, ++fives;
  return denominator == 1 ? std::max(twos, fives) : -1;
}

}  // namespace

void check_size(const Exact& x) {
  if (bits(numerator(x)) > kMostBits || bits(denominator(x)) > kMostBits)
    throw Error(Code::Exhausted, "calculator: a number of more than 10,000 digits");
}

std::string rounded_text(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", kDigits, x);
  return text;
}

std::string exact_text(const Exact& x) {
  const Whole n = numerator(x), d = denominator(x);
  if (d == 1) return n.str();
  const int places = decimals(d);
  if (places < 0 || places > kMostDecimals) {
    const double approximate = x.convert_to<double>();
    return n.str() + "/" + d.str() + (std::isfinite(approximate) ? " ≈ " + rounded_text(approximate) : "");
  }
  Whole scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  const Whole scaled = boost::multiprecision::abs(n) * (scale / d);
  std::string digits = scaled.str();
  if (digits.size() <= static_cast<size_t>(places))
    digits.insert(0, static_cast<size_t>(places) + 1 - digits.size(), '0');
  digits.insert(digits.size() - static_cast<size_t>(places), ".");
  return (n < 0 ? "-" : "") + digits;
}

Exact power(const Exact& x, long n) {
  constexpr long kMostPower = 10'000;
  if (n > kMostPower || n < -kMostPower) throw Error(Code::Exhausted, "calculator: a power beyond 10,000");
  if (n < 0 && x == 0) throw Error(Code::Invalid, "calculator: 0 has no negative power");
  const unsigned long left = static_cast<unsigned long>(n < 0 ? -n : n);
  if ((bits(numerator(x)) + bits(denominator(x))) * left > 2ull * kMostBits)
    throw Error(Code::Exhausted, "calculator: a number of more than 10,000 digits");
  Exact out = 1, square = x;
  for (unsigned long i = left; i > 0; i >>= 1) {
    if (i & 1) out *= square;
    if (i > 1) square *= square;
  }
  return n < 0 ? Exact(1) / out : out;
}

}  // namespace hanok::chain

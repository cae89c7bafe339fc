// The numbers of a JSON schema as languages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lm/grammar/rules.h"

namespace hanok::lm::grammar {

/// -12.50 is {true, "12", "5"}: no zeros at the ends.
struct Decimal {
  bool negative = false;
  std::string whole = "0", fraction;
  bool zero() const { return whole == "0" && fraction.empty(); }
  /// A JSON number; nothing where it is too large or small to be written out.
  static std::optional<Decimal> parse(const std::string& json);
};
int compare(const Decimal& a, const Decimal& b);

struct Bound {
  Decimal at;
  bool strict = false;
};

struct NumberLimits {
  bool whole = false;  // no point, no exponent
  std::optional<Bound> least, most;
  uint32_t multiple_of = 0;  // of a whole number; 0: any
};

constexpr uint32_t kLargestMultiple = 10'000;  // an automaton of so many states counts remainders

/// JSON texts of the numbers within the limits.
Language numbers(const NumberLimits& limits);

}  // namespace hanok::lm::grammar

// Exact numbers of any size for the calculator, and how they are written.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <string>

namespace hanok::chain {

using Whole = boost::multiprecision::cpp_int;
using Exact = boost::multiprecision::cpp_rational;

/// Throws Exhausted beyond 10,000 digits.
void check_size(const Exact& x);
/// "12", "-0.125", "1/3 ≈ 0.333333333333": exact, and where that is no decimal number also rounded to twelve digits.
std::string exact_text(const Exact& x);
/// Rounded to twelve significant digits, without zeros at the end.
std::string rounded_text(double x);
/// x to a whole power, up to 10,000. Throws Invalid for 0 to a negative one.
Exact power(const Exact& x, long n);

}  // namespace hanok::chain

#include "chain/eval/learned_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hanok::chain {
namespace {

std::string array_text(const std::vector<double>& weights) {
  std::string out = "{";
  char number[32];
  for (const double w : weights) {
    std::snprintf(number, sizeof number, "%.3g, ", std::abs(w) < 1e-6 ? 0 : w);
    out += number;
  }
  out.resize(out.size() - 2);
  return out + "}";
}

// Numbers of one row on lines that are not too long.
std::string wrapped(const std::string& row) {
  std::string out, line;
  for (size_t at = 0; at < row.size();) {
    const size_t end = std::min(row.find(' ', at), row.size());
    const std::string word = row.substr(at, end - at);
    if (!line.empty() && line.size() + 1 + word.size() > kLearnedLine) out += line + "\n", line.clear();
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return out + line;
}

}  // namespace

std::string learned_numbers(const std::vector<double>& weights) { return wrapped(array_text(weights)); }

std::string learned_row(const std::string& name, const std::vector<double>& weights) {
  return wrapped("/* " + name + " */ " + array_text(weights) + ",\n");
}

}  // namespace hanok::chain

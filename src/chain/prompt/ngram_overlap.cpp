#include "chain/prompt/ngram_overlap.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace hanok::chain {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  for (size_t at = text.find_first_not_of(kBlanks); at != text.npos; at = text.find_first_not_of(kBlanks, at)) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::map<std::vector<std::string>, size_t> grams(const std::vector<std::string>& words, size_t n) {
  std::map<std::vector<std::string>, size_t> out;
  for (size_t i = 0; i + n <= words.size(); ++i)
    ++out[std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(i),
                                   words.begin() + static_cast<std::ptrdiff_t>(i + n))];
  return out;
}

}  // namespace

double ngram_overlap(std::string_view text, std::string_view reference) {
  constexpr size_t kLongest = 4;
  constexpr double kNothing = 0.1;  // what no match counts as
  const auto said = words(text), known = words(reference);
  if (said.empty()) return 0;
  const size_t orders = std::min(kLongest, said.size());
  double sum = 0;
  for (size_t n = 1; n <= orders; ++n) {
    const auto mine = grams(said, n), theirs = grams(known, n);
    double matches = 0, all = 0;
    for (const auto& [gram, count] : mine) {
      all += static_cast<double>(count);
      const auto found = theirs.find(gram);
      if (found != theirs.end()) matches += static_cast<double>(std::min(count, found->second));
    }
    if (n == 1 && matches == 0) return 0;
    sum += std::log((matches > 0 ? matches : kNothing) / std::max(1.0, all)) / static_cast<double>(orders);
  }
  const double brevity = said.size() >= known.size()
                             ? 1
                             : std::exp(1 - static_cast<double>(known.size()) / static_cast<double>(said.size()));
  return brevity * std::exp(sum);
}

}  // namespace hanok::chain

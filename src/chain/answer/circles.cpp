#include "chain/answer/circles.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kLongestRound = 8;  // sentences
constexpr size_t kTimes = 3;
constexpr size_t kSaidAgain = 48;  // bytes, of all but the first time

}  // namespace

bool Circles::closed_by(std::string_view sentence) {
  const size_t first = sentence.find_first_not_of(" \t\r\n0123456789.)-*");
  if (first == sentence.npos) return false;
  const size_t last = sentence.find_last_not_of(" \t\r\n");
  said_.emplace_back(sentence.substr(first, last + 1 - first));
  for (size_t period = 1; period <= kLongestRound; ++period)
    if (repeats(period)) return true;
  return false;
}

/// Whether the last sentences are those `period` before them, often enough.
bool Circles::repeats(size_t period) const {
  size_t sentences = 0, bytes = 0;
  for (size_t i = said_.size(); i > period && said_[i - 1] == said_[i - 1 - period]; --i) {
    ++sentences;
    bytes += said_[i - 1].size();
    if (sentences >= (kTimes - 1) * period && bytes >= kSaidAgain) return true;
  }
  return false;
}

}  // namespace hanok::chain::answer

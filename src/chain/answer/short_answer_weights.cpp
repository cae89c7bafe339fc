#include <unordered_map>

#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {

double short_answer_weight(std::string_view feature) {
  static const std::unordered_map<std::string_view, double> weights = {
#include "chain/answer/short_answer_weights.inc"
  };
  const auto at = weights.find(feature);
  return at == weights.end() ? 0 : at->second;
}

}  // namespace hanok::chain::answer

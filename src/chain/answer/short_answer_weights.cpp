#include <iterator>

#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

struct Weight {
  const char* feature;
  float weight;
};

// A plain table: a map initialised from thousands of entries takes minutes to compile.
constexpr Weight kWeights[] = {
#include "chain/answer/short_answer_weights.inc"
};

ShortAnswerWeights make_map() {
  ShortAnswerWeights out;
  out.reserve(std::size(kWeights));
  for (const Weight& w : kWeights) out.emplace(w.feature, w.weight);
  return out;
}

}  // namespace

const ShortAnswerWeights& learned_short_answers() {
  static const ShortAnswerWeights weights = make_map();
  return weights;
}

}  // namespace hanok::chain::answer

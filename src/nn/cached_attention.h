// Attention of new tokens over everything that a sequence has cached.
#pragma once

#include <limits>

#include "nn/kv_cache.h"

namespace hanok::nn {

struct CachedAttention {
  size_t heads = 1;
  float scale = 1;     // of the scores
  size_t window = 0;   // a token sees the last `window` tokens, itself among them; 0 = all
  float soft_cap = 0;  // scores become cap * tanh(score / cap) (Gemma 2); 0 = none
  const float* sinks =
      nullptr;  // [heads]: one more score for each head that takes part in the softmax and adds nothing
};

/// Softmax(q k^T) v, sums in float32: of a score in order of head_dim; of what values add within a page in order of
/// tokens, then page by page. Tokens [first, first + count) of `cache`, whose keys and values are in it already. q rows
/// are heads * head_dim floats, ldq apart; out the same, ldo apart. What a token gets depends on its position alone, to
/// the last bit: not on how many tokens come together nor on the number of threads.
void attend(const CachedAttention& how, const KvSequence& cache, size_t layer, size_t first, size_t count,
            const float* q, size_t ldq, float* out, size_t ldo, size_t threads = 0);

}  // namespace hanok::nn

// Scaled dot-product attention over a batch of sequences without padding.
#pragma once

#include "nn/batch.h"

namespace hanok::nn {

/// Rows of queries, keys and values are `stride` floats apart and may stand beside one another in one matrix.
/// Head h of a row takes [h * head_dim, (h + 1) * head_dim); with fewer key heads, head h uses key head
/// h / (heads / kv_heads) (grouped queries, Ainslie et al. 2023).
struct Attention {
  size_t heads = 1, kv_heads = 1, head_dim = 0;
  float scale = 1;                  // of the scores, before the bias
  bool causal = false;              // token i sees tokens <= i
  size_t window = 0;                // token i sees tokens j with |i - j| <= window; 0 = no limit
  const float* relative = nullptr;  // [heads, 2 * reach + 1]: relative[h][j - i + reach] is added to a score
  bool rounded = false;             // products in bf16 where the CPU has them, for plain attention of heads of 32 or 64
  size_t reach = 0;                 // at least the longest sequence - 1 where `relative` is given
};

/// out[t] = softmax(scale q k^T + bias) v for each sequence and head; out rows are heads * head_dim floats, ldo apart.
/// Shares the heads of all sequences among the cores unless the caller is itself one of several workers.
void attend(const Attention& how, const Batch& batch, const float* q, const float* k, const float* v, size_t stride,
            float* out, size_t ldo);

}  // namespace hanok::nn

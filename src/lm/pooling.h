// From the hidden vectors of a text's tokens to one vector, as sentence-transformers does it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "lm/config.h"

namespace hanok::lm {

enum class Pool { Cls, Max, Mean, MeanSqrtLen, WeightedMean, LastToken };

struct Pooling {
  std::vector<Pool> kinds{Pool::Mean};  // several: their vectors one after another, in the order of the enum
  bool include_prompt = true;           // false: the prompt's tokens are left out of max and means

  /// 1_Pooling/config.json in both spellings: pooling_mode_mean_tokens: true, ... or pooling_mode: "mean".
  static Pooling read(const Config& config);
  size_t dim(size_t width) const { return kinds.size() * width; }
};

/// hidden [n, width]; the first `skip` tokens (a prompt) are left out where the kind can. n >= 1. out: width floats.
///   Mean          sum / count                      MeanSqrtLen   sum / sqrt(count)
///   WeightedMean  sum of (i + 1) h[i] / sum of (i + 1)  (Muennighoff 2022, eq. 2), i counted from the text's first
///   token
void pool(Pool kind, const float* hidden, size_t n, size_t width, size_t skip, float* out);

std::string_view name(Pool kind);

}  // namespace hanok::lm

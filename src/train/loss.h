// The loss of classifiers.
#pragma once

#include "train/torch.h"

namespace hanok::train {

struct LossOptions {
  /// s: the target is (1 - s) on its class and s / classes on every one (Szegedy et al. 2016).
  double label_smoothing = 0;
  torch::Tensor class_weights = {};  // [C]; undefined: all weigh 1
  int64_t ignore_index = -100;       // rows with this label add nothing
};
/// The sum over the rows of logits [N, C], float32, of -sum over c of target[c] weight[c] log p[c]; y [N] labels. In
/// nats.
torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& y, const LossOptions& options);

}  // namespace hanok::train

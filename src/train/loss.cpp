#include "train/loss.h"

namespace hanok::train {

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& y, const LossOptions& options) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(logits, y,
                          F::CrossEntropyFuncOptions()
                              .reduction(torch::kSum)
                              .weight(options.class_weights)
                              .ignore_index(options.ignore_index)
                              .label_smoothing(options.label_smoothing));
}

}  // namespace hanok::train

// Weights and pictures made by a rule, for tests: an integer hash, the same bits on every machine, so nets of any size
// can be compared without their files.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "train/weights.h"
#include "vision/models/layers.h"

namespace hanok::vision {

/// In [-1, 1), exact in float.
inline float rule_unit(uint64_t i, uint64_t layer, uint64_t offset) {
  auto x = static_cast<uint32_t>(i * 2654435761u + layer * 40503u + offset);
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return static_cast<float>(static_cast<double>(x >> 8) / 8388608.0 - 1.0);
}

/// value = scale * unit + shift, element by element.
inline void fill(Tensor t, uint64_t layer, uint64_t offset, float scale, float shift) {
  float* at = t.data_ptr<float>();
  for (uint64_t i = 0; i < static_cast<uint64_t>(t.numel()); ++i) at[i] = rule_unit(i, layer, offset) * scale + shift;
}

/// All that state_dict() lists: running mean 0.1 u, running variance 0.25 u + 1, norms 0.25 u + 1 (0.0625 u + 0.2 for
/// the last of a residual branch), biases 0.1 u, everything else uniform with variance 2 / fan_in.
inline void fill_by_rule(const torch::nn::Module& net, uint64_t offset) {
  const torch::NoGradGuard guard;
  const auto all = train::state_of(net);
  bool bottleneck = false;
  for (const auto& [name, t] : all) bottleneck = bottleneck || name.ends_with("bn3.weight");
  const std::string last_norm = bottleneck ? ".bn3." : ".bn2.";
  for (uint64_t k = 0; k < all.size(); ++k) {
    const auto& [name, t] = all[k];
    if (t.scalar_type() != torch::kFloat32)
      t.zero_();
    else if (name.ends_with("running_mean"))
      fill(t, k, offset, 0.1f, 0);
    else if (name.ends_with("running_var"))
      fill(t, k, offset, 0.25f, 1);
    else if (t.dim() == 1 && name.ends_with("weight"))
      name.find(last_norm) != std::string::npos ? fill(t, k, offset, 0.0625f, 0.2f) : fill(t, k, offset, 0.25f, 1);
    else if (t.dim() == 1)
      fill(t, k, offset, 0.1f, 0);
    else
      fill(t, k, offset, static_cast<float>(std::sqrt(6.0 / static_cast<double>(t.numel() / t.size(0)))), 0);
  }
}

constexpr uint64_t kRuleInput = 9999;  // the "layer" of pictures

inline Tensor rule_input(const std::vector<int64_t>& shape, uint64_t offset) {
  Tensor x = torch::empty(shape, torch::kFloat32);
  fill(x, kRuleInput, offset, 1, 0);
  return x;
}

}  // namespace hanok::vision

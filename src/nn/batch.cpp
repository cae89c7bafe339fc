#include "nn/batch.h"

#include <algorithm>
#include <cmath>

namespace hanok::nn {

size_t Batch::longest() const {
  size_t most = 0;
  for (size_t s = 0; s < sequences(); ++s) most = std::max(most, starts[s + 1] - starts[s]);
  return most;
}

void Batch::add(std::span<const int32_t> sequence, std::span<const int32_t> sequence_types) {
  if (!sequence_types.empty() || !types.empty()) {
    types.resize(ids.size(), 0);
    types.insert(types.end(), sequence_types.begin(), sequence_types.end());
    types.resize(ids.size() + sequence.size(), 0);
  }
  ids.insert(ids.end(), sequence.begin(), sequence.end());
  starts.push_back(ids.size());
}

void Batch::clear() {
  ids.clear();
  types.clear();
  starts.assign(1, 0);
}

void RopeTable::reserve(size_t count, size_t half, double base) {
  half_ = half;
  const size_t have = half ? cosine_.size() / half : count;
  if (have >= count) return;
  cosine_.resize(count * half);
  sine_.resize(count * half);
  for (size_t i = 0; i < half; ++i) {
    // The published programs keep frequency and angle in float32; so do we, or late positions would differ.
    const float frequency = static_cast<float>(std::pow(base, -static_cast<double>(i) / static_cast<double>(half)));
    for (size_t p = have; p < count; ++p) {
      const float angle = static_cast<float>(p) * frequency;
      cosine_[p * half + i] = static_cast<float>(std::cos(static_cast<double>(angle)));
      sine_[p * half + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
  }
}

}  // namespace hanok::nn

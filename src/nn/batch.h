// Token sequences one after another without padding, and the memory that a forward pass works in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/gemm.h"

namespace hanok::nn {

/// Sequence s is tokens [starts[s], starts[s + 1]). Linear layers see one matrix [tokens, width]; only attention and
/// pooling look at the starts, so a short text beside a long one costs what it costs alone.
struct Batch {
  std::vector<int32_t> ids;
  std::vector<int32_t> types;  // token_type_ids; empty = all 0
  std::vector<size_t> starts{0};

  size_t tokens() const { return ids.size(); }
  size_t sequences() const { return starts.size() - 1; }
  size_t longest() const;
  void add(std::span<const int32_t> sequence, std::span<const int32_t> sequence_types = {});
  void clear();
};

/// Cosines and sines of rotary positions, [position, half]; computed when a longer sequence comes.
class RopeTable {
 public:
  /// Fills positions [0, count) for heads of 2 * half values. The same object always gets the same half and base.
  void reserve(size_t count, size_t half, double base);
  const float* cosine(size_t position) const { return cosine_.data() + position * half_; }
  const float* sine(size_t position) const { return sine_.data() + position * half_; }

 private:
  size_t half_ = 0;
  std::vector<float> cosine_, sine_;
};

/// Buffers of one forward pass; kept from call to call. One pass at a time may use it.
struct Workspace {
  math::Scratch qkv, context, inner, normed;
  RopeTable rope[2];
  std::vector<float> relative;  // attention bias by distance
};

}  // namespace hanok::nn

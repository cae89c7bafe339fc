// What flows through a net of convolutions: [N, H, W, C], channels together. So a convolution's windows are runs of
// memory, and its product with the weights writes the next layer's input as it wants it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "math/gemm.h"

namespace hanok::nn {

/// Of one picture in a net.
struct Shape {
  size_t height = 0, width = 0, channels = 0;
  size_t size() const { return height * width * channels; }
  bool operator==(const Shape&) const = default;
};

struct Values {
  size_t count = 0;  // pictures
  Shape shape = {};
  math::Scratch data = {};

  size_t size() const { return count * shape.size(); }
  float* picture(size_t i) { return data.data() + i * shape.size(); }
  const float* picture(size_t i) const { return data.data() + i * shape.size(); }
};

/// Buffers that layers take and give back, so that a pass over many groups of pictures asks the system for memory once.
class Workspace {
 public:
  Values take(size_t count, Shape shape) {
    Values out{count, shape};
    if (!free_.empty()) {
      out.data = std::move(free_.back());
      free_.pop_back();
    }
    out.data.reserve(out.size());
    return out;
  }
  void give_back(Values values) { free_.push_back(std::move(values.data)); }

 private:
  std::vector<math::Scratch> free_;
};

}  // namespace hanok::nn

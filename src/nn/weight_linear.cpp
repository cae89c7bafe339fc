#include "nn/weight_linear.h"

#include <utility>

namespace hanok::nn {
namespace {

// Formats that math multiplies by as they are; F64 is widened.
bool usable(const Tensor& tensor) {
  const auto format = tensor.format();
  return format && tensor.columns() % math::info(*format).block == 0;
}

}  // namespace

WeightLinear::WeightLinear(const Weights& weights, const std::vector<std::string>& names,
                           const std::vector<size_t>& out, size_t in, bool exact)
    : in_(in) {
  bool as_they_are = !exact;
  for (size_t i = 0; i < names.size(); ++i)
    as_they_are = as_they_are && usable(weights.at(names[i] + ".weight", {out[i], in}));
  for (const size_t n : out) out_ += n;
  if (!as_they_are) {
    wide_ = Linear(weights, names, out, in);
    return;
  }
  size_t first = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor& w = weights.at(names[i] + ".weight", {out[i], in});
    Part part{.weights = math::PackedWeights(*w.format(), w.bytes.data(), out[i], in), .bias = {}, .first = first};
    if (weights.find(names[i] + ".bias")) part.bias = read_floats(weights.at(names[i] + ".bias", {out[i]}));
    parts_.push_back(std::move(part));
    first += out[i];
  }
}

size_t WeightLinear::bytes() const {
  if (parts_.empty()) return in_ * out_ * sizeof(float);
  size_t n = 0;
  for (const Part& part : parts_) n += part.weights.bytes();
  return n;
}

void WeightLinear::operator()(const float* x, size_t ldx, size_t m, float* y, size_t ldy, LinearMemory& memory) const {
  if (parts_.empty()) return wide_(x, ldx, m, y, ldy);
  bool ready[2] = {false, false};
  for (const Part& part : parts_) {
    const auto arithmetic = part.weights.arithmetic();
    math::Activations& a = arithmetic == math::Arithmetic::Bytes ? memory.bytes : memory.floats;
    if (!std::exchange(ready[static_cast<size_t>(arithmetic)], true)) a.set(x, ldx, m, in_, arithmetic);
    product(a, part.weights, y + part.first, ldy, {.bias = part.bias.empty() ? nullptr : part.bias.data()});
  }
}

size_t linear_bytes(const Tensor& tensor, bool exact) {
  if (exact || !usable(tensor)) return tensor.count() * sizeof(float);
  return tensor.bytes.size();
}

}  // namespace hanok::nn

#include "nn/weight_linear.h"

#include <iterator>
#include <utility>

namespace hanok::nn {
namespace {

constexpr size_t kMostParts = 4;  // multiplied together; of queries, keys and values there are three

// Formats that math multiplies by as they are; F64 is widened.
bool usable(const Tensor& tensor) {
  const auto format = tensor.format();
  return format && tensor.columns() % math::info(*format).block == 0;
}

}  // namespace

WeightLinear::WeightLinear(const Weights& weights, const std::vector<std::string>& names,
                           const std::vector<size_t>& out, size_t in, Precision precision)
    : in_(in) {
  bool as_they_are = precision != Precision::Exact;
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
    part.arithmetic = part.weights.arithmetic();
    if (precision == Precision::Fast && *w.format() == math::WeightFormat::Bf16 &&
        math::features().has(math::Feature::Bf16))
      part.arithmetic = math::Arithmetic::Bf16;
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
  bool ready[std::size(memory.of)] = {};
  math::ProductTask tasks[kMostParts];
  size_t n = 0;
  for (const Part& part : parts_) {
    const auto which = static_cast<size_t>(part.arithmetic);
    math::Activations& a = memory.of[which];
    if (!std::exchange(ready[which], true)) a.set(x, ldx, m, in_, part.arithmetic);
    tasks[n++] = {&a, &part.weights, y + part.first, ldy, {.bias = part.bias.empty() ? nullptr : part.bias.data()}};
    if (n == kMostParts) math::products({tasks, std::exchange(n, 0)});
  }
  math::products({tasks, n});
}

size_t linear_bytes(const Tensor& tensor, bool exact) {
  if (exact || !usable(tensor)) return tensor.count() * sizeof(float);
  return tensor.bytes.size();
}

}  // namespace hanok::nn

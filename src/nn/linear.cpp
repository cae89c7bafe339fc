#include "nn/linear.h"

namespace hanok::nn {

Linear::Linear(const Weights& weights, const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in,
               LinearPrecision precision)
    : precision_(precision) {
  std::vector<const Tensor*> row_tensor;  // of each row of W
  std::vector<size_t> row_first;          // and its first element there
  std::vector<float> bias;
  bool any_bias = false;
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor& w = weights.at(names[i] + ".weight", {out[i], in});
    for (size_t r = 0; r < out[i]; ++r) {
      row_tensor.push_back(&w);
      row_first.push_back(r * in);
    }
    const size_t before = bias.size();
    bias.resize(before + out[i], 0.0f);
    if (!weights.find(names[i] + ".bias")) continue;
    read_floats(weights.at(names[i] + ".bias", {out[i]}), 0, out[i], bias.data() + before);
    any_bias = true;
  }
  if (!any_bias) bias.clear();
  const auto fill = [&](size_t row, float* to) { read_floats(*row_tensor[row], row_first[row], in, to); };
  if (precision == LinearPrecision::Int8)
    bytes_.pack_rows(row_tensor.size(), in, fill, std::move(bias));
  else
    packed_.pack_rows(row_tensor.size(), in, fill, std::move(bias));
}

}  // namespace hanok::nn

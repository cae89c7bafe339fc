#include "vision/models/small_maps.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

constexpr int64_t kFewestPictures = 16;

int64_t side_after(int64_t side, int64_t kernel, int64_t stride, int64_t padding) {
  return (side + 2 * padding - kernel) / stride + 1;
}

struct SmallMap {
  SmallMap(at::IntArrayRef x, at::IntArrayRef weight, int64_t s, int64_t p)
      : in(x[1]), height(x[2]), width(x[3]), out(weight[0]), kernel(weight[2]), stride(s), padding(p) {
    out_height = side_after(height, kernel, stride, padding), out_width = side_after(width, kernel, stride, padding);
  }
  // The taps through which pixel (i, j) of the output sees row `row` of the input: a run of each. Calls
  // take(slice of the matrix, slice of the kernel), both [out, pixels, in], for all of them.
  template <typename Take>
  void for_runs(const at::Tensor& matrix, const at::Tensor& weight, const Take& take) const {
    const at::Tensor of = matrix.view({out_height, out_width, out, height, width, in}),
                     taps = weight.permute({2, 3, 0, 1});
    for (int64_t i = 0; i < out_height; ++i)
      for (int64_t j = 0; j < out_width; ++j)
        for (int64_t row = 0; row < height; ++row) {
          const int64_t tap_row = row - i * stride + padding, left = j * stride - padding;
          const int64_t first = std::max<int64_t>(0, left), last = std::min(width, left + kernel);
          if (tap_row < 0 || tap_row >= kernel || first >= last) continue;
          take(of.select(0, i).select(0, j).select(1, row).narrow(1, first, last - first),
               taps.select(0, tap_row).narrow(0, first - left, last - first).permute({1, 0, 2}));
        }
  }
  at::Tensor matrix_of(const at::Tensor& weight, at::ScalarType type) const {
    at::Tensor matrix = at::zeros({out_height * out_width * out, height * width * in}, weight.options().dtype(type));
    for_runs(matrix, weight, [](at::Tensor to, const at::Tensor& from) { to.copy_(from); });
    return matrix;
  }
  at::Tensor rows_of(const at::Tensor& maps) const {
    return maps.permute({0, 2, 3, 1}).reshape({maps.size(0), maps.numel() / maps.size(0)});
  }
  int64_t in, height, width, out, kernel, stride, padding, out_height, out_width;
};

struct SmallMapProduct : torch::autograd::Function<SmallMapProduct> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const c10::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                            at::ScalarType type) {
    const SmallMap map(x.sizes(), weight.sizes(), stride, padding);
    const at::Tensor rows = map.rows_of(x).to(type), matrix = map.matrix_of(weight, type);
    at::Tensor y = rows.mm(matrix.t());
    const int64_t pixels = map.out_height * map.out_width;
    if (bias) y.view({x.size(0), pixels, map.out}).add_(*bias);
    context->save_for_backward({rows, matrix, weight});
    context->saved_data["x"] = x.sizes();
    context->saved_data["type"] = static_cast<int64_t>(x.scalar_type());
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["bias"] = bias.has_value();
    return y.view({x.size(0), map.out_height, map.out_width, map.out}).permute({0, 3, 1, 2});
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    if (at::GradMode::is_enabled())
      throw Error(Code::Unsupported, "convolutions on small maps are differentiated once, not twice");
    const auto saved = context->get_saved_variables();
    const at::Tensor &rows = saved[0], &matrix = saved[1], &weight = saved[2];
    const auto shape = context->saved_data["x"].toIntVector();
    const SmallMap map(shape, weight.sizes(), context->saved_data["stride"].toInt(),
                       context->saved_data["padding"].toInt());
    const at::Tensor g = map.rows_of(gradients[0]).to(matrix.scalar_type());
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0))
      of_x = g.mm(matrix)
                 .view({shape[0], shape[2], shape[3], shape[1]})
                 .permute({0, 3, 1, 2})
                 .to(static_cast<at::ScalarType>(context->saved_data["type"].toInt()));
    if (context->needs_input_grad(1)) {
      of_weight = at::zeros_like(weight);
      map.for_runs(g.t().mm(rows), of_weight, [](const at::Tensor& from, at::Tensor to) { to.add_(from); });
    }
    if (context->saved_data["bias"].toBool())
      of_bias = g.view({-1, map.out}).sum(0, /*keepdim=*/false, weight.scalar_type());
    return {of_x, of_weight, of_bias, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool small_map_serves(const at::Tensor& x, const at::Tensor& weight, int64_t stride, int64_t padding, int64_t groups) {
  if (!x.is_cpu() || x.dim() != 4 || groups != 1 || x.size(0) < kFewestPictures || x.size(1) != weight.size(1))
    return false;
  const int64_t kernel = weight.size(2);
  const bool there = side_after(x.size(2), kernel, stride, padding) > 0 && x.size(2) + 2 * padding >= kernel &&
                     side_after(x.size(3), kernel, stride, padding) > 0 && x.size(3) + 2 * padding >= kernel;
  return there && x.size(2) * x.size(3) < kernel * kernel;
}

at::Tensor product_on_small_map(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride,
                                int64_t padding, at::ScalarType type) {
  return SmallMapProduct::apply(x, weight, bias.defined() ? c10::optional<at::Tensor>(bias) : c10::nullopt, stride,
                                padding, type);
}

}  // namespace hanok::vision

#include "vision/models/bf16_maps.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <string>
#include <vector>

#include "hanok/error.h"
#include "math/layer.h"
#include "vision/models/on_threads.h"

namespace hanok::vision {
namespace {

const uint16_t* halves(const at::Tensor& t) { return static_cast<const uint16_t*>(t.data_ptr()); }
uint16_t* halves_to_write(at::Tensor& t) { return static_cast<uint16_t*>(t.data_ptr()); }

void refuse_second_derivatives(const char* what) {
  if (at::GradMode::is_enabled())
    throw Error(Code::Unsupported, std::string(what) + " in bfloat16 is differentiated once, not twice");
}

// work(begin, count) over n numbers, in parts that are worth a thread.
template <typename Work>
void over_numbers(int64_t n, const Work& work) {
  constexpr int64_t kAtOnce = 1 << 14;
  on_threads((n + kAtOnce - 1) / kAtOnce, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * kAtOnce;
    work(from, static_cast<size_t>(std::min(n, end * kAtOnce) - from));
  });
}

struct Bf16Tanh : torch::autograd::Function<Bf16Tanh> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    at::Tensor y = at::empty_like(x);
    auto* to = halves_to_write(y);
    over_numbers(x.numel(), [&, from = halves(x)](int64_t at, size_t n) {
      math::layer_kernels().tanh_bf16(from + at, n, to + at);
    });
    context->save_for_backward({y});
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    refuse_second_derivatives("tanh");
    const at::Tensor y = context->get_saved_variables()[0];
    at::Tensor g = gradients[0].to(at::kBFloat16);
    if (g.strides() != y.strides()) g = at::empty_like(y).copy_(g);
    at::Tensor of_x = at::empty_like(y);
    auto* to = halves_to_write(of_x);
    over_numbers(y.numel(), [&, of = halves(g), from = halves(y)](int64_t at, size_t n) {
      math::layer_kernels().tanh_gradient_bf16(of + at, from + at, n, to + at);
    });
    return {of_x};
  }
};

struct Bf16MeanPool : torch::autograd::Function<Bf16MeanPool> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& given, int64_t k) {
    const at::Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t c = x.size(1), h = x.size(2), w = x.size(3);
    at::Tensor y = at::empty({x.size(0), c, h / k, w / k}, x.options(), at::MemoryFormat::ChannelsLast);
    auto* to = halves_to_write(y);
    on_threads(x.size(0), [&, from = halves(x)](int64_t begin, int64_t end) {
      std::vector<float> sums(static_cast<size_t>(w * c));
      for (int64_t n = begin; n < end; ++n)
        math::layer_kernels().mean_pool_bf16(from + n * c * h * w, h, w, c, k, sums.data(),
                                             to + n * c * (h / k) * (w / k));
    });
    context->saved_data["shape"] = x.sizes();
    context->saved_data["k"] = k;
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    refuse_second_derivatives("the mean pool");
    const auto shape = context->saved_data["shape"].toIntVector();
    const int64_t k = context->saved_data["k"].toInt(), c = shape[1], h = shape[2], w = shape[3];
    const at::Tensor g = gradients[0].to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor of_x = at::empty(shape, g.options(), at::MemoryFormat::ChannelsLast);
    auto* to = halves_to_write(of_x);
    on_threads(shape[0], [&, from = halves(g)](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n)
        math::layer_kernels().mean_pool_gradient_bf16(from + n * c * (h / k) * (w / k), h, w, c, k, to + n * c * h * w);
    });
    return {of_x, at::Tensor()};
  }
};

bool bf16_here(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kBFloat16 && x.numel() > 0; }

}  // namespace

bool bf16_tanh_serves(const at::Tensor& x) { return bf16_here(x) && x.is_non_overlapping_and_dense(); }
at::Tensor bf16_tanh(const at::Tensor& x) { return Bf16Tanh::apply(x); }

bool bf16_mean_pool_serves(const at::Tensor& x, int64_t k) {
  return bf16_here(x) && x.dim() == 4 && x.size(2) >= k && x.size(3) >= k;
}
at::Tensor bf16_mean_pool(const at::Tensor& x, int64_t k) { return Bf16MeanPool::apply(x, k); }

}  // namespace hanok::vision

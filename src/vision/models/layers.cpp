#include "vision/models/layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "hanok/error.h"
#include "train/machine.h"
#include "vision/models/bf16_maps.h"
#include "vision/models/norm_pass.h"
#include "vision/models/recording.h"
#include "vision/models/small_maps.h"

namespace hanok::vision {
namespace {

constexpr double kNormEpsilon = 1e-5;  // PyTorch's

thread_local bool without_initialisation = false;

bool dry() { return Recording::current() && Recording::current()->dry(); }

// One number has no spread: its variance, by n - 1, is no number, and would stay in the running one.
void require_several(const Tensor& x, const Tensor& weight, bool training) {
  if (!training || dry() || x.numel() > weight.size(0)) return;
  throw Error(Code::Invalid,
              "batch normalisation: a batch of one with maps of one pixel has one number a channel, expected several; "
              "take a larger --batch or --size");
}

Tensor parameter(at::IntArrayRef shape) { return torch::empty(shape, torch::kFloat32); }

Step step(Op op, const torch::nn::Module* layer, double value = 0) {
  Step s;
  s.op = op;
  s.layer = layer;
  s.value = value;
  return s;
}

Step window(Op op, const torch::nn::Module* layer, int64_t kernel, int64_t stride, int64_t padding) {
  Step s = step(op, layer);
  s.kernel = kernel;
  s.stride = stride;
  s.padding = padding;
  return s;
}

}  // namespace

WithoutInitialisation::WithoutInitialisation() : before_(without_initialisation) { without_initialisation = true; }
WithoutInitialisation::~WithoutInitialisation() { without_initialisation = before_; }
bool WithoutInitialisation::holds() { return without_initialisation; }

void initialise_uniform(Tensor& weight, Tensor& bias) {
  if (WithoutInitialisation::holds()) return;
  const torch::NoGradGuard guard;
  const double bound = 1 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0)));
  weight.uniform_(-bound, bound);
  if (bias.defined()) bias.uniform_(-bound, bound);
}

void initialise_he(Tensor& weight) {
  if (WithoutInitialisation::holds()) return;
  const torch::NoGradGuard guard;
  const double fan_out = static_cast<double>(weight.numel() / weight.size(1));
  weight.normal_(0, std::sqrt(2 / fan_out));
}

Conv::Conv(int64_t in, int64_t out, const ConvOptions& o) : options(o) {
  weight = register_parameter("weight", parameter({out, in / o.groups, o.kernel, o.kernel}));
  if (o.bias) bias = register_parameter("bias", parameter({out}));
  initialise_uniform(weight, bias);
}

Tensor Conv::forward(Tensor x) {
  Step s = window(Op::Conv, this, options.kernel, options.stride, options.padding);
  s.groups = options.groups;
  s.shortcut = options.shortcut;
  return noted(s, {x}, [&](bool) {
    const auto size = [&](int64_t n) { return (n + 2 * options.padding - options.kernel) / options.stride + 1; };
    if (dry()) return x.new_empty({x.size(0), weight.size(0), size(x.size(2)), size(x.size(3))});
    if (small_map_serves(x, weight, options.stride, options.padding, options.groups))
      return product_on_small_map(x, weight, bias, options.stride, options.padding, train::type_of_products(x));
    return at::conv2d(x, weight, bias, options.stride, options.padding, /*dilation=*/1, options.groups);
  });
}

Linear::Linear(int64_t in, int64_t out) {
  weight = register_parameter("weight", parameter({out, in}));
  bias = register_parameter("bias", parameter({out}));
  initialise_uniform(weight, bias);
}

Tensor Linear::forward(Tensor x) {
  return noted(step(Op::Linear, this), {x}, [&](bool) {
    return dry() ? x.new_empty({x.size(0), weight.size(0)}) : at::linear(x, weight, bias);
  });
}

BatchNorm::BatchNorm(int64_t channels, double m) : momentum(m) {
  weight = register_parameter("weight", torch::ones({channels}));
  bias = register_parameter("bias", torch::zeros({channels}));
  running_mean = register_buffer("running_mean", torch::zeros({channels}));
  running_var = register_buffer("running_var", torch::ones({channels}));
  num_batches_tracked = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

Tensor BatchNorm::forward(Tensor x) {
  if (folded) return x;
  require_several(x, weight, is_training());
  return noted(step(Op::BatchNorm, this, kNormEpsilon), {x}, [&](bool) {
    if (is_training()) num_batches_tracked += 1;
    if (is_training() && norm_serves(x, weight, {}))
      return normed(x, weight, bias, {}, running_mean, running_var, {momentum, kNormEpsilon});
    return at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), momentum, kNormEpsilon,
                          /*cudnn_enabled=*/true);
  });
}

Tensor BatchNorm::rectified(Tensor x, const Tensor& shortcut) {
  // Where steps are written down, each is one of its own.
  if (folded || !is_training() || Recording::current() || !norm_serves(x, weight, shortcut)) {
    const Tensor y = forward(std::move(x));
    return vision::rectified(shortcut.defined() ? added(y, shortcut) : y);
  }
  require_several(x, weight, is_training());
  num_batches_tracked += 1;
  return normed(x, weight, bias, shortcut, running_mean, running_var, {momentum, kNormEpsilon, /*relu=*/true});
}

Tensor Relu::forward(Tensor x) {
  return noted(step(Op::Relu, this), {x}, [&](bool in_place) { return in_place ? x.relu_() : x.relu(); });
}

Tensor LeakyRelu::forward(Tensor x) {
  return noted(step(Op::LeakyRelu, this, slope), {x},
               [&](bool in_place) { return in_place ? at::leaky_relu_(x, slope) : at::leaky_relu(x, slope); });
}

Tensor Sigmoid::forward(Tensor x) {
  return noted(step(Op::Sigmoid, this), {x}, [&](bool) { return x.sigmoid(); });
}

Tensor Tanh::forward(Tensor x) {
  return noted(step(Op::Tanh, this), {x}, [&](bool) { return bf16_tanh_serves(x) ? bf16_tanh(x) : x.tanh(); });
}

Tensor Gelu::forward(Tensor x) {
  return noted(step(Op::Gelu, this), {x}, [&](bool) { return at::gelu(x); });
}

Tensor MaxPool::forward(Tensor x) {
  return noted(window(Op::MaxPool, this, kernel, stride, padding), {x},
               [&](bool) { return at::max_pool2d(x, kernel, stride, padding); });
}

Tensor AveragePool::forward(Tensor x) {
  return noted(window(Op::AveragePool, this, kernel, kernel, 0), {x}, [&](bool) {
    return bf16_mean_pool_serves(x, kernel) ? bf16_mean_pool(x, kernel) : at::avg_pool2d(x, kernel);
  });
}

Tensor AdaptiveAveragePool::forward(Tensor x) {
  return noted(window(Op::AdaptiveAveragePool, this, size, 0, 0), {x}, [&](bool) {
    return at::adaptive_avg_pool2d(x, {size, size});
  });
}

Tensor Flatten::forward(Tensor x) {
  return noted(step(Op::Flatten, this), {x}, [&](bool) { return x.flatten(1); });
}

Tensor Dropout::forward(Tensor x) {
  return noted(step(Op::Dropout, this, p), {x}, [&](bool) { return at::dropout(x, p, is_training()).alias(); });
}

Sequence& Sequence::add(std::shared_ptr<Layer> layer) {
  register_module(std::to_string(layers.size()), layer);
  layers.push_back(std::move(layer));
  return *this;
}

Tensor Sequence::forward(Tensor x) {
  for (size_t i = 0; i < layers.size(); ++i) {
    auto* norm = dynamic_cast<BatchNorm*>(layers[i].get());
    const bool relu_follows = norm && i + 1 < layers.size() && dynamic_cast<Relu*>(layers[i + 1].get());
    if (relu_follows && !Recording::current())
      x = norm->rectified(std::move(x)), ++i;
    else
      x = layers[i]->forward(std::move(x));
  }
  return x;
}

Tensor rectified(const Tensor& x) {
  return noted(step(Op::Relu, nullptr), {x}, [&](bool in_place) { return in_place ? Tensor(x).relu_() : x.relu(); });
}

Tensor added(const Tensor& a, const Tensor& b) {
  return noted(step(Op::Add, nullptr), {a, b}, [&](bool in_place) { return in_place ? Tensor(a).add_(b) : a + b; });
}

}  // namespace hanok::vision

// The layers that have passes of their own while they learn, against libtorch's one after another.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "hanok/error.h"
#include "train/machine.h"
#include "vision/models/bf16_maps.h"
#include "vision/models/layers.h"
#include "vision/models/norm_pass.h"
#include "vision/models/recording.h"
#include "vision/models/small_maps.h"

namespace hanok::vision {
namespace {

struct Norm {
  explicit Norm(int64_t channels)
      : weight(torch::randn({channels}).requires_grad_()),
        bias(torch::randn({channels}).requires_grad_()),
        mean(torch::randn({channels})),
        var(torch::rand({channels})) {}
  Tensor weight, bias, mean, var;
};

// Largest difference, as a share of b's spread.
double apart(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  const Tensor x = a.detach().to(torch::kDouble), y = b.detach().to(torch::kDouble);
  return (x - y).abs().max().item<double>() / (y.abs().max().item<double>() + 1e-12);
}

Tensor leaf(const Tensor& t) { return t.detach().clone(torch::MemoryFormat::Preserve).requires_grad_(); }

// bf16 has eight bits; what relu cuts off may be on the other side of 0 by one of them.
void compare_norms(at::IntArrayRef shape, torch::ScalarType type, bool relu, bool shortcut, bool together) {
  torch::manual_seed(1);
  const Norm own(shape[1]);
  Tensor start = (torch::randn(shape) * 2 + 5).to(type), beside = torch::randn(shape).to(type);
  if (together && shape.size() == 4) start = start.contiguous(torch::MemoryFormat::ChannelsLast);
  const Tensor x = leaf(start), x2 = leaf(start.to(torch::kDouble)), s = leaf(beside),
               s2 = leaf(beside.to(torch::kDouble));
  Tensor mean = own.mean.clone(), var = own.var.clone();
  ASSERT_TRUE(norm_serves(x, own.weight, shortcut ? s : Tensor()));
  const Tensor y = normed(x, own.weight, own.bias, shortcut ? s : Tensor(), mean, var,
                          {.momentum = 0.3, .epsilon = 1e-5, .relu = relu});
  const Tensor w2 = leaf(own.weight.to(torch::kDouble)), b2 = leaf(own.bias.to(torch::kDouble));
  Tensor mean2 = own.mean.to(torch::kDouble), var2 = own.var.to(torch::kDouble);
  Tensor y2 = at::batch_norm(x2, w2, b2, mean2, var2, true, 0.3, 1e-5, false);
  if (shortcut) y2 = y2 + s2;
  if (relu) y2 = y2 * (y.detach() > 0).to(torch::kDouble);  // with the same side of 0 for both
  EXPECT_EQ(y.scalar_type(), type);
  const bool half = type == torch::kBFloat16;
  const double close = half ? 0.006 : 2e-5;
  EXPECT_LT(apart(y, y2), close);
  EXPECT_LT(apart(mean, mean2), 1e-5);
  EXPECT_LT(apart(var, var2), 1e-5);
  const Tensor g = torch::randn(shape).to(type);
  y.backward(g);
  y2.backward(g.to(torch::kDouble));
  EXPECT_LT(apart(x.grad(), x2.grad()), close);
  if (shortcut) {
    EXPECT_LT(apart(s.grad(), s2.grad()), 1e-9);
  }
  EXPECT_LT(apart(own.weight.grad(), w2.grad()), 1e-4);
  EXPECT_LT(apart(own.bias.grad(), b2.grad()), 1e-4);
}

TEST(OwnPasses, NormsAreThoseOfLibtorch) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16})
    for (const bool relu : {false, true})
      for (const bool shortcut : {false, true})
        for (const bool together : {false, true}) {
          compare_norms({5, 7, 3, 11}, type, relu, shortcut, together);
          compare_norms({6, 33, 1, 1}, type, relu, shortcut, together);
          compare_norms({9, 64, 16, 17}, type, relu, shortcut, together);  // two parts and more
        }
  compare_norms({3, 20}, torch::kFloat32, false, false, false);
}

TEST(OwnPasses, SumsDoNotDependOnThreads) {
  torch::manual_seed(2);
  const Tensor start = torch::randn({16, 64, 16, 16});
  std::vector<Tensor> found[2];
  const int before = at::get_num_threads();
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    BatchNorm norm(64);
    const Tensor x = leaf(start), y = norm.rectified(x);
    (y * y).sum().backward();
    found[threads - 1] = {y.detach(), x.grad(), norm.weight.grad(), norm.running_var};
  }
  at::set_num_threads(before);
  for (size_t i = 0; i < found[0].size(); ++i) EXPECT_TRUE(torch::equal(found[0][i], found[1][i])) << i;
}

TEST(OwnPasses, AnotherNumberOfChannelsIsRefused) {
  BatchNorm norm(3);
  EXPECT_THROW(norm.forward(torch::randn({4, 2, 3, 3})), c10::Error);
  EXPECT_FALSE(norm_serves(torch::randn({4, 2, 3, 3}), norm.weight, {}));
  EXPECT_FALSE(norm_serves(torch::randn({1, 3, 1, 1}), norm.weight, {})) << "a variance needs two";
}

TEST(OwnPasses, AFrozenNormHasNoGradientAndPassesItOn) {
  BatchNorm norm(4);
  norm.weight.requires_grad_(false);
  const Tensor x = leaf(torch::randn({4, 4, 3, 3}));
  (norm.forward(x) * torch::randn({4, 4, 3, 3})).sum().backward();
  EXPECT_FALSE(norm.weight.grad().defined());
  EXPECT_TRUE(norm.bias.grad().defined());
  EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
}

TEST(OwnPasses, SecondDerivativesAreRefused) {
  BatchNorm norm(4);
  const Tensor x = leaf(torch::randn({4, 4, 3, 3})), y = norm.forward(x);
  EXPECT_THROW(torch::autograd::grad({(y * y).sum()}, {x}, {}, true, /*create_graph=*/true), Error);
}

struct SmallCase {
  int64_t in, out, height, width, kernel, stride, padding;
};

TEST(OwnPasses, SmallMapsAreConvolutions) {
  for (const SmallCase c : {SmallCase{8, 6, 1, 1, 3, 1, 1},
                            {8, 6, 2, 2, 3, 1, 1},
                            {5, 7, 2, 2, 3, 2, 1},
                            {3, 4, 2, 3, 3, 1, 1},
                            {3, 4, 4, 5, 5, 1, 2},
                            {3, 4, 1, 2, 3, 2, 1},
                            {3, 4, 2, 2, 2, 1, 1},
                            {2, 3, 4, 4, 7, 2, 3}})
    for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kBFloat16})
      for (const bool biased : {false, true}) {
        torch::manual_seed(3);
        if (c.height * c.width >= c.kernel * c.kernel) {
          EXPECT_FALSE(small_map_serves(torch::zeros({16, c.in, c.height, c.width}),
                                        torch::zeros({c.out, c.in, c.kernel, c.kernel}), c.stride, c.padding, 1));
          continue;
        }
        const auto own = type == torch::kFloat64 ? type : torch::kFloat32;  // of the weights
        const Tensor x = leaf(torch::randn({17, c.in, c.height, c.width}).to(type)),
                     w = leaf(torch::randn({c.out, c.in, c.kernel, c.kernel})
                                  .to(own)
                                  .contiguous(torch::MemoryFormat::ChannelsLast)),
                     b = biased ? leaf(torch::randn({c.out}).to(own)) : Tensor();
        ASSERT_TRUE(small_map_serves(x, w, c.stride, c.padding, 1));
        const Tensor y = product_on_small_map(x, w, b, c.stride, c.padding, type);
        const Tensor x2 = leaf(x.to(torch::kFloat64)), w2 = leaf(w.to(torch::kFloat64)),
                     b2 = biased ? leaf(b.to(torch::kFloat64)) : Tensor();
        const Tensor y2 = at::conv2d(x2, w2, b2, c.stride, c.padding);
        const double close = type == torch::kFloat64 ? 1e-12 : type == torch::kFloat32 ? 1e-5 : 0.02;
        EXPECT_LT(apart(y, y2), close);
        EXPECT_TRUE(y.is_contiguous(torch::MemoryFormat::ChannelsLast));
        const Tensor g = torch::randn(y.sizes()).to(type);
        y.backward(g);
        y2.backward(g.to(torch::kFloat64));
        EXPECT_LT(apart(x.grad(), x2.grad()), close);
        EXPECT_LT(apart(w.grad(), w2.grad()), close);
        if (biased) {
          EXPECT_LT(apart(b.grad(), b2.grad()), close);
        }
        EXPECT_EQ(x.grad().scalar_type(), type);
        EXPECT_EQ(w.grad().strides(), w.strides());
      }
  const Tensor few = torch::zeros({2, 4, 1, 1}), kernel = torch::zeros({4, 4, 3, 3});
  EXPECT_FALSE(small_map_serves(few, kernel, 1, 1, 1)) << "not for a handful of pictures";
  EXPECT_FALSE(small_map_serves(torch::zeros({16, 4, 1, 1}), kernel, 1, 0, 1)) << "nor where nothing comes out";
}

TEST(OwnPasses, AutocastReachesThem) {
  Conv conv(16, 16, {.kernel = 3, .padding = 1});
  const Tensor x = torch::randn({32, 16, 2, 2});
  EXPECT_EQ(train::type_of_products(x), torch::kFloat32);
  const train::Autocast autocast(true);
  EXPECT_EQ(train::type_of_products(x), torch::kBFloat16);
  EXPECT_EQ(conv.forward(x).scalar_type(), torch::kBFloat16);
}

TEST(OwnPasses, TanhAndMeanPoolsAreThoseOfLibtorch) {
  for (const auto& shape : {std::vector<int64_t>{5, 6, 7, 9}, {3, 16, 4, 4}, {2, 1, 28, 28}, {40, 33, 6, 6}})
    for (const bool together : {false, true}) {
      torch::manual_seed(4);
      Tensor start = (2 * torch::randn(shape)).to(torch::kBFloat16);
      if (together) start = start.contiguous(torch::MemoryFormat::ChannelsLast);
      const auto check = [&](const auto& own, const auto& of_libtorch) {
        const Tensor x = leaf(start), x2 = leaf(start.to(torch::kDouble)), y = own(x), y2 = of_libtorch(x2);
        EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
        EXPECT_LT(apart(y, y2), 0.005);
        const Tensor g = torch::randn(y.sizes()).to(torch::kBFloat16);
        y.backward(g);
        y2.backward(g.to(torch::kDouble));
        EXPECT_LT(apart(x.grad(), x2.grad()), 0.02);
      };
      check([](const Tensor& x) { return bf16_tanh(x); }, [](const Tensor& x) { return x.tanh(); });
      for (const int64_t k : {2, 3})
        check([&](const Tensor& x) { return bf16_mean_pool(x, k); },
              [&](const Tensor& x) { return at::avg_pool2d(x, k); });
    }
  EXPECT_FALSE(bf16_tanh_serves(torch::zeros({3}))) << "float32 keeps libtorch's";
  EXPECT_FALSE(bf16_mean_pool_serves(torch::zeros({2, 3, 2, 2}, torch::kBFloat16), 3));
}

// A relu behind a norm goes along with it, and where steps are written down it is one of its own.
TEST(OwnPasses, ARecordingSeesEveryLayer) {
  Sequence net;
  net.add<Conv>(3, 4, ConvOptions{.kernel = 3}).add<BatchNorm>(4).add<Relu>();
  const Tensor x = torch::randn({4, 3, 6, 6}), fused = net.forward(x);
  const Recording recording(net, x, Recording::Real);
  const Tensor apart_from_it = net.forward(x);
  EXPECT_EQ(recording.steps().size(), 4u);
  EXPECT_LT(apart(fused, apart_from_it), 1e-5);
}

}  // namespace
}  // namespace hanok::vision

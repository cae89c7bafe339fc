#include "vision/models/layers.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>

#include "hanok/error.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

// Analytic gradients of the weights and the input against central differences, in float64.
void expect_gradients(Layer& layer, Tensor x) {
  layer.to(torch::kFloat64);
  x = x.to(torch::kFloat64);
  torch::manual_seed(3);
  const Tensor weights = torch::randn_like(layer.forward(x.clone()).detach());
  const auto loss = [&](const Tensor& at) { return (layer.forward(at.clone()) * weights).sum(); };
  std::vector<Tensor> variables{x.requires_grad_()};
  for (const auto& p : layer.parameters()) variables.push_back(p);
  const auto gradients = torch::autograd::grad({loss(x)}, variables);
  const torch::NoGradGuard guard;
  constexpr double kStep = 1e-6;
  for (size_t v = 0; v < variables.size(); ++v) {
    double* at = variables[v].data_ptr<double>();
    const Tensor flat = gradients[v].contiguous();
    for (int64_t i = 0; i < variables[v].numel(); i += std::max<int64_t>(1, variables[v].numel() / 20)) {
      const double kept = at[i];
      at[i] = kept + kStep;
      const double up = loss(x).item<double>();
      at[i] = kept - kStep;
      const double down = loss(x).item<double>();
      at[i] = kept;
      EXPECT_NEAR(flat.data_ptr<double>()[i], (up - down) / (2 * kStep), 1e-6) << layer.name() << " " << v << " " << i;
    }
  }
}

TEST(Layers, GradientsAreThoseOfDifferences) {
  torch::manual_seed(1);
  const Tensor maps = torch::randn({2, 4, 6, 6}), rows = torch::randn({3, 5});
  Conv conv(4, 6, {.kernel = 3, .stride = 2, .padding = 1}), grouped(4, 4, {.kernel = 3, .groups = 2, .bias = false});
  expect_gradients(conv, maps);
  expect_gradients(grouped, maps);
  Linear linear(5, 3);
  expect_gradients(linear, rows);
  BatchNorm norm(4);
  expect_gradients(norm, maps);
  norm.eval();
  expect_gradients(norm, maps);
  Relu relu;
  LeakyRelu leaky(0.2);
  Sigmoid sigmoid;
  Tanh tanh;
  Gelu gelu;
  MaxPool largest(3, 2, 1);
  AveragePool mean(2);
  AdaptiveAveragePool adaptive(4);
  Flatten flatten;
  for (Layer* layer :
       std::initializer_list<Layer*>{&relu, &leaky, &sigmoid, &tanh, &gelu, &largest, &mean, &adaptive, &flatten})
    expect_gradients(*layer, maps);
}

TEST(Layers, ConvolutionByHand) {
  Conv conv(1, 1, {.kernel = 2, .stride = 1, .padding = 0});
  const torch::NoGradGuard guard;
  conv.weight.copy_(torch::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 1, 2, 2}));
  conv.bias.fill_(10);
  const Tensor y = conv.forward(torch::arange(9, torch::kFloat32).view({1, 1, 3, 3}));
  // 0 1 2 / 3 4 5 / 6 7 8: top left 0 + 2 + 9 + 16, and so on.
  EXPECT_TRUE(torch::equal(y, torch::tensor({37.f, 47.f, 67.f, 77.f}).view({1, 1, 2, 2}))) << y;
}

TEST(Layers, BatchNormFollowsTheBatches) {
  BatchNorm norm(1);
  const torch::NoGradGuard guard;
  const Tensor y = norm.forward(torch::tensor({1.f, 2.f, 3.f, 4.f}).view({4, 1, 1, 1}));
  EXPECT_NEAR(y.mean().item<float>(), 0, 1e-6);
  EXPECT_NEAR(norm.running_mean.item<float>(), .25f, 1e-6) << ".1 of the batch's mean";
  EXPECT_NEAR(norm.running_var.item<float>(), .9 + .1 * 5 / 3, 1e-6) << "the unbiased variance";
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
  norm.eval();
  norm.forward(torch::zeros({4, 1, 1, 1}));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1) << "evaluation changes nothing";
  norm.train();
  EXPECT_THROW(norm.forward(torch::zeros({1, 1, 1, 1})), Error) << "one number has no variance by n - 1";
  EXPECT_THROW(norm.rectified(torch::zeros({1, 1, 1, 1})), Error);
  EXPECT_TRUE(std::isfinite(norm.running_var.item<float>()));
}

TEST(Layers, DropoutKeepsTheMeanAndLeavesEvaluationAlone) {
  torch::manual_seed(5);
  Dropout dropout(0.5);
  const Tensor ones = torch::ones({10000, 2}), y = dropout.forward(ones);
  EXPECT_NEAR(y.mean().item<float>(), 1, .05);
  EXPECT_TRUE(torch::logical_or(y == 0, y == 2).all().item<bool>());
  dropout.eval();
  EXPECT_TRUE(torch::equal(dropout.forward(ones), ones));
}

TEST(Layers, InitialisationsHaveTheirSpread) {
  torch::manual_seed(1);
  Linear linear(400, 300);
  EXPECT_NEAR(linear.weight.abs().max().item<float>(), 1. / 20, 1e-4) << "uniform in +-1 / sqrt(fan_in)";
  Conv conv(64, 128, {.kernel = 3});
  initialise_he(conv.weight);
  EXPECT_NEAR(conv.weight.std().item<float>(), std::sqrt(2. / (128 * 9)), 1e-3) << "variance 2 / fan_out";
}

struct TwoPaths : Layer {
  TwoPaths() {
    conv = register_module("conv", std::make_shared<Conv>(1, 2, ConvOptions{.kernel = 3, .padding = 1}));
    side = register_module("side", std::make_shared<Conv>(1, 2, ConvOptions{.kernel = 1, .shortcut = true}));
    fc = register_module("fc", std::make_shared<Linear>(2 * 4 * 4, 3));
  }
  Tensor forward(Tensor x) override {
    const Tensor y = conv->forward(x);
    return fc->forward(Flatten().forward(rectified(added(y, side->forward(x)))));
  }
  std::shared_ptr<Conv> conv, side;
  std::shared_ptr<Linear> fc;
};

TEST(Recording, WritesDownWhatRan) {
  TwoPaths net;
  const Tensor x = torch::randn({2, 1, 4, 4});
  const Recording recording(net, x, Recording::Real);
  const Tensor y = net.forward(x);
  std::vector<std::string> seen;
  for (const Step& s : recording.steps()) seen.push_back(std::string(op_name(s.op)) + ":" + s.name);
  EXPECT_EQ(seen,
            (std::vector<std::string>{"input:", "conv:conv", "conv:side", "add:", "relu:", "flatten:", "linear:fc"}));
  EXPECT_EQ(recording.steps()[3].inputs, (std::vector<size_t>{1, 2}));
  EXPECT_EQ(recording.multiply_adds(), 2u * (2 * 16 * 9 + 2 * 16 * 1 + 32 * 3));
  EXPECT_EQ(recording.depth(), 2u) << "the shortcut is no layer of its own";
  EXPECT_TRUE(torch::equal(recording.steps().back().output, y));
  const Tensor sum_of = recording.steps()[1].output + recording.steps()[2].output;
  EXPECT_TRUE(torch::equal(recording.steps()[3].output, sum_of)) << "what was kept is not overwritten in place";
}

TEST(Recording, DryRunsHaveTheSameShapes) {
  TwoPaths net;
  const Tensor x = torch::randn({2, 1, 4, 4});
  std::vector<std::vector<int64_t>> shapes[2];
  for (const auto mode : {Recording::Real, Recording::Dry}) {
    const Recording recording(net, x, mode);
    net.forward(x);
    for (const Step& s : recording.steps()) shapes[mode].push_back(s.output.sizes().vec());
  }
  EXPECT_EQ(shapes[0], shapes[1]);
  EXPECT_EQ(Recording::current(), nullptr);
}

}  // namespace
}  // namespace hanok::vision

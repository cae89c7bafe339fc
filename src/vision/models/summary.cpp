#include "vision/models/summary.h"

#include <algorithm>

#include "vision/models/layers.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

std::string square(int64_t n) { return std::to_string(n) + "x" + std::to_string(n); }

std::string describe(const Step& step) {
  std::string out(op_name(step.op));
  if (step.op == Op::Conv || step.op == Op::MaxPool || step.op == Op::AveragePool) {
    out += " " + square(step.kernel);
    if (step.stride != 1) out += " stride " + std::to_string(step.stride);
  }
  if (step.op == Op::AdaptiveAveragePool) out += " to " + square(step.kernel);
  return out;
}

uint64_t numel(const std::vector<torch::Tensor>& tensors) {
  uint64_t n = 0;
  for (const auto& t : tensors) n += static_cast<uint64_t>(t.numel());
  return n;
}

bool is_activation(Op op) {
  return op == Op::Relu || op == Op::LeakyRelu || op == Op::Sigmoid || op == Op::Tanh || op == Op::Gelu;
}

// "7x7 3x3 1x1": each size once, the largest first.
std::string filter_sizes(const std::vector<Step>& steps) {
  std::vector<int64_t> sizes;
  for (const Step& s : steps)
    if (s.op == Op::Conv) sizes.push_back(s.kernel);
  std::sort(sizes.rbegin(), sizes.rend());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  std::string out;
  for (const int64_t n : sizes) out += (out.empty() ? "" : " ") + square(n);
  return out;
}

std::string activations_of(const std::vector<Step>& steps) {
  std::vector<std::string> names;
  for (const Step& s : steps)
    if (is_activation(s.op) && std::find(names.begin(), names.end(), op_name(s.op)) == names.end())
      names.emplace_back(op_name(s.op));
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

}  // namespace

ModelFigures figures(Net& net, const ImageShape& input) {
  const torch::NoGradGuard guard;
  const bool training = net.is_training();
  net.eval();
  const torch::Tensor x = torch::zeros({1, input.channels, input.height, input.width});
  const Recording recording(net, x, Recording::Dry);
  net.forward(x);
  net.train(training);

  ModelFigures out;
  out.parameters = numel(net.parameters());
  out.layers = recording.depth();
  out.multiply_adds = recording.multiply_adds();
  out.filters = filter_sizes(recording.steps());
  out.activation = activations_of(recording.steps());
  for (const Step& step : recording.steps()) {
    if (step.op == Op::Input) continue;
    const auto sizes = step.output.sizes();
    out.rows.push_back({step.name,
                        describe(step),
                        {sizes.begin() + 1, sizes.end()},
                        step.layer ? numel(step.layer->parameters(false)) : 0,
                        step.multiply_adds});
    out.activations += static_cast<uint64_t>(step.output.numel());
  }
  return out;
}

ModelFigures figures(const ModelOptions& options) {
  const WithoutInitialisation counting;
  return figures(*make_model(options), options.input);
}

}  // namespace hanok::vision

#include "vision/models/fold.h"

#include "vision/models/layers.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

void fold(Conv& conv, BatchNorm& norm, double epsilon) {
  const Tensor s = norm.weight / (norm.running_var + epsilon).sqrt();
  const Tensor bias = conv.bias.defined() ? conv.bias - norm.running_mean : -norm.running_mean;
  const auto layout = conv.weight.suggest_memory_format();
  conv.weight.set_data((conv.weight * s.view({-1, 1, 1, 1})).contiguous(layout));
  conv.bias = bias * s + norm.bias;
  norm.folded = true;
}

}  // namespace

size_t fold_norms(Net& net, const ImageShape& input) {
  const torch::NoGradGuard guard;
  net.eval();
  std::vector<Step> steps;
  {
    const Tensor x = torch::zeros({1, input.channels, input.height, input.width}, net.parameters().front().options());
    const Recording recording(net, x, Recording::Dry);
    net.forward(x);
    steps = recording.steps();
  }
  std::vector<size_t> users(steps.size());
  for (const Step& s : steps)
    for (const size_t from : s.inputs) ++users[from];
  size_t gone = 0;
  for (const Step& s : steps) {
    if (s.op != Op::BatchNorm || steps[s.inputs[0]].op != Op::Conv || users[s.inputs[0]] != 1) continue;
    // The recording sees layers as const; they are this net's own.
    auto& conv = const_cast<Conv&>(dynamic_cast<const Conv&>(*steps[s.inputs[0]].layer));
    auto& norm = const_cast<BatchNorm&>(dynamic_cast<const BatchNorm&>(*s.layer));
    if (norm.folded) continue;
    fold(conv, norm, s.value);
    ++gone;
  }
  return gone;
}

void round_weights(Net& net) {
  const torch::NoGradGuard guard;
  const auto round = [](Tensor& t) {
    if (t.defined()) t.set_data(t.to(torch::kBFloat16));
  };
  for (const auto& module : net.modules()) {
    if (auto* conv = dynamic_cast<Conv*>(module.get())) round(conv->weight), round(conv->bias);
    if (auto* linear = dynamic_cast<Linear*>(module.get())) round(linear->weight), round(linear->bias);
  }
}

}  // namespace hanok::vision

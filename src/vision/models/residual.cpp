#include "vision/models/residual.h"

namespace hanok::vision {

void ResidualBlock::add_conv(int64_t in, int64_t out, const ConvOptions& options) {
  const std::string number = std::to_string(branch.size() + 1);
  auto conv = register_module("conv" + number, std::make_shared<Conv>(in, out, options));
  auto norm = register_module("bn" + number, std::make_shared<BatchNorm>(out));
  branch.emplace_back(std::move(conv), std::move(norm));
}

void ResidualBlock::add_shortcut(int64_t in, int64_t out, int64_t stride) {
  if (in == out && stride == 1) return;
  downsample = std::make_shared<Sequence>();
  downsample->add<Conv>(in, out, ConvOptions{.kernel = 1, .stride = stride, .bias = false, .shortcut = true});
  downsample->add<BatchNorm>(out);
  register_module("downsample", downsample);
}

Tensor ResidualBlock::forward(Tensor x) {
  Tensor y = x;
  for (size_t i = 0; i + 1 < branch.size(); ++i) y = branch[i].second->rectified(branch[i].first->forward(y));
  y = branch.back().first->forward(y);
  return branch.back().second->rectified(y, downsample ? downsample->forward(x) : x);
}

BasicBlock::BasicBlock(int64_t in, int64_t width, int64_t stride) {
  add_conv(in, width, {.kernel = 3, .stride = stride, .padding = 1, .bias = false});
  add_conv(width, width, {.kernel = 3, .padding = 1, .bias = false});
  add_shortcut(in, width, stride);
}

Bottleneck::Bottleneck(int64_t in, int64_t width, int64_t stride) {
  add_conv(in, width, {.kernel = 1, .bias = false});
  add_conv(width, width, {.kernel = 3, .stride = stride, .padding = 1, .bias = false});
  add_conv(width, 4 * width, {.kernel = 1, .bias = false});
  add_shortcut(in, 4 * width, stride);
}

ResNet::ResNet(const ModelOptions& options, const ResNetShape& shape) {
  int64_t in = shape.widths[0];
  conv1 = shape.small_stem ? std::make_shared<Conv>(options.input.channels, in,
                                                    ConvOptions{.kernel = 3, .padding = 1, .bias = false})
                           : std::make_shared<Conv>(options.input.channels, in,
                                                    ConvOptions{.kernel = 7, .stride = 2, .padding = 3, .bias = false});
  register_module("conv1", conv1);
  bn1 = register_module("bn1", std::make_shared<BatchNorm>(in));
  if (!shape.small_stem) maxpool = register_module("maxpool", std::make_shared<MaxPool>(3, 2, 1));
  for (size_t stage = 0; stage < shape.blocks.size(); ++stage) {
    auto layer = std::make_shared<Sequence>();
    for (int i = 0; i < shape.blocks[stage]; ++i) {
      const int64_t stride = stage > 0 && i == 0 ? 2 : 1, width = shape.widths[stage];
      if (shape.bottleneck)
        layer->add<Bottleneck>(in, width, stride);
      else
        layer->add<BasicBlock>(in, width, stride);
      in = shape.bottleneck ? 4 * width : width;
    }
    stages.push_back(register_module("layer" + std::to_string(stage + 1), layer));
  }
  register_module("avgpool", pool);
  fc = register_module("fc", std::make_shared<Linear>(in, options.classes));
  for (const auto& module : modules(false))
    if (auto* conv = dynamic_cast<Conv*>(module.get())) initialise_he(conv->weight);
}

torch::Tensor ResNet::forward(torch::Tensor x) {
  x = bn1->rectified(conv1->forward(x));
  if (maxpool) x = maxpool->forward(x);
  for (const auto& stage : stages) x = stage->forward(x);
  return fc->forward(flatten->forward(pool->forward(x)));
}

}  // namespace hanok::vision

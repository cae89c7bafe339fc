// Residual blocks and a net of them: what ResNet-18 to ResNet-152 and ResNet-20 share.
// He, Zhang, Ren, Sun 2015, "Deep Residual Learning for Image Recognition", figure 5.
#pragma once

#include <vector>

#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {

/// x -> relu(convolutions(x) + shortcut(x)). The shortcut is x itself, or a 1x1 convolution (option B of the paper)
/// where the block changes the number of channels or the size.
struct ResidualBlock : Layer {
  Tensor forward(Tensor x) override;

  /// The branch beside the shortcut, in the order in which it runs; relu between them.
  std::vector<std::pair<std::shared_ptr<Conv>, std::shared_ptr<BatchNorm>>> branch;
  std::shared_ptr<Sequence> downsample;  // nullptr: the shortcut is x

 protected:
  void add_conv(int64_t in, int64_t out, const ConvOptions& options);
  void add_shortcut(int64_t in, int64_t out, int64_t stride);
};

/// conv 3x3, conv 3x3.  [N, in, H, W] -> [N, width, H / stride, W / stride]
struct BasicBlock : ResidualBlock {
  BasicBlock(int64_t in, int64_t width, int64_t stride);
};
/// conv 1x1 to `width`, conv 3x3, conv 1x1 to 4 width. The stride is on the 3x3 ("v1.5"; the paper has it on the first
/// 1x1), as in torchvision.  [N, in, H, W] -> [N, 4 width, H / stride, W / stride]
struct Bottleneck : ResidualBlock {
  Bottleneck(int64_t in, int64_t width, int64_t stride);
};

struct ResNetShape {
  std::vector<int> blocks;      // of each stage
  std::vector<int64_t> widths;  // of each stage; every stage but the first halves the maps
  bool bottleneck = false;
  bool small_stem = false;  // conv 3x3 instead of conv 7x7 stride 2 and max pool 3x3 stride 2
};
/// stem, stages of blocks, mean over the map, one linear layer. Convolutions begin by He et al. 2015 (fan out).
struct ResNet : Net {
  ResNet(const ModelOptions& options, const ResNetShape& shape);
  torch::Tensor forward(torch::Tensor x) override;

  std::shared_ptr<Conv> conv1;
  std::shared_ptr<BatchNorm> bn1;
  std::shared_ptr<MaxPool> maxpool;  // nullptr with the small stem
  std::vector<std::shared_ptr<Sequence>> stages;
  std::shared_ptr<AdaptiveAveragePool> pool = std::make_shared<AdaptiveAveragePool>(1);
  std::shared_ptr<Flatten> flatten = std::make_shared<Flatten>();
  std::shared_ptr<Linear> fc;
};

}  // namespace hanok::vision

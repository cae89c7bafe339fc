// AlexNet. Krizhevsky, Sutskever, Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks", in
// the single tower of Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks", as
// torchvision has it: 61,100,840 parameters for 1,000 classes.
//
//   [B, 3, 224, 224]  conv 64@11x11 stride 4   relu  max 3x3 stride 2     [B, 64, 27, 27]
//                     conv 192@5x5             relu  max 3x3 stride 2     [B, 192, 13, 13]
//                     conv 384, 256, 256@3x3   relu  max 3x3 stride 2     [B, 256, 6, 6]
//                     dropout  linear 9216-4096  relu  dropout  4096-4096  relu  4096-classes
//
// Different from the paper: no local response normalisation, one tower, and any size of picture (the last maps are
// averaged to 6x6). The variant for 32x32 is hanok's own: its first convolution is 64@3x3 with stride 1, the last maps
// are 3x3 and the hidden layers 1,024 wide, since a stride of 4 leaves nothing of such a picture.
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

struct AlexNet : Net {
  explicit AlexNet(const ModelOptions& o) {
    const bool small = o.small_input;
    const int64_t grid = small ? 3 : 6, hidden = small ? 1024 : 4096;
    if (small)
      features->add<Conv>(o.input.channels, 64, ConvOptions{.kernel = 3, .stride = 1, .padding = 1});
    else
      features->add<Conv>(o.input.channels, 64, ConvOptions{.kernel = 11, .stride = 4, .padding = 2});
    features->add<Relu>().add<MaxPool>(3, 2);
    features->add<Conv>(64, 192, ConvOptions{.kernel = 5, .padding = 2}).add<Relu>().add<MaxPool>(3, 2);
    features->add<Conv>(192, 384, ConvOptions{.kernel = 3, .padding = 1}).add<Relu>();
    features->add<Conv>(384, 256, ConvOptions{.kernel = 3, .padding = 1}).add<Relu>();
    features->add<Conv>(256, 256, ConvOptions{.kernel = 3, .padding = 1}).add<Relu>().add<MaxPool>(3, 2);
    pool = std::make_shared<AdaptiveAveragePool>(grid);
    classifier->add<Dropout>(0.5).add<Linear>(256 * grid * grid, hidden).add<Relu>();
    classifier->add<Dropout>(0.5).add<Linear>(hidden, hidden).add<Relu>().add<Linear>(hidden, o.classes);
    register_module("features", features);
    register_module("avgpool", pool);
    register_module("classifier", classifier);
  }
  torch::Tensor forward(torch::Tensor x) override {
    return classifier->forward(flatten->forward(pool->forward(features->forward(x))));
  }
  std::shared_ptr<Sequence> features = std::make_shared<Sequence>(), classifier = std::make_shared<Sequence>();
  std::shared_ptr<AdaptiveAveragePool> pool;
  std::shared_ptr<Flatten> flatten = std::make_shared<Flatten>();
};

}  // namespace

std::shared_ptr<Net> make_alexnet(const ModelOptions& options) { return std::make_shared<AlexNet>(options); }

}  // namespace hanok::vision

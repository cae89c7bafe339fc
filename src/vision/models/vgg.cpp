// VGG-16 and VGG-19. Simonyan and Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
// table 1, columns D and E; with batch normalisation (Ioffe and Szegedy 2015) behind each convolution in the *_bn ones.
// 138,357,544 and 143,667,240 parameters for 1,000 classes, as in torchvision; batch normalisation adds 8,448 and
// 11,008.
//
//   [B, 3, 224, 224]  2 x conv 64@3x3          relu  max 2x2               [B, 64, 112, 112]
//                     2 x conv 128@3x3         relu  max 2x2               [B, 128, 56, 56]
//                     3 x conv 256@3x3 (E: 4)  relu  max 2x2               [B, 256, 28, 28]
//                     3 x conv 512@3x3 (E: 4)  relu  max 2x2               [B, 512, 14, 14]
//                     3 x conv 512@3x3 (E: 4)  relu  max 2x2               [B, 512, 7, 7]
//                     linear 25088-4096  relu  dropout  4096-4096  relu  dropout  4096-classes
//
// Any size of picture from 32x32 goes in: the last maps are averaged, or repeated, to 7x7. The variant for 32x32 has
// one linear layer 512-classes instead of three, as is usual for CIFAR-10 (Liu and Deng 2015): 14,728,266 parameters
// for VGG-16 with batch normalisation. Weights begin as torchvision's do: convolutions by He et al. 2015 (fan out),
// linear layers N(0, 0.01), biases 0.
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

constexpr int64_t kWidths[] = {64, 128, 256, 512, 512};

struct Vgg : Net {
  /// convolutions: of each of the five stages.
  Vgg(const ModelOptions& o, const std::vector<int>& convolutions, bool norm) {
    int64_t in = o.input.channels;
    for (size_t stage = 0; stage < convolutions.size(); ++stage) {
      for (int i = 0; i < convolutions[stage]; ++i) {
        features->add<Conv>(in, kWidths[stage], ConvOptions{.kernel = 3, .padding = 1});
        if (norm) features->add<BatchNorm>(kWidths[stage]);
        features->add<Relu>();
        in = kWidths[stage];
      }
      features->add<MaxPool>(2, 2);
    }
    if (o.small_input) {
      pool = std::make_shared<AdaptiveAveragePool>(1);
      classifier->add<Linear>(512, o.classes);
    } else {
      pool = std::make_shared<AdaptiveAveragePool>(7);
      classifier->add<Linear>(512 * 7 * 7, 4096).add<Relu>().add<Dropout>(0.5);
      classifier->add<Linear>(4096, 4096).add<Relu>().add<Dropout>(0.5).add<Linear>(4096, o.classes);
    }
    register_module("features", features);
    register_module("avgpool", pool);
    register_module("classifier", classifier);
    initialise();
  }
  void initialise() {
    if (WithoutInitialisation::holds()) return;
    const torch::NoGradGuard guard;
    for (const auto& module : modules(false)) {
      if (auto* conv = dynamic_cast<Conv*>(module.get())) {
        initialise_he(conv->weight);
        conv->bias.zero_();
      } else if (auto* linear = dynamic_cast<Linear*>(module.get())) {
        linear->weight.normal_(0, 0.01);
        linear->bias.zero_();
      }
    }
  }
  torch::Tensor forward(torch::Tensor x) override {
    return classifier->forward(flatten->forward(pool->forward(features->forward(x))));
  }
  std::shared_ptr<Sequence> features = std::make_shared<Sequence>(), classifier = std::make_shared<Sequence>();
  std::shared_ptr<AdaptiveAveragePool> pool;
  std::shared_ptr<Flatten> flatten = std::make_shared<Flatten>();
};

const std::vector<int> kVgg16 = {2, 2, 3, 3, 3}, kVgg19 = {2, 2, 4, 4, 4};

}  // namespace

std::shared_ptr<Net> make_vgg16(const ModelOptions& o) { return std::make_shared<Vgg>(o, kVgg16, false); }
std::shared_ptr<Net> make_vgg19(const ModelOptions& o) { return std::make_shared<Vgg>(o, kVgg19, false); }
std::shared_ptr<Net> make_vgg16_bn(const ModelOptions& o) { return std::make_shared<Vgg>(o, kVgg16, true); }
std::shared_ptr<Net> make_vgg19_bn(const ModelOptions& o) { return std::make_shared<Vgg>(o, kVgg19, true); }

}  // namespace hanok::vision

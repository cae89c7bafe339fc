// A small net of today's parts, for small pictures: 140,458 parameters for one channel and ten classes.
//
//   [B, C, 28, 28]  2 x conv 32@3x3   norm  relu   max 2x2                   [B, 32, 14, 14]
//                   2 x conv 64@3x3   norm  relu   max 2x2                   [B, 64, 7, 7]
//                   conv 128@3x3      norm  relu   mean over the map         [B, 128]
//                   dropout 0.2  linear 128-classes
//
// Batch normalisation lets it learn at ten times LeNet's rate, and the mean over the map takes any size of picture.
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

struct SmallCnn : Net {
  explicit SmallCnn(const ModelOptions& o) {
    const auto block = [&](int64_t in, int64_t out) {
      features->add<Conv>(in, out, ConvOptions{.kernel = 3, .padding = 1, .bias = false});
      features->add<BatchNorm>(out).add<Relu>();
    };
    block(o.input.channels, 32);
    block(32, 32);
    features->add<MaxPool>(2, 2);
    block(32, 64);
    block(64, 64);
    features->add<MaxPool>(2, 2);
    block(64, 128);
    features->add<AdaptiveAveragePool>(1).add<Flatten>().add<Dropout>(0.2);
    register_module("features", features);
    fc = register_module("fc", std::make_shared<Linear>(128, o.classes));
    for (const auto& module : modules(false))
      if (auto* conv = dynamic_cast<Conv*>(module.get())) initialise_he(conv->weight);
  }
  torch::Tensor forward(torch::Tensor x) override { return fc->forward(features->forward(x)); }
  std::shared_ptr<Sequence> features = std::make_shared<Sequence>();
  std::shared_ptr<Linear> fc;
};

}  // namespace

std::shared_ptr<Net> make_cnn(const ModelOptions& options) { return std::make_shared<SmallCnn>(options); }

}  // namespace hanok::vision

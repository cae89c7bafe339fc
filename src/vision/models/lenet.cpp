// LeNet-5. LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition", figure 2.
//
//   [B, C, 28, 28]  conv 6@5x5, edges padded by 2   tanh   average 2x2      [B, 6, 14, 14]
//                   conv 16@5x5                     tanh   average 2x2      [B, 16, 5, 5]
//                   linear 400-120  tanh  120-84  tanh  84-classes
//
// Different from the paper: C3 sees all six maps, pooling has no weights, and the last layer is linear.
// 61,706 parameters for one channel and ten classes. Names are those of torch.nn.Sequential: 0, 3, 7, 9, 11.
// lenet_relu is the same net as it is taught today: ReLU for tanh and the largest for the mean, which learn faster.
#include "hanok/error.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

template <typename Activation, typename Pool>
struct LeNet : Net {
  template <typename... PoolArguments>
  explicit LeNet(const ModelOptions& o, PoolArguments... pool) {
    const int height = ((o.input.height / 2) - 4) / 2, width = ((o.input.width / 2) - 4) / 2;
    if (height < 1 || width < 1) throw Error(Code::Invalid, o.name + ": pictures of at least 12x12 were expected");
    add<Conv>(o.input.channels, 6, ConvOptions{.kernel = 5, .padding = 2});
    add<Activation>();
    add<Pool>(pool...);
    add<Conv>(6, 16, ConvOptions{.kernel = 5});
    add<Activation>();
    add<Pool>(pool...);
    add<Flatten>();
    add<Linear>(16 * height * width, 120);
    add<Activation>();
    add<Linear>(120, 84);
    add<Activation>();
    add<Linear>(84, o.classes);
  }
  torch::Tensor forward(torch::Tensor x) override {
    for (const auto& layer : layers) x = layer->forward(std::move(x));
    return x;
  }

  std::vector<std::shared_ptr<Layer>> layers;

 private:
  template <typename L, typename... Arguments>
  void add(Arguments... arguments) {
    layers.push_back(register_module(std::to_string(layers.size()), std::make_shared<L>(arguments...)));
  }
};

}  // namespace

std::shared_ptr<Net> make_lenet(const ModelOptions& o) { return std::make_shared<LeNet<Tanh, AveragePool>>(o, 2); }
std::shared_ptr<Net> make_lenet_relu(const ModelOptions& o) { return std::make_shared<LeNet<Relu, MaxPool>>(o, 2, 2); }

}  // namespace hanok::vision

// LeNet-5. LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition", figure 2.
//
//   [B, C, 28, 28]  conv 6@5x5, edges padded by 2   tanh   average 2x2      [B, 6, 14, 14]
//                   conv 16@5x5                     tanh   average 2x2      [B, 16, 5, 5]
//                   linear 400-120  tanh  120-84  tanh  84-classes
//
// Different from the paper: C3 sees all six maps, pooling has no weights, and the last layer is linear.
// 61,706 parameters for one channel and ten classes. Names are those of torch.nn.Sequential: 0, 3, 7, 9, 11.
#include "hanok/error.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

namespace nn = torch::nn;

struct LeNet : Net {
  explicit LeNet(const ModelOptions& o) {
    const int height = ((o.input.height / 2) - 4) / 2, width = ((o.input.width / 2) - 4) / 2;
    if (height < 1 || width < 1) throw Error(Code::Invalid, "lenet: pictures of at least 12x12 were expected");
    conv1 = register_module("0", nn::Conv2d(nn::Conv2dOptions(o.input.channels, 6, 5).padding(2)));
    conv2 = register_module("3", nn::Conv2d(nn::Conv2dOptions(6, 16, 5)));
    linear1 = register_module("7", nn::Linear(16 * height * width, 120));
    linear2 = register_module("9", nn::Linear(120, 84));
    linear3 = register_module("11", nn::Linear(84, o.classes));
  }
  torch::Tensor forward(torch::Tensor x) override {
    x = torch::avg_pool2d(torch::tanh(conv1(x)), 2);
    x = torch::avg_pool2d(torch::tanh(conv2(x)), 2);
    x = torch::tanh(linear1(x.flatten(1)));
    return linear3(torch::tanh(linear2(x)));
  }
  nn::Conv2d conv1{nullptr}, conv2{nullptr};
  nn::Linear linear1{nullptr}, linear2{nullptr}, linear3{nullptr};
};

}  // namespace

std::shared_ptr<Net> make_lenet(const ModelOptions& options) { return std::make_shared<LeNet>(options); }

}  // namespace hanok::vision

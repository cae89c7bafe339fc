#include "vision/models/models.h"

#include "hanok/error.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

std::string size_of(const ImageShape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

// Runs one picture through, without computing: a net whose maps would vanish says so now and not in the first batch.
void check_input(Net& net, const ModelOptions& options) {
  const torch::NoGradGuard guard;
  net.eval();
  const torch::Tensor x = torch::zeros({1, options.input.channels, options.input.height, options.input.width});
  try {
    const Recording dry(net, x, Recording::Dry);
    net.forward(x);
  } catch (const c10::Error& e) {
    throw Error(Code::Invalid, options.name + ": pictures of " + size_of(options.input) +
                                   " (channels, height, width) are too small for it; take larger ones" +
                                   (options.small_input ? "" : ", or its variant for 32x32 where it has one"));
  }
  net.train();
}

}  // namespace

const std::vector<ModelKind>& models() {
  constexpr ImageShape kDigits{1, 28, 28}, kCifar{3, 32, 32}, kImageNet{3, 224, 224};
  static const std::vector<ModelKind> table = {
      {"lenet", "LeNet-5 (LeCun et al. 1998): tanh and average pooling", kDigits, false, make_lenet},
      {"lenet_relu", "LeNet-5 as it is taught today: ReLU and max pooling", kDigits, false, make_lenet_relu},
      {"cnn", "a small net of 3x3 convolutions and batch normalisation", kDigits, false, make_cnn},
      {"fast_cnn", "a net made to learn CIFAR-10 fast (Jordan 2024, airbench94)", kCifar, false, make_fast_cnn},
      {"alexnet", "AlexNet (Krizhevsky et al. 2012), one tower", kImageNet, true, make_alexnet},
      {"vgg16", "VGG-16 (Simonyan and Zisserman 2014)", kImageNet, true, make_vgg16},
      {"vgg16_bn", "VGG-16 with batch normalisation", kImageNet, true, make_vgg16_bn},
      {"vgg19", "VGG-19 (Simonyan and Zisserman 2014)", kImageNet, true, make_vgg19},
      {"vgg19_bn", "VGG-19 with batch normalisation", kImageNet, true, make_vgg19_bn},
      {"resnet20", "ResNet-20 for CIFAR-10 (He et al. 2015, section 4.2)", kCifar, false, make_resnet20},
      {"resnet18", "ResNet-18 (He et al. 2015)", kImageNet, true, make_resnet18},
      {"resnet34", "ResNet-34 (He et al. 2015)", kImageNet, true, make_resnet34},
      {"resnet50", "ResNet-50 (He et al. 2015), stride on the 3x3", kImageNet, true, make_resnet50},
      {"resnet101", "ResNet-101 (He et al. 2015), stride on the 3x3", kImageNet, true, make_resnet101},
      {"resnet152", "ResNet-152 (He et al. 2015), stride on the 3x3", kImageNet, true, make_resnet152},
  };
  return table;
}

const ModelKind& model_kind(const std::string& name) {
  std::string known;
  for (const auto& kind : models()) {
    if (kind.name == name) return kind;
    known += (known.empty() ? "" : ", ") + kind.name;
  }
  throw Error(Code::NotFound, "there is no model '" + name + "'; there are: " + known);
}

std::shared_ptr<Net> make_model(const ModelOptions& options) {
  if (options.classes < 1)
    throw Error(Code::Invalid,
                options.name + ": at least 1 class was expected, found " + std::to_string(options.classes));
  const ImageShape& shape = options.input;
  if (shape.channels < 1 || shape.height < 1 || shape.width < 1)
    throw Error(Code::Invalid,
                options.name + ": pictures of " + size_of(shape) + " (channels, height, width) hold nothing");
  auto net = model_kind(options.name).make(options);
  check_input(*net, options);
  return net;
}

int64_t count_parameters(const torch::nn::Module& net) {
  int64_t n = 0;
  for (const auto& p : net.parameters()) n += p.numel();
  return n;
}

c10::Device device_of(const torch::nn::Module& net) {
  const auto all = net.parameters();
  return all.empty() ? c10::Device(c10::DeviceType::CPU) : all.front().device();
}

void channels_together(torch::nn::Module& net) {
  const torch::NoGradGuard no_grad;
  for (auto& p : net.parameters())
    // contiguous() would leave a weight of one channel alone, whose strides then say the opposite.
    if (p.dim() == 4) p.set_data(torch::empty(p.sizes(), p.options(), torch::MemoryFormat::ChannelsLast).copy_(p));
}

ModelOptions options_for(const std::string& model, size_t classes, const ImageShape& input) {
  constexpr int kSmall = 64;
  return {.name = model,
          .classes = static_cast<int>(classes),
          .input = input,
          .small_input = model_kind(model).small_variant && input.height <= kSmall};
}

}  // namespace hanok::vision

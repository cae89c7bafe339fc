#include "nn/cnn/architectures.h"

#include <charconv>
#include <map>

#include "hanok/error.h"

namespace hanok::nn {
namespace {

using math::Activation;

Shape end_of(const Layers& layers, Shape in) { return layers.empty() ? in : layers.back()->out_shape(); }

bool has(const Weights& weights, const std::string& name) { return weights.find(name) != nullptr; }

// The numbers N of PREFIX.N.weight that have four axes: the convolutions of a torch.nn.Sequential, with their kernels.
std::map<size_t, size_t> convolutions(const Weights& weights, const std::string& prefix) {
  std::map<size_t, size_t> out;
  const std::string begin = prefix + ".", end = ".weight";
  for (const auto& [name, tensor] : weights.tensors()) {
    if (tensor.shape.size() != 4 || name.rfind(begin, 0) != 0 || !name.ends_with(end)) continue;
    const std::string number = name.substr(begin.size(), name.size() - begin.size() - end.size());
    size_t n = 0;
    const auto [stop, problem] = std::from_chars(number.data(), number.data() + number.size(), n);
    if (problem == std::errc() && stop == number.data() + number.size()) out[n] = tensor.shape[2];
  }
  return out;
}

// The `features` of AlexNet, VGG and the small net: convolutions, each with its batch norm (where there is one) and
// relu right behind it; a number that is left out behind these is a max pool. The last pool is the caller's.
void add_features(Layers& layers, const Weights& weights, Shape in, size_t pool_kernel) {
  const auto list = convolutions(weights, "features");
  for (auto at = list.begin(); at != list.end(); ++at) {
    const auto [number, kernel] = *at;
    const std::string name = "features." + std::to_string(number), norm = "features." + std::to_string(number + 1);
    const bool normed = has(weights, norm + ".running_mean");
    ConvolutionOptions options{.stride = 1, .padding = kernel / 2, .activation = Activation::Relu};
    if (kernel == 11) options = {.stride = 4, .padding = 2, .activation = Activation::Relu};  // AlexNet's first
    if (normed) options.norm = norm;
    layers.push_back(convolution(Convolution(weights, name, end_of(layers, in), options)));
    const auto next = std::next(at);
    if (next != list.end() && next->first > number + (normed ? 3 : 2))
      layers.push_back(max_pool(end_of(layers, in), pool_kernel, 2));
  }
}

// LeNet-5 as torch.nn.Sequential: 0 and 3 are convolutions, 7, 9 and 11 linear. lenet_relu has other functions between.
Layers build_lenet(const Weights& weights, Shape in, const std::string& model) {
  const bool today = model == "lenet_relu";
  const Activation act = today ? Activation::Relu : Activation::Tanh;
  Layers layers;
  const auto pool = [&] {
    const Shape shape = end_of(layers, in);
    layers.push_back(today ? max_pool(shape, 2, 2) : average_pool(shape, 2));
  };
  layers.push_back(convolution(Convolution(weights, "0", in, {.padding = 2, .activation = act})));
  pool();
  layers.push_back(convolution(Convolution(weights, "3", end_of(layers, in), {.activation = act})));
  pool();
  layers.push_back(linear(weights, "7", end_of(layers, in), act));
  layers.push_back(linear(weights, "9", end_of(layers, in), act));
  layers.push_back(linear(weights, "11", end_of(layers, in)));
  return layers;
}

// The side of the square that AlexNet and VGG average (or spread) their maps to: linear layer NAME takes channels *
// side^2.
size_t grid_before(const Weights& weights, const std::string& name, size_t channels) {
  const Tensor* weight = weights.find(name + ".weight");
  for (size_t side = 1; weight && weight->shape.size() == 2 && side <= 16; ++side)
    if (weight->shape[1] == channels * side * side) return side;
  throw Error(Code::Corrupt, weights.what() + ": tensor '" + name + ".weight' should have " + std::to_string(channels) +
                                 " columns for each pixel of a square, found " + (weight ? describe(*weight) : "none"));
}

void add_classifier(Layers& layers, const Weights& weights, Shape in, const std::vector<std::string>& names) {
  const Shape shape = end_of(layers, in);
  const size_t grid = grid_before(weights, names.front(), shape.channels);
  layers.push_back(adaptive_average_pool(shape, grid, grid));
  for (const auto& name : names)
    layers.push_back(
        linear(weights, name, end_of(layers, in), name == names.back() ? Activation::None : Activation::Relu));
}

Layers build_alexnet(const Weights& weights, Shape in, const std::string&) {
  Layers layers;
  add_features(layers, weights, in, 3);
  layers.push_back(max_pool(end_of(layers, in), 3, 2));
  add_classifier(layers, weights, in, {"classifier.1", "classifier.4", "classifier.6"});
  return layers;
}

Layers build_vgg(const Weights& weights, Shape in, const std::string&) {
  Layers layers;
  add_features(layers, weights, in, 2);
  layers.push_back(max_pool(end_of(layers, in), 2, 2));
  std::vector<std::string> names = {"classifier.0"};  // alone in the variant for 32x32
  if (has(weights, "classifier.3.weight")) names = {"classifier.0", "classifier.3", "classifier.6"};
  add_classifier(layers, weights, in, names);
  return layers;
}

// The small net of hanok: features that end in the mean over the map, then one linear layer.
Layers build_cnn(const Weights& weights, Shape in, const std::string&) {
  Layers layers;
  add_features(layers, weights, in, 2);
  layers.push_back(adaptive_average_pool(end_of(layers, in), 1, 1));
  layers.push_back(linear(weights, "fc", end_of(layers, in)));
  return layers;
}

// One residual block: BLOCK.conv1 to conv2 or conv3; the stride is on the first 3x3.
std::unique_ptr<Layer> residual_block(const Weights& weights, const std::string& block, Shape in, size_t stride) {
  const size_t last = has(weights, block + ".conv3.weight") ? 3 : 2, strided = last == 3 ? 2 : 1;
  ResidualParts parts;
  Shape shape = in;
  for (size_t i = 1; i <= last; ++i) {
    const std::string number = std::to_string(i);
    const bool narrow = last == 3 && i != 2;  // 1x1
    parts.body.emplace_back(weights, block + ".conv" + number, shape,
                            ConvolutionOptions{.stride = i == strided ? stride : 1,
                                               .padding = narrow ? size_t{0} : 1,
                                               .norm = block + ".bn" + number,
                                               .activation = Activation::Relu});
    shape = parts.body.back().out_shape();
  }
  if (has(weights, block + ".downsample.0.weight"))
    parts.shortcut = std::make_unique<Convolution>(
        weights, block + ".downsample.0", in, ConvolutionOptions{.stride = stride, .norm = block + ".downsample.1"});
  return residual(std::move(parts));
}

Layers build_resnet(const Weights& weights, Shape in, const std::string&) {
  Layers layers;
  const Tensor& stem = *weights.find("conv1.weight");
  const bool wide = stem.shape.size() == 4 && stem.shape[2] == 7;  // else the variant for 32x32: 3x3, and no pool
  layers.push_back(convolution(Convolution(weights, "conv1", in,
                                           {.stride = wide ? size_t{2} : 1,
                                            .padding = wide ? size_t{3} : 1,
                                            .norm = "bn1",
                                            .activation = Activation::Relu})));
  if (wide) layers.push_back(max_pool(end_of(layers, in), 3, 2, 1));
  for (size_t stage = 1;; ++stage) {
    const std::string prefix = "layer" + std::to_string(stage) + ".";
    if (!has(weights, prefix + "0.conv1.weight")) break;
    for (size_t i = 0; has(weights, prefix + std::to_string(i) + ".conv1.weight"); ++i)
      layers.push_back(
          residual_block(weights, prefix + std::to_string(i), end_of(layers, in), stage > 1 && i == 0 ? 2 : 1));
  }
  layers.push_back(adaptive_average_pool(end_of(layers, in), 1, 1));
  layers.push_back(linear(weights, "fc", end_of(layers, in)));
  return layers;
}

// The net that is made to learn CIFAR-10 fast: a norm stands behind the pool there. Folded into the convolution before
// it the result is the same, as long as no channel is turned round: the largest of scaled values is the largest scaled.
void check_turns_nothing(const Weights& weights, const std::string& norm, size_t channels) {
  for (const float gain : read_floats(weights.at(norm + ".weight", {channels})))
    if (!(gain >= 0))
      throw Error(Code::Unsupported, weights.what() + ": tensor '" + norm +
                                         ".weight' has a value below 0, which fast_cnn "
                                         "never learns; it cannot be run here");
}

Layers build_fast_cnn(const Weights& weights, Shape in, const std::string&) {
  Layers layers;
  layers.push_back(convolution(Convolution(weights, "whiten", in, {.activation = Activation::Gelu})));
  for (size_t i = 1; has(weights, "group" + std::to_string(i) + ".conv1.weight"); ++i) {
    const std::string group = "group" + std::to_string(i);
    layers.push_back(convolution(
        Convolution(weights, group + ".conv1", end_of(layers, in), {.padding = 1, .norm = group + ".norm1"})));
    check_turns_nothing(weights, group + ".norm1", end_of(layers, in).channels);
    layers.push_back(max_pool(end_of(layers, in), 2, 2));
    layers.push_back(activation(end_of(layers, in), Activation::Gelu));
    layers.push_back(
        convolution(Convolution(weights, group + ".conv2", end_of(layers, in),
                                {.padding = 1, .norm = group + ".norm2", .activation = Activation::Gelu})));
  }
  layers.push_back(max_pool(end_of(layers, in), 3, 3));
  layers.push_back(linear(weights, "head", end_of(layers, in)));
  return layers;
}

bool is_fast_cnn(const Weights& w) { return has(w, "whiten.weight") && has(w, "group1.conv1.weight"); }
bool is_resnet(const Weights& w) { return has(w, "conv1.weight") && has(w, "layer1.0.conv1.weight"); }
bool is_cnn(const Weights& w) { return has(w, "features.0.weight") && has(w, "fc.weight"); }
bool is_alexnet(const Weights& w) { return has(w, "features.0.weight") && has(w, "classifier.1.weight"); }
bool is_vgg(const Weights& w) { return has(w, "features.0.weight") && has(w, "classifier.0.weight"); }
bool is_lenet(const Weights& w) { return has(w, "0.weight") && has(w, "3.weight") && has(w, "11.weight"); }

const Family kFamilies[] = {{"resnet", is_resnet, build_resnet},       {"vgg", is_vgg, build_vgg},
                            {"alexnet", is_alexnet, build_alexnet},    {"cnn", is_cnn, build_cnn},
                            {"fast_cnn", is_fast_cnn, build_fast_cnn}, {"lenet", is_lenet, build_lenet}};

}  // namespace

const Family& family_of(const Weights& weights) {
  std::string known;
  for (const Family& family : kFamilies) {
    if (family.is(weights)) return family;
    known += (known.empty() ? "" : ", ") + family.name;
  }
  throw Error(Code::Unsupported, weights.what() + ": its tensors are those of no net that is known here (" + known +
                                     ", under torchvision's names); export it under these names");
}

}  // namespace hanok::nn

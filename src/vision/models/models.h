// Nets for pictures: what each is, and the table of those there are. One net a file beside this one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

namespace hanok::vision {

/// A net that sorts pictures into classes.
struct Net : torch::nn::Module {
  /// x [B, channels, height, width], normalised; returns logits [B, classes].
  virtual torch::Tensor forward(torch::Tensor x) = 0;
  /// Before the first step: some of the normalised pictures it will learn from, for nets that begin from them.
  virtual void see(const torch::Tensor& /*pictures*/) {}
  /// The share of a run in which a parameter learns; then it stands still.
  virtual double learns_until(const std::string& /*parameter*/) const { return 1; }
};

struct ImageShape {
  int channels = 3, height = 32, width = 32;
};

struct ModelOptions {
  std::string name;  // in lower case, as in the table: "lenet"
  int classes = 10;
  ImageShape input;
  bool small_input = false;  // the variant for pictures of 32x32 (model.json: "cifar"), where a net has one
};

struct ModelKind {
  std::string name;
  std::string about;   // a line for `hanok vision models`
  ImageShape input;    // of the published net
  bool small_variant;  // whether it has one for pictures of 32x32
  std::shared_ptr<Net> (*make)(const ModelOptions&);
};

/// In the order in which they are shown.
const std::vector<ModelKind>& models();
/// Throws NotFound, naming those there are.
const ModelKind& model_kind(const std::string& name);
/// With fresh weights, drawn from libtorch's generator. Throws NotFound for a name that is not in the table, and
/// Invalid for options that the net cannot have (no classes, pictures too small for it).
std::shared_ptr<Net> make_model(const ModelOptions& options);
/// Numbers that are learned.
int64_t count_parameters(const torch::nn::Module& net);

/// Where its parameters are; the CPU for a net that has none.
c10::Device device_of(const torch::nn::Module& net);
/// Convolutions' weights with channels together in memory, where they run faster.
void channels_together(torch::nn::Module& net);
/// What a net is trained with on pictures of this shape: its variant for small ones up to a side of 64, where it has
/// one. Throws as model_kind does.
ModelOptions options_for(const std::string& model, size_t classes, const ImageShape& input);

// ---- makers, one a file
std::shared_ptr<Net> make_lenet(const ModelOptions& options);
std::shared_ptr<Net> make_lenet_relu(const ModelOptions& options);
std::shared_ptr<Net> make_cnn(const ModelOptions& options);
std::shared_ptr<Net> make_fast_cnn(const ModelOptions& options);
std::shared_ptr<Net> make_alexnet(const ModelOptions& options);
std::shared_ptr<Net> make_vgg16(const ModelOptions& options);
std::shared_ptr<Net> make_vgg16_bn(const ModelOptions& options);
std::shared_ptr<Net> make_vgg19(const ModelOptions& options);
std::shared_ptr<Net> make_vgg19_bn(const ModelOptions& options);
std::shared_ptr<Net> make_resnet20(const ModelOptions& options);
std::shared_ptr<Net> make_resnet18(const ModelOptions& options);
std::shared_ptr<Net> make_resnet34(const ModelOptions& options);
std::shared_ptr<Net> make_resnet50(const ModelOptions& options);
std::shared_ptr<Net> make_resnet101(const ModelOptions& options);
std::shared_ptr<Net> make_resnet152(const ModelOptions& options);

}  // namespace hanok::vision

#include "vision/models/models.h"

#include "hanok/error.h"

namespace hanok::vision {

const std::vector<ModelKind>& models() {
  static const std::vector<ModelKind> table = {
      {"lenet", "LeNet-5 (LeCun et al. 1998): tanh and average pooling", {1, 28, 28}, make_lenet},
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
    throw Error(Code::Invalid, options.name + ": pictures of " + std::to_string(shape.channels) + "x" +
                                   std::to_string(shape.height) + "x" + std::to_string(shape.width) +
                                   " (channels, height, width) hold nothing");
  return model_kind(options.name).make(options);
}

int64_t count_parameters(const torch::nn::Module& net) {
  int64_t n = 0;
  for (const auto& p : net.parameters()) n += p.numel();
  return n;
}

}  // namespace hanok::vision

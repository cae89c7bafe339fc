// What hanok-train makes, hanok runs: each net here and in nn, from the same files.
#include <gtest/gtest.h>

#include "base/file.h"
#include "nn/cnn/cnn.h"
#include "train/weights.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"
#include "vision/models/trained.h"

namespace hanok::vision {
namespace {

// Running figures of norms as if it had been trained.
void as_if_trained(torch::nn::Module& net) {
  const torch::NoGradGuard guard;
  for (auto& [name, t] : train::state_of(net)) {
    if (name.ends_with("running_mean")) Tensor(t).normal_(0, 0.1);
    if (name.ends_with("running_var")) Tensor(t).uniform_(0.5, 2);
  }
}

class NnParity : public testing::TestWithParam<std::string> {};

TEST_P(NnParity, SameLogits) {
  const ModelKind& kind = model_kind(GetParam());
  ModelOptions options{.name = kind.name, .classes = 7, .input = kind.input};
  options.small_input = kind.small_variant;
  if (kind.small_variant) options.input = {3, 32, 32};
  torch::manual_seed(1);
  const auto net = make_model(options);
  as_if_trained(*net);
  net->eval();

  base::TempFolder temp;
  nn::VisionRun run{.model = kind.name, .variant = kind.small_variant ? "cifar" : "imagenet"};
  run.channels = static_cast<size_t>(options.input.channels);
  run.height = static_cast<size_t>(options.input.height), run.width = static_cast<size_t>(options.input.width);
  run.mean.assign(run.channels, 0.5f), run.std.assign(run.channels, 0.25f);
  for (int i = 0; i < options.classes; ++i) run.class_names.push_back("c" + std::to_string(i));
  save_weights(temp.path() / "model.safetensors", *net);
  nn::write_vision_run(temp.path(), run);

  const Tensor x = torch::randn({3, options.input.channels, options.input.height, options.input.width});
  const torch::NoGradGuard guard;
  const Tensor expected = net->forward(x.clone());
  const Tensor together = x.permute({0, 2, 3, 1}).contiguous();
  const nn::Cnn cnn = nn::Cnn::open(temp.path());
  const auto found =
      cnn.run({together.data_ptr<float>(), static_cast<size_t>(together.numel())}, static_cast<size_t>(x.size(0)));
  const double spread = expected.std().item<double>();
  for (int64_t i = 0; i < expected.numel(); ++i)
    ASSERT_NEAR(found.logits[static_cast<size_t>(i)], expected.flatten()[i].item<float>(), 1e-4 * spread + 1e-5) << i;
}

// All of the table, in the variant for small pictures where there is one.
std::vector<std::string> all_of_the_table() {
  std::vector<std::string> out;
  for (const auto& kind : models()) out.push_back(kind.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Models, NnParity, testing::ValuesIn(all_of_the_table()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace hanok::vision

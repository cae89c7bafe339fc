// Every net against PyTorch: names and shapes of everything that is saved, and the outputs for weights made by a rule.
#include <gtest/gtest.h>

#include <cmath>

#include "train/weights.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"
#include "vision/models/rule_weights.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

std::string our_name(const std::string& theirs) { return theirs == "lenet5" ? "lenet" : theirs; }

bool ours(const std::string& theirs) { return !theirs.starts_with("dcgan"); }

base::Json shapes_of(const torch::nn::Module& net) {
  base::Json out = base::Json::array();
  for (const auto& [name, tensor] : train::state_of(net)) out.push_back({name, tensor.sizes().vec()});
  return out;
}

TEST(GoldenModels, NamesAndShapesAreTorchvisions) {
  if (!std::filesystem::exists(golden("shapes"))) GTEST_SKIP() << "no " << golden("shapes");
  const WithoutInitialisation counting;
  size_t compared = 0;
  const auto file = read_json(golden("shapes/state_dicts.json"));
  for (const auto& [title, expected] : file.items()) {
    if (!ours(title)) continue;
    const std::string name = our_name(title.substr(0, title.find('/')));
    ModelOptions options{
        .name = name, .classes = std::stoi(title.substr(title.find('/') + 1)), .input = model_kind(name).input};
    const auto net = make_model(options);
    EXPECT_EQ(shapes_of(*net), expected["state_dict"]) << title;
    EXPECT_EQ(count_parameters(*net), expected["parameters"].get<int64_t>()) << title;
    ++compared;
  }
  EXPECT_GE(compared, 19u);
}

// 1e-4 of the spread and 1e-5: blocked and Winograd convolutions add in another order than PyTorch's.
TEST(GoldenModels, OutputsArePyTorchs) {
  if (!std::filesystem::exists(golden("forward"))) GTEST_SKIP() << "no " << golden("forward");
  const auto file = read_json(golden("forward/expected.json"));
  const auto offset = file["rule_offset"].get<uint64_t>();
  for (uint64_t i = 0; i < 8; ++i) EXPECT_EQ(rule_unit(i, 3, offset), file["hash_first8_of_layer_3"][i].get<float>());
  const torch::NoGradGuard guard;
  size_t compared = 0;
  for (const auto& [title, expected] : file["nets"].items()) {
    if (!ours(title)) continue;
    const auto shape = expected["input"].get<std::vector<int64_t>>();
    ModelOptions options{.name = our_name(title),
                         .classes = file["classes"],
                         .input = {static_cast<int>(shape[1]), static_cast<int>(shape[2]), static_cast<int>(shape[3])}};
    std::shared_ptr<Net> net;
    {
      const WithoutInitialisation weights_by_rule;
      net = make_model(options);
    }
    fill_by_rule(*net, offset);
    net->eval();
    const Tensor y = net->forward(rule_input(shape, offset)).contiguous();
    const auto want = expected["output"].get<std::vector<float>>();
    ASSERT_EQ(y.numel(), static_cast<int64_t>(want.size())) << title;
    const double tolerance = 1e-4 * expected["spread"].get<double>() + 1e-5;
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(y.data_ptr<float>()[i], want[i], tolerance) << title << " " << i;
    ++compared;
  }
  EXPECT_GE(compared, 10u);
}

}  // namespace
}  // namespace hanok::vision

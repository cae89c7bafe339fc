#include "vision/models/fold.h"

#include <gtest/gtest.h>

#include "math/cpu.h"
#include "train/machine.h"
#include "vision/models/layers.h"
#include "vision/models/rule_weights.h"

namespace hanok::vision {
namespace {

TEST(FoldNorms, OutputsStayTheSame) {
  const torch::NoGradGuard guard;
  const struct {
    const char* name;
    size_t norms;
  } cases[] = {{"cnn", 5}, {"resnet20", 21}, {"resnet50", 53}, {"vgg16_bn", 13}, {"lenet", 0}};
  for (const auto& c : cases) {
    const ModelOptions options{.name = c.name, .classes = 10, .input = {3, 32, 32}, .small_input = true};
    const auto net = make_model(options);
    fill_by_rule(*net, 1);
    net->eval();
    const Tensor x = rule_input({2, 3, 32, 32}, 1), before = net->forward(x);
    EXPECT_EQ(fold_norms(*net, options.input), c.norms) << c.name;
    const Tensor after = net->forward(x);
    EXPECT_TRUE(torch::allclose(before, after, 1e-4, 1e-4 * before.std().item<double>())) << c.name;
    EXPECT_EQ(fold_norms(*net, options.input), 0u) << "once is enough: " << c.name;
  }
}

TEST(RoundWeights, OutputsAreThoseOfAutocast) {
  if (!math::features().has(math::Feature::Bf16)) GTEST_SKIP() << "no bfloat16 on this CPU";
  const torch::NoGradGuard guard;
  for (const char* name : {"cnn", "resnet20", "vgg16_bn", "lenet"}) {
    const ModelOptions options{.name = name, .classes = 10, .input = {3, 32, 32}, .small_input = true};
    const auto net = make_model(options);
    channels_together(*net);
    fill_by_rule(*net, 1);
    fold_norms(*net, options.input);
    const Tensor x = rule_input({2, 3, 32, 32}, 1).contiguous(torch::MemoryFormat::ChannelsLast);
    const train::Autocast autocast(true);
    const Tensor before = net->forward(x);
    round_weights(*net);
    for (const auto& p : net->parameters())
      EXPECT_TRUE(p.scalar_type() == torch::kBFloat16 || p.dim() == 1) << name << ": products have none to round";
    EXPECT_TRUE(torch::equal(before, net->forward(x))) << name;
  }
}

}  // namespace
}  // namespace hanok::vision

#include "vision/explain/explain.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "train/weights.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

// Brightness is what class 0 is, darkness class 1: the map of class 0 must lie where the picture is bright.
struct Brightness : Net {
  Brightness() {
    conv = register_module("conv", std::make_shared<Conv>(1, 1, ConvOptions{.kernel = 1, .bias = false}));
    fc = register_module("fc", std::make_shared<Linear>(1, 2));
    const torch::NoGradGuard guard;
    conv->weight.fill_(2);
    fc->weight.copy_(torch::tensor({1.f, -1.f}).view({2, 1}));
  }
  Tensor forward(Tensor x) override {
    return fc->forward(Flatten().forward(AdaptiveAveragePool(1).forward(rectified(conv->forward(x)))));
  }
  std::shared_ptr<Conv> conv;
  std::shared_ptr<Linear> fc;
};

nn::VisionRun run_of(size_t size) {
  nn::VisionRun run;
  run.model = "brightness";
  run.class_names = {"bright", "dark"};
  run.channels = 1;
  run.height = run.width = size;
  return run;
}

TEST(Explain, GradCamLiesWhereThePictureSpeaks) {
  Brightness net;
  std::vector<float> x(64);
  x[8 * 5 + 2] = 3;
  const auto bright = grad_cam(net, run_of(8), x, 0);
  EXPECT_EQ(bright.map.height, 8u);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(bright.map.values[i], i == 8 * 5 + 2 ? 1.f : 0.f) << i;
  const auto dark = grad_cam(net, run_of(8), x, 1);
  for (const float v : dark.map.values) EXPECT_EQ(v, 0) << "what speaks against the class does not count";
  EXPECT_THROW(grad_cam(net, run_of(8), x, 2), Error);
  EXPECT_THROW(grad_cam(net, run_of(4), x, 0), Error) << "another size";
  EXPECT_EQ(Brightness().conv->weight.grad().defined(), false) << "explaining trains nothing";
}

TEST(Explain, FeatureMapsAreWhatLayersGive) {
  Brightness net;
  const std::vector<float> x{1, -1, 2, 0};
  const auto maps = feature_maps(net, run_of(2), x);
  ASSERT_EQ(maps.size(), 2u) << "the mean has one place: no map";
  EXPECT_EQ(maps[0].name, "conv");
  EXPECT_EQ(maps[0].maps[0].values, (std::vector<float>{2, -2, 4, 0}));
  EXPECT_EQ(maps[1].kind, "relu");
  EXPECT_EQ(maps[1].maps[0].values, (std::vector<float>{2, 0, 4, 0}));
}

TEST(Explain, FiltersOfTheFirstConvolution) {
  const auto net = make_model({.name = "alexnet", .classes = 2, .input = {3, 32, 32}, .small_input = true});
  const auto filters = first_filters(*net);
  EXPECT_EQ(filters.layer, "features.0");
  EXPECT_EQ(filters.out, 64u);
  EXPECT_EQ(filters.in, 3u);
  EXPECT_EQ(filters.maps.size(), 192u);
  EXPECT_EQ(filters.maps[1].values[0], (train::state_of(*net)[0].second[0][1][0][0].item<float>()));
}

}  // namespace
}  // namespace hanok::vision

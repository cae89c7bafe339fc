#include "vision/eval/ask.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "vision/eval/picture_input.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"
#include "vision/models/rule_weights.h"

namespace hanok::vision {
namespace {

nn::VisionRun run_for(size_t channels, size_t height, size_t width) {
  nn::VisionRun run;
  run.model = "cnn";
  run.class_names = {"a", "b", "c"};
  run.channels = channels;
  run.height = height;
  run.width = width;
  run.mean.assign(channels, .5f);
  run.std.assign(channels, .25f);
  return run;
}

std::shared_ptr<Net> net_for(const nn::VisionRun& run) {
  auto net = make_model({.name = "cnn", .classes = 3, .input = {static_cast<int>(run.channels), 8, 8}});
  fill_by_rule(*net, 3);
  return net;
}

std::vector<float> numbers(size_t n) {
  std::vector<float> out;
  for (size_t i = 0; i < n; ++i) out.push_back(rule_unit(i, 1, 0));
  return out;
}

TEST(Ask, ChannelsTogetherAreWhatTheNetIsGiven) {
  const auto run = run_for(3, 9, 7);
  const auto net = net_for(run);
  const auto x = numbers(2 * 9 * 7 * 3);
  Tensor planes = torch::empty({2, 3, 9, 7});
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t h = 0; h < 9; ++h)
        for (int64_t w = 0; w < 7; ++w) planes[n][c][h][w] = x[static_cast<size_t>(((n * 9 + h) * 7 + w) * 3 + c)];
  const auto got = logits(*net, run, x);
  const torch::NoGradGuard guard;
  const Tensor want = net->forward(planes).contiguous();
  ASSERT_EQ(got.size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(got[i], want.data_ptr<float>()[i], 1e-5);
  EXPECT_THROW(logits(*net, run, std::span(x).first(100)), Error);
  EXPECT_TRUE(logits(*net, run, std::span(x).first(0)).empty());
}

TEST(Ask, TestTimeAugmentationIsAMean) {
  const auto run = run_for(1, 8, 8);
  const auto net = net_for(run);
  const auto x = numbers(64);
  std::vector<float> mirrored(64);
  for (size_t i = 0; i < 64; ++i) mirrored[i] = x[i / 8 * 8 + 7 - i % 8];
  const auto a = logits(*net, run, x), b = logits(*net, run, mirrored), both = logits(*net, run, x, TestTime::Mirror);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(both[i], (a[i] + b[i]) / 2, 1e-5);
  // The picture whose content stands one pixel lower and more to the right, its first row and column mirrored in.
  const auto shift = [&](int by) {
    std::vector<float> out(64);
    const auto inside = [](int i) { return i < 0 ? -i : i > 7 ? 14 - i : i; };
    for (int r = 0; r < 8; ++r)
      for (int c = 0; c < 8; ++c)
        out[static_cast<size_t>(8 * r + c)] = x[static_cast<size_t>(8 * inside(r - by) + inside(c - by))];
    return logits(*net, run, out, TestTime::Mirror);
  };
  const auto down = shift(1), up = shift(-1), all = logits(*net, run, x, TestTime::MirrorAndShift);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(all[i], both[i] / 2 + (down[i] + up[i]) / 4, 1e-5);
}

TEST(PictureInput, IsCutResizedAndNormalised) {
  const auto run = run_for(1, 4, 4);
  image::Image wide{8, 4, 3, std::vector<uint8_t>(96, 255)};
  for (size_t y = 0; y < 4; ++y)
    for (const size_t x : {0u, 1u, 6u, 7u})
      for (size_t c = 0; c < 3; ++c) wide.pixels[wide.at(x, y, c)] = 0;  // outside the square about the centre
  const auto seen = fitted(run, wide);
  EXPECT_EQ(seen.channels, 1u);
  EXPECT_EQ(seen.pixels, std::vector<uint8_t>(16, 255));
  EXPECT_EQ(normalised(run, seen), std::vector<float>(16, 2)) << "(1 - .5) / .25";
  EXPECT_THROW(fitted(run_for(2, 4, 4), wide), Error);
}

}  // namespace
}  // namespace hanok::vision

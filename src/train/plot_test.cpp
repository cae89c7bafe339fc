#include "train/plot.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/file.h"

namespace hanok::train {
namespace {

std::array<int, 3> colour(const image::Image& picture, size_t x, size_t y) {
  const size_t at = picture.at(x, y);
  return {picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2]};
}

// Pixels of saturated colour left of the legend: those of the curves.
size_t coloured(const image::Image& picture) {
  size_t out = 0;
  for (size_t y = 0; y < picture.height; ++y)
    for (size_t x = 0; x < 500; ++x) {
      const auto [r, g, b] = colour(picture, x, y);
      out += std::max({r, g, b}) - std::min({r, g, b}) > 60;
    }
  return out;
}

TEST(Plot, CurvesWithoutNumbersAreStillAPicture) {
  EXPECT_NE(plot_svg("a < b", {{"x", {NAN, NAN}}, {"none", {}}}).find("a &lt; b"), std::string::npos);
  EXPECT_EQ(plot_svg("one", {{"x", {3}}}).find("nan"), std::string::npos);
  EXPECT_EQ(coloured(plot_picture("a < b", {{"x", {NAN, NAN}}, {"none", {}}})), 0u);
}

TEST(Plot, OneValueIsADot) {
  EXPECT_NE(plot_svg("one", {{"x", {3}}}).find("<circle"), std::string::npos);
  const size_t dot = coloured(plot_picture("one", {{"x", {3}}}));
  EXPECT_GT(dot, 8u);
  EXPECT_LT(dot, 24u);
}

// From the lower left corner of the frame, (56, 360), to the upper right, (510, 40): its middle is on the line.
TEST(Plot, LinesGoThroughTheirPoints) {
  const std::array<int, 3> blue = {0x1b, 0x6c, 0xa8}, white = {255, 255, 255};
  const auto rising = plot_picture("rising", {{"train", {0, 1}}});
  EXPECT_EQ(rising.width, 640u);
  EXPECT_EQ(rising.height, 400u);
  EXPECT_EQ(colour(rising, 283, 199), blue);
  EXPECT_EQ(colour(rising, 283, 180), white);
  EXPECT_NEAR(static_cast<double>(coloured(rising)), 2 * std::hypot(454, 320), 300) << "two pixels thick";
  // What is no number is passed over: the same line.
  EXPECT_EQ(colour(plot_picture("rising", {{"train", {0, NAN, 1}}}), 283, 199), blue);
  // A second curve has another colour.
  const auto both = plot_picture("both", {{"a", {0, 1}}, {"b", {1, 0}}});
  EXPECT_EQ(colour(both, 57, 359), blue);
  EXPECT_EQ(colour(both, 57, 41), (std::array<int, 3>{0xd1, 0x49, 0x5b}));
}

TEST(Plot, BothFilesAreWritten) {
  const base::TempFolder temp;
  write_plot(temp.path() / "loss", "Loss", {{"train", {2, 1, 0.5}}});
  EXPECT_NE(base::read_file(temp.path() / "loss.svg").find("<polyline"), std::string::npos);
  EXPECT_EQ(image::read_file(temp.path() / "loss.png"), plot_picture("Loss", {{"train", {2, 1, 0.5}}}));
}

}  // namespace
}  // namespace hanok::train

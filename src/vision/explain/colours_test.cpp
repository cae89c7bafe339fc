#include "vision/explain/colours.h"

#include <gtest/gtest.h>

#include <array>

#include "vision/explain/sheets.h"

namespace hanok::vision {
namespace {

std::array<int, 3> colour(const image::Image& picture, size_t x, size_t y) {
  const size_t at = picture.at(x, y);
  return {picture.pixels[at], picture.pixels[at + 1], picture.pixels[at + 2]};
}

TEST(Colours, GrayGoesFromTheLeastToTheMost) {
  EXPECT_EQ(gray({1, 3, {-2, 0, 2}}).pixels, (std::vector<uint8_t>{0, 128, 255}));
  EXPECT_EQ(gray({1, 2, {7, 7}}).pixels, (std::vector<uint8_t>{128, 128})) << "no difference to show";
}

TEST(Colours, SignsAndHeat) {
  const auto signs = signed_colours({1, 3, {-4, 0, 2}});
  EXPECT_EQ(colour(signs, 0, 0), (std::array<int, 3>{0, 0, 204})) << "blue below 0";
  EXPECT_EQ(colour(signs, 1, 0), (std::array<int, 3>{255, 255, 255}));
  EXPECT_GT(colour(signs, 2, 0)[0], colour(signs, 2, 0)[2]) << "red above";
  const auto hot = heat({1, 4, {-1, 0, 1, 2}});
  EXPECT_EQ(colour(hot, 0, 0), (std::array<int, 3>{0, 0, 0}));
  EXPECT_EQ(colour(hot, 2, 0), (std::array<int, 3>{255, 255, 255}));
  EXPECT_EQ(colour(hot, 3, 0), colour(hot, 2, 0));
}

TEST(Colours, PicturesOverPictures) {
  const image::Image black{2, 1, 1, {0, 0}}, white{2, 1, 3, std::vector<uint8_t>(6, 255)};
  EXPECT_EQ(colour(blend(black, white), 1, 0), (std::array<int, 3>{127, 127, 127}));
  const auto large = enlarge({2, 1, 1, {1, 2}}, 2);
  EXPECT_EQ(large.pixels, (std::vector<uint8_t>{1, 1, 2, 2, 1, 1, 2, 2}));
  const auto marked = framed({1, 1, 1, {9}}, 1, {255, 0, 0});
  EXPECT_EQ(marked.width, 3u);
  EXPECT_EQ(colour(marked, 0, 0), (std::array<int, 3>{255, 0, 0}));
  EXPECT_EQ(colour(marked, 1, 1), (std::array<int, 3>{9, 9, 9}));
}

TEST(Colours, ConfusionIsGreenOnTheDiagonalAndRedBesideIt) {
  const auto picture = confusion_picture(std::vector<uint64_t>{9, 0, 5, 5}, 2, 3);
  EXPECT_EQ(picture.width, 6u);
  EXPECT_GT(colour(picture, 0, 0)[1], colour(picture, 0, 0)[0]);
  EXPECT_EQ(colour(picture, 3, 0), (std::array<int, 3>{255, 255, 255})) << "never";
  EXPECT_GT(colour(picture, 0, 3)[0], colour(picture, 0, 3)[1]) << "half of the second class is taken for the first";
}

TEST(Sheets, HaveAllMapsAndOneScaleForAKernel) {
  LayerMaps layer{"conv1", "conv", std::vector<Map>(100, Map{4, 4, std::vector<float>(16, 1)})};
  const auto sheet = maps_sheet(layer);
  EXPECT_EQ(sheet.width, sheet.height) << "64 of them, eight by eight";
  // Red, green and blue of equal weights: gray, though the first and the second kernel differ in size.
  Filters filters{"conv1", 1, 3, std::vector<Map>(3, Map{2, 2, {0, 1, 2, 3}})};
  const auto kernel = filters_sheet(filters);
  bool grays = true;
  for (size_t i = 0; i < kernel.pixels.size(); i += 3) grays = grays && kernel.pixels[i] == kernel.pixels[i + 2];
  EXPECT_TRUE(grays);
}

}  // namespace
}  // namespace hanok::vision

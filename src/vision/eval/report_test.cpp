#include "vision/eval/report.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "image/lettering.h"

namespace hanok::vision {
namespace {

TEST(Report, SaysEverythingOfFourAnswers) {
  // Classes 0, 1, 2; the third picture is taken for class 1 with great confidence, the fourth with little.
  const std::vector<float> logits{5, 0, 0, 0, 5, 0, 0, 9, 0, 0, 1, 1.1f};
  const auto report = make_report(logits, std::vector<uint32_t>{0, 1, 2, 1}, 3);
  EXPECT_EQ(report.pictures, 4u);
  EXPECT_DOUBLE_EQ(report.scores.accuracy, .5);
  EXPECT_EQ(report.top_k, 3u) << "there are no five classes";
  EXPECT_DOUBLE_EQ(report.top_k_accuracy, 1);
  ASSERT_EQ(report.worst.size(), 2u);
  EXPECT_EQ(report.worst[0].picture, 2u) << "the surest mistake comes first";
  EXPECT_EQ(report.worst[0].predicted, 1u);
  EXPECT_GT(report.worst[0].confidence, .99);
  EXPECT_DOUBLE_EQ(report.auc[0], 1);
  EXPECT_EQ(report.bins.size(), 15u);
  EXPECT_EQ(make_report(logits, std::vector<uint32_t>{0, 1, 2, 1}, 3, 1).worst.size(), 1u);
  EXPECT_THROW(make_report({}, {}, 3), Error);
}

TEST(Report, SheetsHaveTheirSizes) {
  const std::vector<Mistake> mistakes{{0, 0, 1, .98}, {1, 1, 0, .5}};
  const std::vector<image::Image> pictures(2, image::Image{28, 28, 1, std::vector<uint8_t>(784, 100)});
  const auto sheet = mistakes_sheet(mistakes, pictures, {"고양이", "dog"});
  EXPECT_EQ(sheet.channels, 3u);
  EXPECT_EQ(sheet.width, 2 * 140u + 3 * 6) << "five times as large, side by side";
  Confusion counts{2, {3, 1, 0, 4}};
  const auto matrix = confusion_sheet(counts, {"a", "bb"});
  EXPECT_EQ(matrix.height, 56u);
  EXPECT_EQ(matrix.width, 56u + 16 + 8);
}

TEST(Lettering, WritesWhatItCan) {
  image::Image page{4, 5, 1, std::vector<uint8_t>(20, 255)};
  image::write_text(page, 0, 0, "t");
  std::string seen;
  for (const uint8_t p : page.pixels) seen += p == 0 ? '#' : '.';
  EXPECT_EQ(seen, "###..#...#...#...#..") << "T";
  image::write_text(page, 3, 4, "WIDE");  // nothing is written outside
  EXPECT_TRUE(image::can_write("Ankle boot 98.1% > a/b"));
  EXPECT_FALSE(image::can_write("고양이"));
  const auto strip = image::labelled(page, "T");
  EXPECT_EQ(strip.height, 5u + 14);
  EXPECT_EQ(strip.channels, 3u);
}

}  // namespace
}  // namespace hanok::vision

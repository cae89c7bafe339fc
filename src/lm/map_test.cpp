#include "lm/map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/random.h"

namespace hanok::lm {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Box> random_dots(base::Random& random, size_t n) {
  std::vector<Box> out;
  for (size_t i = 0; i < n; ++i)
    out.push_back({20 + static_cast<double>(random.below(600)), 20 + static_cast<double>(random.below(400)), 10, 10});
  return out;
}

TEST(Map, LabelsCoverNeitherOneAnotherNorDots) {
  base::Random random(1);
  const Box area{0, 0, 640, 440};
  for (const size_t n : {size_t{1}, size_t{5}, size_t{30}, size_t{120}}) {
    const auto dots = random_dots(random, n);
    std::vector<std::string> labels;
    for (size_t i = 0; i < n; ++i) labels.push_back(i % 2 ? "a label of words" : "한국어 이름표");
    const auto placed = place_labels(dots, labels, area, 11);
    EXPECT_GE(placed.size(), std::min<size_t>(n, 30) * 9 / 10) << n;
    for (size_t i = 0; i < placed.size(); ++i) {
      const Box& box = placed[i].box;
      EXPECT_EQ(placed[i].shown, labels[placed[i].text]);
      EXPECT_TRUE(box.x >= 0 && box.y >= 0 && box.x + box.width <= area.width && box.y + box.height <= area.height);
      for (size_t j = 0; j < i; ++j) EXPECT_FALSE(box.overlaps(placed[j].box)) << n << ": " << i << " and " << j;
      for (const Box& dot : dots) EXPECT_FALSE(box.overlaps(dot));
    }
  }
}

TEST(Map, LabelsAreCutBetweenWords) {
  EXPECT_EQ(short_label("short", 26), "short");
  EXPECT_EQ(short_label("  two\n lines\t here ", 26), "two lines here");
  EXPECT_EQ(short_label("The quick brown fox jumps over the lazy dog", 20), "The quick brown fox…");
  EXPECT_EQ(short_label("도서관은 아침 아홉 시에 문을 엽니다", 20), "도서관은 아침 아홉…");  // 2 columns a syllable
  EXPECT_EQ(short_label("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10), "aaaaaaaaa…");
  EXPECT_EQ(short_label("가나다라마바사아자차카타파하", 11), "가나다라마…");
  EXPECT_EQ(short_label("", 5), "");
}

Matrix two_clouds(size_t each) {
  base::Random random(3);
  Matrix out{2 * each, 8, std::vector<float>(2 * each * 8)};
  for (size_t i = 0; i < out.rows; ++i)
    for (size_t d = 0; d < 8; ++d)
      out.row(i)[d] = static_cast<float>(.3 * random.normal() + (d == 0 ? (i < each ? -2 : 2) : 0));
  return out;
}

TEST(Map, HasLegendAxesLabelsAndEveryText) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < 12; ++i) texts.push_back("text <" + std::to_string(i) + "> & more of it, as long as can be");
  const std::string svg = svg_map(two_clouds(6), {{0, 1, 2, 3, 4}, {6, 7, 8, 9, 10, 11}}, texts);
  EXPECT_THAT(svg, HasSubstr("group 1 (5)"));
  EXPECT_THAT(svg, HasSubstr("group 2 (6)"));
  EXPECT_THAT(svg, HasSubstr("in no group (1)"));
  EXPECT_THAT(svg, HasSubstr("second principal axis: "));
  std::smatch share;
  ASSERT_TRUE(std::regex_search(svg, share, std::regex("first principal axis: ([0-9]+) % of the spread")));
  EXPECT_GT(std::stoi(share[1]), 75);  // 4 of 4 + 8 * .09
  EXPECT_LT(std::stoi(share[1]), 100);
  for (const auto& text : texts)
    EXPECT_THAT(svg, HasSubstr("<title>text &lt;" + text.substr(6, text.find('>') - 6) +
                               "&gt; &amp; more of it, as long as can be</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("<0>")));
  const std::regex label("class=\"label\"");
  EXPECT_GE(std::distance(std::sregex_iterator(svg.begin(), svg.end(), label), {}), 6);
}

TEST(Map, AGroupIsNamedByItsMostCentralMember) {
  Matrix rows{5, 2, {0, 0, 10, 0, 5, 1, 100, 100, 101, 100}};
  const std::string svg = svg_map(rows, {{0, 1, 2}, {3, 4}}, {"left", "right", "between", "far", "farther"});
  EXPECT_LT(svg.find("group 1 (3)"), svg.rfind(">between<"));
  EXPECT_GT(svg.find("group 2 (2)"), svg.rfind(">between<"));
}

TEST(Map, AnyNumberOfTextsAndGroups) {
  for (const size_t n : {size_t{1}, size_t{2}, size_t{800}}) {
    const Matrix rows = two_clouds(n);
    std::vector<std::vector<size_t>> groups;
    for (size_t i = 0; i + 1 < rows.rows; i += 2) groups.push_back({i, i + 1});
    const std::string svg = svg_map(rows, groups, std::vector<std::string>(rows.rows, "some text"));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_EQ(svg.find("more groups") != std::string::npos, n == 800);
  }
  EXPECT_THAT(svg_map(Matrix{3, 4, std::vector<float>(12)}, {}, {"a", "b", "c"}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace hanok::lm

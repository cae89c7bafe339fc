// With tests/data/tiny_pictures: a net that sees colour and nothing else, of 3 x 16 x 16.
#include "vision/gan/judge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"

namespace hanok::vision {
namespace {

const std::filesystem::path kModel = std::filesystem::path(HANOK_SOURCE_DIR) / "tests" / "data" / "tiny_pictures";

// Pictures of each of these colours (0 red, 1 green, 2 blue), in turn.
MadePictures colours(std::vector<size_t> which, size_t n, uint64_t seed) {
  base::Random random(seed);
  MadePictures out{3, 16, 16, {}};
  for (size_t i = 0; i < n; ++i)
    for (size_t p = 0; p < 256; ++p)
      for (size_t c = 0; c < 3; ++c)
        out.pixels.push_back(static_cast<uint8_t>((c == which[i % which.size()] ? 190 : 10) + random.below(50)));
  return out;
}

TEST(Judge, CountsClassesAndConfidence) {
  const Judge judge(kModel);
  const Judgement all = judge.look(colours({0, 1, 2}, 300, 1));
  EXPECT_EQ(all.of_class, (std::vector<size_t>{100, 100, 100}));
  EXPECT_EQ(all.classes_present(), 3u);
  EXPECT_NEAR(all.entropy, std::log(3.0), 1e-9);
  EXPECT_EQ(all.confident, 1.0);
  EXPECT_EQ(all.frechet, -1) << "nothing real was shown";
  const Judgement one = judge.look(colours({2}, 50, 2));
  EXPECT_EQ(one.classes_present(), 1u);
  EXPECT_EQ(one.entropy, 0);
  MadePictures gray{3, 16, 16, std::vector<uint8_t>(10 * 768, 120)};
  EXPECT_EQ(judge.look(gray).confident, 0) << "no colour, no class";
}

TEST(Judge, FrechetDistanceGrowsWithWhatIsMissing) {
  Judge judge(kModel);
  judge.know(colours({0, 1, 2}, 300, 1));
  const double same = judge.look(colours({0, 1, 2}, 300, 9)).frechet, two = judge.look(colours({0, 1}, 300, 9)).frechet,
               one = judge.look(colours({0}, 300, 9)).frechet;
  EXPECT_LT(same, 0.05);
  EXPECT_GT(two, 10 * same);
  EXPECT_GT(one, two);

  base::TempFolder temp;
  const auto file = temp.path() / "real.safetensors";
  judge.save_known(file);
  Judge other(kModel);
  EXPECT_TRUE(other.load_known(file));
  EXPECT_EQ(other.look(colours({0, 1}, 300, 9)).frechet, two);
  EXPECT_FALSE(other.load_known(temp.path() / "none"));
}

TEST(Judge, PicturesOfAnotherKindAreRefused) {
  const Judge judge(kModel);
  EXPECT_THROW(judge.look({1, 28, 28, std::vector<uint8_t>(784)}), Error);
  EXPECT_THROW(Judge("/no/such/run"), Error);
}

}  // namespace
}  // namespace hanok::vision

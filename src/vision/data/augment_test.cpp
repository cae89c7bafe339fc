#include "vision/data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "hanok/error.h"
#include "nn/weights.h"
#include "vision/test_data.h"

namespace hanok::vision {
namespace {

// Four pictures of two classes, 3 x 8 x 6, all values different.
DataSet small_set(size_t n = 4, size_t channels = 3) {
  DataSet set{.name = "small", .class_names = {"a", "b"}};
  set.train = {.channels = channels, .height = 8, .width = 6};
  for (size_t i = 0; i < n * set.train.bytes_each(); ++i)
    set.train.pixels.push_back(static_cast<uint8_t>(i * 37 + i / 144));
  for (size_t i = 0; i < n; ++i) set.train.labels.push_back(static_cast<uint16_t>(i % 2));
  set.mean.assign(channels, 0.5f), set.std.assign(channels, 0.25f);
  return set;
}
std::vector<uint32_t> all_of(size_t n) {
  std::vector<uint32_t> out(n);
  std::iota(out.begin(), out.end(), 0u);
  return out;
}

TEST(Augment, ShiftsMirrorTheirEdge) {
  const Pictures shape{.channels = 1, .height = 2, .width = 4};
  const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8};
  uint8_t out[8];
  const auto is = [&](std::vector<int> want) { return std::equal(out, out + 8, want.begin()); };
  shift_and_flip(in, shape, 1, true, 1, 1, false, out);
  EXPECT_TRUE(is({1, 2, 3, 4, 5, 6, 7, 8})) << "the middle is the picture itself";
  shift_and_flip(in, shape, 1, true, 0, 0, false, out);
  EXPECT_TRUE(is({6, 5, 6, 7, 2, 1, 2, 3})) << "the edge itself is not repeated";
  shift_and_flip(in, shape, 1, false, 2, 2, false, out);
  EXPECT_TRUE(is({6, 7, 8, 0, 0, 0, 0, 0}));
  shift_and_flip(in, shape, 1, true, 1, 1, true, out);
  EXPECT_TRUE(is({4, 3, 2, 1, 8, 7, 6, 5}));
}

TEST(Augment, AlternatingMirrorsShowBothSidesInTwoEpochs) {
  const DataSet set = small_set(64);
  const AugmentOptions o{.flip = AugmentOptions::Flip::Alternating};
  const auto which = all_of(64);
  const auto plain = plain_batch(set.train, set.mean, set.std, which).x;
  const auto first = augmented_batch(set, set.train, which, 0, 64, o, 9, 0).x;
  const auto second = augmented_batch(set, set.train, which, 0, 64, o, 9, 1).x;
  const auto third = augmented_batch(set, set.train, which, 0, 64, o, 9, 2).x;
  EXPECT_EQ(first, third);
  size_t mirrored = 0;
  const size_t each = set.train.bytes_each();
  for (size_t i = 0; i < 64; ++i) {
    const bool a = std::equal(first.begin() + i * each, first.begin() + (i + 1) * each, plain.begin() + i * each);
    const bool b = std::equal(second.begin() + i * each, second.begin() + (i + 1) * each, plain.begin() + i * each);
    EXPECT_NE(a, b) << i;
    mirrored += !a;
  }
  EXPECT_GT(mirrored, 16u);
  EXPECT_LT(mirrored, 48u);
}

TEST(Augment, APictureChangesTheSameWhereverItIsInABatch) {
  const DataSet set = small_set(12);
  const AugmentOptions o{.pad = 2, .flip = AugmentOptions::Flip::Random, .cutout = 3, .colour = 0.3f};
  std::vector<uint32_t> which = {5, 1, 7, 3}, other = {3, 8, 5, 2};
  const auto a = augmented_batch(set, set.train, which, 0, 4, o, 1, 4),
             b = augmented_batch(set, set.train, other, 0, 4, o, 1, 4);
  const size_t each = set.train.bytes_each();
  EXPECT_TRUE(std::equal(a.x.begin(), a.x.begin() + each, b.x.begin() + 2 * each));
  EXPECT_TRUE(std::equal(a.x.begin() + 3 * each, a.x.end(), b.x.begin()));
  const auto next = augmented_batch(set, set.train, which, 0, 4, o, 1, 5);
  EXPECT_NE(a.x, next.x) << "another epoch";
}

// What two processes make of their halves is what one makes of the whole.
TEST(Augment, PartsOfABatchAreThoseOfTheWhole) {
  const DataSet set = small_set(12);
  for (const AugmentOptions o : {AugmentOptions{.pad = 1}, AugmentOptions{.mixup = 0.4f}, AugmentOptions{.cutmix = 1},
                                 AugmentOptions{.pad = 2, .mixup = 0.4f, .cutmix = 1}}) {
    const auto which = all_of(12);
    const auto whole = augmented_batch(set, set.train, which, 0, 12, o, 2, 3);
    auto parts = augmented_batch(set, set.train, which, 0, 5, o, 2, 3);
    const auto rest = augmented_batch(set, set.train, which, 5, 12, o, 2, 3);
    parts.x.insert(parts.x.end(), rest.x.begin(), rest.x.end());
    parts.y.insert(parts.y.end(), rest.y.begin(), rest.y.end());
    parts.other_y.insert(parts.other_y.end(), rest.other_y.begin(), rest.other_y.end());
    EXPECT_EQ(parts.x, whole.x);
    EXPECT_EQ(parts.y, whole.y);
    EXPECT_EQ(parts.other_y, whole.other_y);
    EXPECT_EQ(rest.share, whole.share);
    EXPECT_GE(whole.share, 0);
    EXPECT_LE(whole.share, 1);
  }
}

TEST(Augment, EveryEpochSeesEveryPictureOnceInAnotherOrder) {
  for (const size_t n : {size_t{1}, size_t{2}, size_t{1000}}) {
    auto a = shuffled(n, 4, 0), b = shuffled(n, 4, 1);
    EXPECT_EQ(shuffled(n, 4, 0), a);
    if (n == 1000) {
      EXPECT_NE(a, b);
    }
    std::sort(a.begin(), a.end());
    EXPECT_EQ(a, all_of(n));
  }
}

TEST(Augment, ColoursStayColours) {
  const Pictures shape{.channels = 3, .height = 1, .width = 2};
  uint8_t picture[] = {100, 200, 50, 100, 0, 250};
  change_colour(picture, shape, 1, 1, 1);
  EXPECT_EQ(std::vector<int>(picture, picture + 6), (std::vector<int>{100, 200, 50, 100, 0, 250}));
  change_colour(picture, shape, 1, 1, 0);  // no saturation: gray
  EXPECT_EQ(picture[0], picture[2]);
  EXPECT_EQ(picture[2], picture[4]);
  change_colour(picture, shape, 10, 1, 1);
  EXPECT_EQ(picture[1], 255);
}

TEST(Augment, ShiftsBeyondThePictureAreRefused) {
  const DataSet set = small_set();
  const auto which = all_of(4);
  EXPECT_THROW(augmented_batch(set, set.train, which, 0, 4, {.pad = 6}, 0, 0), Error);
  EXPECT_NO_THROW(augmented_batch(set, set.train, which, 0, 4, {.pad = 5}, 0, 0));
}

// ---- golden

TEST(Augment, IsThatOfNumpyAndPyTorch) {
  if (!std::filesystem::exists(golden("augment"))) GTEST_SKIP() << golden("augment");
  const auto all = nn::Weights::open_file(golden("augment") / "augment.safetensors");
  const auto json = read_json(golden("augment") / "expected.json");
  const auto bytes = [&](const std::string& name) {
    const auto& t = *all.find(name);
    const auto* p = reinterpret_cast<const uint8_t*>(t.bytes.data());
    return std::vector<uint8_t>(p, p + t.bytes.size());
  };
  DataSet set{.name = "golden"};
  set.train = {.channels = 3, .height = 32, .width = 32, .pixels = bytes("in"), .labels = {0, 1, 0, 1}};
  const size_t each = set.train.bytes_each();
  for (const std::string kind : {"reflect", "zero"}) {
    std::vector<uint8_t> out(4 * each);
    for (size_t i = 0; i < 4; ++i) {
      const auto& at = json["offsets_row_col_into_40x40"][i];
      shift_and_flip(set.train.at(i), set.train, 4, kind == "reflect", at[0], at[1],
                     json["flip_left_right_after_crop"][i], out.data() + i * each);
    }
    EXPECT_EQ(out, bytes(kind + ".out"));
  }
  auto cut = set.train.pixels;
  const std::vector<uint8_t> black(3, 0);
  for (size_t i = 0; i < 4; ++i) {
    const auto& at = json["cutout"]["centres_row_col"][i];
    cut_out(cut.data() + i * each, set.train, 8, at[0], at[1], black);
  }
  EXPECT_EQ(cut, bytes("cutout8"));

  DataSet turned = set;
  turned.train.pixels = bytes("reflect.out");
  turned.mean = json["normalise"]["mean"].get<std::vector<float>>(),
  turned.std = json["normalise"]["std"].get<std::vector<float>>();
  const auto which = all_of(4);
  const auto x = plain_batch(turned.train, turned.mean, turned.std, which).x;
  const auto want = nn::read_floats(*all.find("normalised"));
  for (size_t i = 0; i < x.size(); ++i) {  // [N, H, W, C] and [N, C, H, W]
    const size_t n = i / each, p = i % each / 3, c = i % 3;
    ASSERT_NEAR(x[i], want[n * each + c * 1024 + p], 1e-6) << i;
  }
  std::vector<float> values, partners;
  for (const uint8_t b : set.train.pixels) values.push_back(static_cast<float>(b) / 255.0f);
  for (const size_t k : json["mixup"]["partner"])
    partners.insert(partners.end(), values.begin() + k * each, values.begin() + (k + 1) * each);
  mix_up(values, partners, 0.3f);
  const auto mixed = nn::read_floats(*all.find("mixup_0.3"));
  for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], mixed[i], 1e-6) << i;
}

}  // namespace
}  // namespace hanok::vision

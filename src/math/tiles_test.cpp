// What the emulated instructions do, beside plain sums and what the manual says of the cases that differ from them.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/random.h"
#include "math/half.h"
#include "math/tiles_emulated.h"

namespace hanok::math {
namespace {

// rows x 4 depth times depth x columns, tile 0 = sums, 1 = left, 2 = right.
void shape(size_t rows, size_t depth, size_t columns) {
  const auto u8 = [](size_t n) { return static_cast<uint8_t>(n); };
  const TileShape sums{u8(rows), u8(4 * columns)}, left{u8(rows), u8(4 * depth)}, right{u8(depth), u8(4 * columns)};
  configure_tiles({sums, left, right, {}, {}, {}, {}, {}});
}

TEST(EmulatedTiles, MultiplyBytes) {
  base::Random random(1);
  for (const size_t rows : {1, 5, 16})
    for (const size_t depth : {1, 4, 8, 16})
      for (const size_t columns : {1, 3, 16}) {
        std::vector<uint8_t> a(rows * 70), b(depth * 90);
        std::vector<int32_t> c(rows * 20, 3), first = c;
        for (auto* x : {&a, &b})
          for (uint8_t& v : *x) v = static_cast<uint8_t>(random.next());
        shape(rows, depth, columns);
        load_tile<0>(first.data(), 80), load_tile<1>(a.data(), 70), load_tile<2>(b.data(), 90);
        add_bytes<0, 1, 2>();
        add_unsigned_bytes<0, 1, 2>();
        store_tile<0>(c.data(), 80);
        for (size_t m = 0; m < rows; ++m)
          for (size_t n = 0; n < 20; ++n) {
            int sum = 3;
            for (size_t k = 0; k < 4 * depth && n < columns; ++k)
              sum += (static_cast<int8_t>(a[m * 70 + k]) + a[m * 70 + k]) *
                     static_cast<int8_t>(b[k / 4 * 90 + 4 * n + k % 4]);
            ASSERT_EQ(c[m * 20 + n], sum) << m << " " << n << " of " << rows << " x " << depth << " x " << columns;
          }
      }
  release_tiles();
}

TEST(EmulatedTiles, MultiplyBf16) {
  base::Random random(2);
  std::vector<uint16_t> a(7 * 32), b(16 * 32);
  for (auto* x : {&a, &b})
    for (uint16_t& v : *x) v = float_to_bf16(static_cast<float>(static_cast<int>(random.below(33)) - 16));
  std::vector<float> c(7 * 16, 0.5f);
  shape(7, 16, 16);
  load_tile<0>(c.data(), 64), load_tile<1>(a.data(), 64), load_tile<2>(b.data(), 64);
  add_bf16<0, 1, 2>();
  store_tile<0>(c.data(), 64);
  for (size_t m = 0; m < 7; ++m)
    for (size_t n = 0; n < 16; ++n) {
      float sum = 0.5f;  // whole numbers: exact in any order
      for (size_t k = 0; k < 32; ++k)
        sum += bf16_to_float(a[m * 32 + k]) * bf16_to_float(b[k / 2 * 32 + 2 * n + k % 2]);
      ASSERT_EQ(c[m * 16 + n], sum);
    }
  release_tiles();
}

float product_of(const std::vector<float>& a, const std::vector<float>& b, float sum) {
  std::vector<uint16_t> left(a.size()), right(a.size());
  for (size_t i = 0; i < a.size(); ++i) left[i] = float_to_bf16(a[i]), right[i] = float_to_bf16(b[i]);
  shape(1, a.size() / 2, 1);
  load_tile<0>(&sum, 4), load_tile<1>(left.data(), 64), load_tile<2>(right.data(), 4);
  add_bf16<0, 1, 2>();
  store_tile<0>(&sum, 4);
  release_tiles();
  return sum;
}

TEST(EmulatedTiles, EvenAndOddProductsHaveSumsOfTheirOwn) {
  EXPECT_EQ(product_of({0x1p24f, 1, 0, 1}, {1, 1, 0, 1}, 0), 0x1p24f + 2) << "one after the other they would be lost";
  EXPECT_EQ(product_of({1, 0, 1, 0}, {1, 0, 1, 0}, 0x1p24f), 0x1p24f + 2) << "added to what is there at the end";
}

TEST(EmulatedTiles, TakeWhatIsTooSmallAsZero) {
  EXPECT_EQ(product_of({0x1p-130f, 0}, {0x1p100f, 0}, 0), 0) << "an operand";
  EXPECT_EQ(product_of({0x1p-70f, 0}, {0x1p-70f, 0}, 0), 0) << "a product";
  EXPECT_EQ(product_of({0, 0}, {0, 0}, std::numeric_limits<float>::denorm_min()), 0) << "what is there";
  EXPECT_EQ(product_of({0x1p-63f, 0}, {0x1p-63f, 0}, 0), 0x1p-126f) << "the least that is normal";
}

TEST(EmulatedTilesDeathTest, EndWhereTheCpuWould) {
  const float x[256] = {};
  EXPECT_DEATH(load_tile<0>(x, 64), "") << "not set up";
  shape(3, 4, 5);
  EXPECT_DEATH(load_tile<5>(x, 64), "") << "no shape";
  EXPECT_DEATH((add_bytes<0, 2, 1>()), "") << "shapes that do not fit";
  EXPECT_DEATH((add_bytes<0, 1, 1>()), "") << "a tile twice";
  release_tiles();
  EXPECT_DEATH(load_tile<0>(x, 64), "") << "given back";
}

}  // namespace
}  // namespace hanok::math

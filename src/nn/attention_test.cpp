#include "nn/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace hanok::nn {
namespace {

std::vector<float> random_values(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

bool sees(const Attention& how, size_t i, size_t j) {
  if (how.causal && j > i) return false;
  return how.window == 0 || (i > j ? i - j : j - i) <= how.window;
}

// The definition, query by query, in double.
std::vector<float> reference(const Attention& how, const Batch& batch, const float* q, const float* k, const float* v,
                             size_t stride) {
  const size_t width = how.heads * how.head_dim;
  std::vector<float> out(batch.tokens() * width);
  for (size_t s = 0; s < batch.sequences(); ++s)
    for (size_t h = 0; h < how.heads; ++h)
      for (size_t i = 0; i < batch.starts[s + 1] - batch.starts[s]; ++i) {
        const size_t n = batch.starts[s + 1] - batch.starts[s], start = batch.starts[s],
                     kv = h / (how.heads / how.kv_heads);
        std::vector<double> weight(n, 0);
        double sum = 0;
        for (size_t j = 0; j < n; ++j) {
          if (!sees(how, i, j)) continue;
          double score = 0;
          for (size_t d = 0; d < how.head_dim; ++d)
            score += static_cast<double>(q[(start + i) * stride + h * how.head_dim + d]) *
                     k[(start + j) * stride + kv * how.head_dim + d];
          score *= how.scale;
          if (how.relative) score += how.relative[h * (2 * how.reach + 1) + how.reach + j - i];
          sum += weight[j] = std::exp(score);
        }
        for (size_t d = 0; d < how.head_dim; ++d) {
          double total = 0;
          for (size_t j = 0; j < n; ++j) total += weight[j] / sum * v[(start + j) * stride + kv * how.head_dim + d];
          out[(start + i) * width + h * how.head_dim + d] = static_cast<float>(total);
        }
      }
  return out;
}

void check(Attention how, std::vector<size_t> lengths) {
  Batch batch;
  for (const size_t n : lengths) batch.add(std::vector<int32_t>(n, 1));
  const size_t width = how.heads * how.head_dim, kv_width = how.kv_heads * how.head_dim, stride = width + 2 * kv_width;
  const auto qkv = random_values(batch.tokens() * stride, 1);
  const float *q = qkv.data(), *k = q + width, *v = k + kv_width;
  std::vector<float> out(batch.tokens() * width, -1);
  attend(how, batch, q, k, v, stride, out.data(), width);
  const auto expected = reference(how, batch, q, k, v, stride);
  for (size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], expected[i], 3e-6) << i;
}

TEST(Attention, Full) { check({.heads = 3, .kv_heads = 3, .head_dim = 8, .scale = 0.35f}, {1, 2, 47, 48, 49, 130, 5}); }
TEST(Attention, EmptySequence) { check({.heads = 2, .kv_heads = 2, .head_dim = 4}, {3, 0, 4}); }
TEST(Attention, Causal) {
  check({.heads = 2, .kv_heads = 2, .head_dim = 16, .scale = 0.25f, .causal = true}, {1, 100, 50});
}
TEST(Attention, GroupedQueries) {
  check({.heads = 6, .kv_heads = 2, .head_dim = 16, .scale = 0.25f, .causal = true}, {70, 3});
}
TEST(Attention, Window) {
  for (const size_t window : {1u, 4u, 64u})
    check({.heads = 2, .kv_heads = 2, .head_dim = 8, .scale = 0.3f, .window = window}, {1, 9, 200});
}
TEST(Attention, RelativeBias) {
  const auto bias = random_values(2 * 201, 5);
  check({.heads = 2, .kv_heads = 2, .head_dim = 8, .scale = 0.3f, .relative = bias.data(), .reach = 100}, {101, 7, 60});
}

TEST(Batch, KeepsTypesBesideIds) {
  Batch batch;
  batch.add(std::vector<int32_t>{5, 6});
  batch.add(std::vector<int32_t>{7, 8, 9}, std::vector<int32_t>{0, 1, 1});
  batch.add(std::vector<int32_t>{1});
  EXPECT_EQ(batch.types, (std::vector<int32_t>{0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(batch.starts, (std::vector<size_t>{0, 2, 5, 6}));
  EXPECT_EQ(batch.longest(), 3u);
}

TEST(RopeTable, GrowsAndKeepsValues) {
  RopeTable table;
  table.reserve(3, 4, 10000);
  const float before = table.sine(2)[1];
  table.reserve(100, 4, 10000);
  EXPECT_EQ(table.sine(2)[1], before);
  EXPECT_NEAR(table.cosine(50)[0], std::cos(50.0), 1e-6);
  EXPECT_NEAR(table.cosine(50)[2], std::cos(0.5), 1e-6);
}

}  // namespace
}  // namespace hanok::nn

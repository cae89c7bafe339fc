#include "index/kmeans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "hanok/error.h"

namespace hanok::index {
namespace {

std::vector<float> blobs(size_t n, size_t dim, size_t k, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n * dim);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < dim; ++j)
      out[i * dim + j] = static_cast<float>(10.0 * ((i % k) * 7 % (j + 3)) + random.normal());
  return out;
}

TEST(Panels, DotsAtOddSizes) {
  for (const size_t dim : {1, 3, 17, 129})
    for (const size_t rows : {1, 15, 16, 17, 100})
      for (const size_t n : {1, 2, 3, 4, 5, 9}) {
        const auto m = blobs(rows, dim, 3, 1), x = blobs(n, dim, 2, 2);
        const Panels panels(m, dim);
        std::vector<float> out(n * panels.padded());
        panels.dots(x.data(), n, out.data());
        for (size_t i = 0; i < n; ++i)
          for (size_t r = 0; r < rows; ++r) {
            double sum = 0, size = 1;
            for (size_t j = 0; j < dim; ++j) {
              const double term = static_cast<double>(x[i * dim + j]) * m[r * dim + j];
              sum += term, size += std::abs(term);
            }
            EXPECT_NEAR(out[i * panels.padded() + r], sum, 1e-5 * size);
          }
      }
}

TEST(Cluster, FindsSeparateBlobs) {
  const auto x = blobs(500, 5, 5, 1);
  const Clusters c = cluster(x, 5, 5, 3);
  for (size_t i = 5; i < 500; ++i) EXPECT_EQ(c.assignment[i], c.assignment[i % 5]);
  EXPECT_EQ(std::set<uint32_t>(c.assignment.begin(), c.assignment.begin() + 5).size(), 5u);
  EXPECT_NEAR(c.inertia, 500 * 5, 300);  // unit variance in five dimensions
}

TEST(Cluster, TheSameForAnyThreadCountAndEveryVectorIsWithItsNearest) {
  const auto x = blobs(2000, 9, 40, 2);
  const Clusters a = cluster(x, 9, 33, 7, 10, 1), b = cluster(x, 9, 33, 7, 10, 3);
  EXPECT_EQ(a.centroids, b.centroids);
  EXPECT_EQ(a.assignment, b.assignment);
  EXPECT_EQ(a.inertia, b.inertia);
  EXPECT_NE(a.centroids, cluster(x, 9, 33, 8, 10, 1).centroids);
  for (size_t i = 0; i < 2000; ++i) {
    double best = INFINITY, own = 0;
    for (size_t c = 0; c < 33; ++c) {
      double d = 0;
      for (size_t j = 0; j < 9; ++j) d += std::pow(static_cast<double>(x[i * 9 + j]) - a.centroids[c * 9 + j], 2);
      best = std::min(best, d);
      if (c == a.assignment[i]) own = d;
    }
    EXPECT_LE(own, best + 1e-3);
  }
}

TEST(Cluster, EdgesAndErrors) {
  const std::vector<float> same(20, 3.0f);
  const Clusters one = cluster(same, 2, 1);
  EXPECT_EQ(one.inertia, 0);
  EXPECT_LT(cluster(same, 2, 10).inertia, 1e-6);  // k = n, all equal
  EXPECT_THROW(cluster(same, 2, 11), Error);
  EXPECT_THROW(cluster(same, 2, 0), Error);
  EXPECT_THROW(cluster(same, 3, 1), Error);
  EXPECT_THROW(cluster({}, 2, 1), Error);
  EXPECT_THROW(cluster(std::vector<float>{1, NAN}, 1, 1), Error);
}

}  // namespace
}  // namespace hanok::index

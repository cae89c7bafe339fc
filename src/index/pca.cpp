#include "index/pca.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/threads.h"
#include "index/panel.h"
#include "math/distance.h"
#include "math/rows.h"

namespace hanok::index {
namespace {

constexpr int kIterations =
    5;  // the error of a direction falls by the ratio of its eigenvalue to the first left out, each

constexpr size_t kWorthPacking = 4;  // products(): b has at most so many rows for each of a

// Modified Gram-Schmidt, twice for a row that nearly vanishes; a row that does vanish is drawn anew.
void orthonormalise(std::vector<float>& v, size_t d, base::Random& random) {
  const auto& kernel = math::distance();
  for (size_t i = 0; i * d < v.size(); ++i) {
    base::check_interrupt();
    float* row = v.data() + i * d;
    for (int attempt = 0; attempt < 8; ++attempt) {
      const float before = std::sqrt(kernel.ip_f32(row, row, d));
      for (size_t k = 0; k < i; ++k) {
        const float* other = v.data() + k * d;
        math::rows().add_scaled(row, other, -kernel.ip_f32(row, other, d), d);
      }
      const float after = std::sqrt(kernel.ip_f32(row, row, d));
      const bool vanished = !(after > 1e-6f * before) || before == 0;
      if (vanished)
        for (size_t j = 0; j < d; ++j) row[j] = static_cast<float>(random.normal());
      else
        for (size_t j = 0; j < d; ++j) row[j] /= after;
      if (!vanished && after > 0.1f * before) break;
    }
  }
}

std::vector<float> transposed(std::span<const float> a, size_t columns) {
  const size_t rows = a.size() / columns;
  std::vector<float> out(a.size());
  constexpr size_t kTile = 32;
  for (size_t i0 = 0; i0 < rows; i0 += kTile)
    for (size_t j0 = 0; j0 < columns; j0 += kTile)
      for (size_t i = i0; i < std::min(rows, i0 + kTile); ++i)
        for (size_t j = j0; j < std::min(columns, j0 + kTile); ++j) out[j * rows + i] = a[i * columns + j];
  return out;
}

std::vector<float> gaussian(size_t n, base::Random& random) {
  std::vector<float> out(n);
  for (auto& x : out) x = static_cast<float>(random.normal());
  return out;
}

// [d, d]: of each two columns of rows, [n, d].
std::vector<float> products_of_columns(std::span<const float> rows, size_t d, size_t threads) {
  constexpr size_t kAtOnce = 512;  // rows: their columns stay in a core's cache
  std::vector<float> sum(d * d);
  for (size_t begin = 0; begin < rows.size() / d; begin += kAtOnce) {
    const auto some = rows.subspan(begin * d, std::min(kAtOnce, rows.size() / d - begin) * d);
    const auto columns = transposed(some, d);
    const auto part = products(columns, columns, some.size() / d, threads);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  return sum;
}

}  // namespace

std::vector<float> products(std::span<const float> a, std::span<const float> b, size_t d, size_t threads) {
  const size_t n = a.size() / d, m = b.size() / d;
  std::vector<float> out(n * m);
  if (m <= kWorthPacking * n) {
    const Panels panels(b, d);
    base::parallel_for(
        n, 32,
        [&](size_t begin, size_t end, size_t) {
          base::check_interrupt();
          std::vector<float> dots((end - begin) * panels.padded());
          panels.dots(a.data() + begin * d, end - begin, dots.data());
          for (size_t i = begin; i < end; ++i)
            std::copy_n(dots.data() + (i - begin) * panels.padded(), m, out.data() + i * m);
        },
        threads);
    return out;
  }
  std::vector<const float*> rows(m);
  for (size_t j = 0; j < m; ++j) rows[j] = b.data() + j * d;
  // Blocks of b stay in the cache of a core while a's rows pass by.
  const size_t block = std::clamp<size_t>((256u << 10) / (d * sizeof(float)) / 4 * 4, 4, 256);
  base::parallel_for(
      n, 32,
      [&](size_t begin, size_t end, size_t) {
        base::check_interrupt();
        for (size_t j = 0; j < m; j += block)
          for (size_t i = begin; i < end; ++i)
            math::distance().ip_f32_rows(a.data() + i * d, rows.data() + j, std::min(block, m - j), d,
                                         out.data() + i * m + j);
      },
      threads);
  return out;
}

std::vector<float> principal_directions(std::span<const float> rows, size_t d, size_t m, uint64_t seed,
                                        size_t threads) {
  base::Random random(seed);
  std::vector<float> v = gaussian(m * d, random);
  orthonormalise(v, d, random);
  const size_t n = rows.size() / d;
  const bool by_covariance = d <= n;  // else the rows themselves are the smaller matrix
  const std::vector<float> covariance = by_covariance ? products_of_columns(rows, d, threads) : std::vector<float>();
  const std::vector<float> columns = by_covariance ? std::vector<float>() : transposed(rows, d);  // [d, n]
  for (int i = 0; i < kIterations; ++i) {
    if (by_covariance) {
      v = products(v, covariance, d, threads);
    } else {
      const auto scores = products(v, rows, d, threads);  // [m, n]
      v = products(scores, columns, n, threads);          // [m, d]
    }
    orthonormalise(v, d, random);
  }
  return v;
}

std::vector<float> random_rotation(size_t m, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out = gaussian(m * m, random);
  orthonormalise(out, m, random);
  return out;
}

}  // namespace hanok::index

#include "index/ivf/product_quantiser.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/threads.h"
#include "math/kernels.h"

namespace hanok::index {
namespace {

constexpr size_t kWidest = 16;  // axes a code: beyond, four bits say nothing about any of them

}  // namespace

std::vector<uint32_t> split_axes(std::span<const float> variance, size_t m) {
  const size_t d = variance.size();
  m = std::max(std::min(m, d), (d + kWidest - 1) / kWidest);
  // best[g][e]: least error of the first e axes in g groups.
  std::vector<double> logs(d + 1);
  for (size_t j = 0; j < d; ++j) logs[j + 1] = logs[j] + std::log(std::max(variance[j], 1e-30f));
  std::vector<std::vector<double>> best(m + 1, std::vector<double>(d + 1, INFINITY));
  std::vector<std::vector<uint8_t>> width(m + 1, std::vector<uint8_t>(d + 1));
  best[0][0] = 0;
  for (size_t g = 1; g <= m; ++g)
    for (size_t e = g; e <= d; ++e)
      for (size_t w = 1; w <= std::min(kWidest, e); ++w) {
        const auto x = static_cast<double>(w);
        const double error = best[g - 1][e - w] + x * std::exp((logs[e] - logs[e - w]) / x - 8 * std::log(2.0) / x);
        if (error < best[g][e]) best[g][e] = error, width[g][e] = static_cast<uint8_t>(w);
      }
  std::vector<uint32_t> starts(m + 1);
  for (size_t g = m, e = d; g > 0; e -= width[g][e], --g) starts[g] = static_cast<uint32_t>(e);
  return starts;
}

void ProductQuantiser::train(std::span<const float> vectors, size_t dim, std::vector<uint32_t> starts, uint64_t seed,
                             size_t threads) {
  const size_t n = vectors.size() / dim, k = std::min(kCodes, n);
  std::vector<float> codebooks(dim * kCodes);
  base::parallel_for(
      starts.size() - 1, 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t s = begin; s < end; ++s) {
          const size_t first = starts[s], width = starts[s + 1] - first;
          std::vector<float> part(n * width);
          for (size_t i = 0; i < n; ++i) std::copy_n(vectors.data() + i * dim + first, width, part.data() + i * width);
          constexpr size_t kIterations = 12;
          const Clusters found = cluster(part, width, k, seed + s, kIterations, 1);
          for (size_t j = 0; j < width; ++j)
            for (size_t c = 0; c < kCodes; ++c)
              codebooks[(first + j) * kCodes + c] = found.centroids[std::min(c, k - 1) * width + j];
        }
      },
      threads);
  restore(dim, std::move(starts), std::move(codebooks));
}

void ProductQuantiser::restore(size_t dim, std::vector<uint32_t> starts, std::vector<float> codebooks) {
  dim_ = dim;
  starts_ = std::move(starts);
  codebooks_ = std::move(codebooks);
}

void ProductQuantiser::encode(const float* x, uint8_t* codes) const {
  for (size_t s = 0; s < subspaces(); ++s) {
    float distance[kCodes] = {};
    for (size_t j = starts_[s]; j < starts_[s + 1]; ++j)
      for (size_t c = 0; c < kCodes; ++c) {
        const float d = x[j] - codebooks_[j * kCodes + c];
        distance[c] += d * d;
      }
    codes[s] = static_cast<uint8_t>(std::min_element(distance, distance + kCodes) - distance);
  }
}

void ProductQuantiser::decode(const uint8_t* codes, float* x) const {
  for (size_t s = 0; s < subspaces(); ++s)
    for (size_t j = starts_[s]; j < starts_[s + 1]; ++j) x[j] = codebooks_[j * kCodes + codes[s]];
}

math::LookupScale ProductQuantiser::table(const float* x, float factor, float* scratch, uint8_t* out) const {
  const math::LookupScale scale = math::kernels<math::FastScanKernels>().lookups(codebooks_.data(), starts_.data(),
                                                                                 subspaces(), x, factor, scratch, out);
  std::fill(out + subspaces() * kCodes, out + padded() * kCodes, uint8_t{0});
  return scale;
}

}  // namespace hanok::index

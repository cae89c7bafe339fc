// The exact scan: every row is scored in small integers with a proven error bound, and only the rows that the bound
// cannot exclude are scored again in float64. The answer is that of a float64 scan of all rows (docs/index/flat.md has
// the proof).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"
#include "index/flat/scan_kernels.h"
#include "math/cpu.h"

namespace hanok::index {

ScanKernels scan_kernels(math::Level level);
const ExactKernels& exact_kernels();

/// Score of the exact scan, large is near: -(squared distance) under L2, the dot product under InnerProduct, the cosine
/// under Cosine. In float64; `query_norm` and `row_norm` are used by Cosine alone.
double exact_score(Metric metric, const float* query, const float* row, size_t dim, double query_norm, double row_norm);

/// Integer codes of rows. Reading is safe from many threads; set() and resize() need the caller's lock.
class ScanCodes {
 public:
  /// `centre` [dim] is subtracted from every row (and from queries under L2): any is right, the mean makes the bound
  /// small.
  ScanCodes(size_t dim, Metric metric, std::vector<float> centre, math::Level level = math::level());

  void resize(size_t rows);
  size_t rows() const { return rows_; }
  void set(size_t row, const float* x);
  size_t bytes() const { return codes_.capacity() + blocks_.capacity() * sizeof(ScanRows); }

  /// Queries in integers, ready for scan(). [n, dim]
  struct Queries {
    std::vector<ScanQuery> terms;  // one a query
    std::vector<int8_t> tiles;     // [ceil(n / kScanQueries), groups, kScanQueries, 4]
  };
  Queries prepare(std::span<const float> queries) const;

  /// Calls consider(query, first row, mask, lower[16], upper[16]) for every block of rows in which a row reaches its
  /// query's threshold; mask has the rows that do. thresholds[query] may rise meanwhile.
  template <typename Consider>
  void scan(const Queries& queries, std::span<const float> thresholds, Consider&& consider) const {
    int32_t dots[kScanQueries * kScanRows];
    float lower[kScanRows], upper[kScanRows];
    const size_t n = queries.terms.size(), block_bytes = groups_ * kScanRows * 4,
                 tile_bytes = groups_ * kScanQueries * 4;
    // Some blocks at a time, so that they stay in the second-level cache while all queries pass over them.
    const size_t step = std::max<size_t>(1, kCacheBytes / block_bytes);
    for (size_t first = 0; first < blocks_.size(); first += step)
      for (size_t q = 0; q < n; q += kScanQueries)
        for (size_t b = first; b < std::min(blocks_.size(), first + step); ++b) {
          const size_t tile = std::min(kScanQueries, n - q);
          kernels_.dots(codes_.data() + b * block_bytes, groups_, queries.tiles.data() + q / kScanQueries * tile_bytes,
                        tile, dots);
          for (size_t i = 0; i < tile; ++i)
            if (const uint32_t mask = kernels_.bounds(dots + i * kScanRows, blocks_[b], queries.terms[q + i],
                                                      thresholds[q + i], lower, upper))
              consider(q + i, b * kScanRows, mask & valid(b), lower, upper);
        }
  }

 private:
  ScanQuery prepare_one(const float* x, int8_t* tile) const;

  static constexpr size_t kCacheBytes = 192 << 10;

  uint32_t valid(size_t block) const {
    const size_t n = std::min(kScanRows, rows_ - block * kScanRows);
    return n == kScanRows ? 0xFFFFu : (1u << n) - 1;
  }

  size_t dim_, groups_, rows_ = 0;
  Metric metric_;
  std::vector<float> centre_;
  ScanKernels kernels_;
  std::vector<uint8_t> codes_;  // [blocks, groups, 16, 4]
  std::vector<ScanRows> blocks_;
};

}  // namespace hanok::index

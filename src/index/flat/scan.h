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
#include "index/flat/subspace.h"
#include "math/kernels.h"
#include "math/scan_kernels.h"

namespace hanok::index {

using math::ExactKernels;
using math::kScanQueries;
using math::kScanRows;
using math::ScanKernels;
using math::ScanQuery;
using math::ScanRows;

inline const ExactKernels& exact_kernels() { return math::kernels<ExactKernels>(); }

/// Score of the exact scan, large is near: -(squared distance) under L2, the dot product under InnerProduct, the cosine
/// under Cosine. In float64; `query_norm` and `row_norm` are used by Cosine alone.
double exact_score(Metric metric, const float* query, const float* row, size_t dim, double query_norm, double row_norm);

/// Integer codes of rows. Reading is safe from many threads; set() and resize() need the caller's lock.
class ScanCodes {
 public:
  /// `centre` [dim] is subtracted from every row (and from queries under L2): any is right, the mean makes the bound
  /// small. Codes are of the coordinates in `subspace`.
  ScanCodes(Metric metric, std::vector<float> centre, Subspace subspace, math::Features features = math::features());

  void resize(size_t rows);
  size_t rows() const { return rows_; }
  /// x [n, dim] becomes the rows first, first + 1, ...
  void set(size_t first, std::span<const float> x);
  /// Row `from` over row `to`.
  void copy(size_t from, size_t to);
  size_t directions() const { return subspace_.size(); }
  size_t bytes() const { return codes_.capacity() + blocks_.capacity() * sizeof(ScanRows); }

  /// Queries in integers, ready for scan(). [n, dim]
  struct Queries {
    std::vector<ScanQuery> terms;  // one a query
    std::vector<int8_t> tiles;     // [ceil(n / kScanQueries), groups, kScanQueries, 4]
  };
  Queries prepare(std::span<const float> queries) const;

  /// Calls consider(query, first row, mask, scores[16], upper[16]) for every block of rows in which a row's upper bound
  /// reaches its query's threshold; mask has the rows that do. After some blocks, more and more at a time, it calls
  /// settle(query): thresholds[query] may rise then.
  template <typename Consider, typename Settle>
  void scan(const Queries& queries, std::span<const float> thresholds, Consider&& consider, Settle&& settle) const {
    scan_blocks(0, blocks_.size(), queries, thresholds, consider, settle);
  }

  /// The same with the blocks [begin, end) of kScanRows rows each alone.
  template <typename Consider, typename Settle>
  void scan_blocks(size_t begin, size_t end, const Queries& queries, std::span<const float> thresholds,
                   Consider&& consider, Settle&& settle) const {
    int32_t dots[kScanQueries * kScanRows];
    float scores[kScanRows], upper[kScanRows];
    const size_t n = queries.terms.size(), block_bytes = groups_ * kScanRows * 4,
                 tile_bytes = groups_ * kScanQueries * 4;
    // Some blocks at a time, so that they stay in the second-level cache while all queries pass over them.
    const size_t most = std::max<size_t>(1, kCacheBytes / block_bytes);
    size_t step = std::min(most, kFirstBlocks);
    for (size_t first = begin; first < end; first += step, step = std::min(most, step * 2))
      for (size_t q = 0; q < n; q += kScanQueries) {
        const size_t tile = std::min(kScanQueries, n - q);
        for (size_t b = first; b < std::min(end, first + step); ++b) {
          kernels_.dots(codes_.data() + b * block_bytes, groups_, queries.tiles.data() + q / kScanQueries * tile_bytes,
                        tile, dots);
          for (size_t i = 0; i < tile; ++i)
            if (const uint32_t mask = kernels_.bounds(dots + i * kScanRows, blocks_[b], queries.terms[q + i],
                                                      thresholds[q + i], scores, upper))
              consider(q + i, b * kScanRows, mask & valid(b), scores, upper);
        }
        for (size_t i = 0; i < tile; ++i) settle(q + i);
      }
  }

 private:
  bool trusted(double squares, double inside) const;
  void set_one(size_t row, double squares, std::span<const double> coordinates);
  ScanQuery prepare_one(std::span<const double> wide, std::span<const double> h, int8_t* tile) const;
  /// x [n, dim] in float64, divided by its length under cosine, the centre taken away where it says so.
  std::vector<double> widened(std::span<const float> x, bool centred) const;

  static constexpr size_t kCacheBytes = 192 << 10;
  static constexpr size_t kFirstBlocks = 8;

  uint32_t valid(size_t block) const {
    const size_t n = std::min(kScanRows, rows_ - block * kScanRows);
    return n == kScanRows ? 0xFFFFu : (1u << n) - 1;
  }

  size_t dim_, groups_, rows_ = 0;
  Metric metric_;
  std::vector<float> centre_;
  Subspace subspace_;
  ScanKernels kernels_;
  std::vector<uint8_t> codes_;  // [blocks, groups, 16, 4]
  std::vector<ScanRows> blocks_;
};

}  // namespace hanok::index

// Integer kernels of the exact scan: one tile of queries against one block of sixteen rows. See docs/index/flat.md.
// Kept free of library headers: files with CPU flags include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kScanRows = 16;    // rows a block: one 512-bit register of dwords, or two of 256 bits
constexpr size_t kScanQueries = 8;  // queries a tile: as many 32-bit accumulators as AVX2 has registers to spare

/// What a block of sixteen rows carries beside its codes. h: coordinates of x' in the scan's subspace. Norms are
/// rounded up.
struct ScanRows {
  float scale[kScanRows];     // h ~ scale * code
  float residual[kScanRows];  // >= |h - scale * code|
  float outside[kScanRows];   // >= |x' - P^T h|
  float norm[kScanRows];      // >= |scale * code| and >= |x'|
  float bias[kScanRows];      // what the row adds to the score: -|x'|^2 under L2, else 0
  float slack[kScanRows];     // >= the rounding error that `bias` brings in
};

/// A query in integers.  score(row) = weight * row.scale * (dot - offset) + row.bias + constant,  off by at most
///   by_residual * row.residual + by_outside * row.outside + by_norm * row.norm + row.slack + slack.
struct ScanQuery {
  int32_t offset = 0;
  float weight = 0, by_residual = 0, by_outside = 0, by_norm = 0, constant = 0, slack = 0;
};

struct ScanKernels {
  /// Codes that the products of this level take without overflow: rows as code + row_offset in one unsigned byte with
  /// |code| <= row_limit, queries signed with |code| <= query_limit.
  int row_offset, row_limit, query_limit;
  /// groups is a multiple of 4. Rows [groups, 16, 4] against a tile of queries [groups, kScanQueries, 4], of which the
  /// first n are of interest: dots[q * 16 + r] = sum over g, i of tile[g, q, i] * block[g, r, i].
  void (*dots)(const uint8_t* block, size_t groups, const int8_t* tile, size_t n, int32_t* dots);
  /// Scores of sixteen rows, from one query's dots, and their upper bounds. Bit r of the result: not upper[r] <
  /// threshold (so NaN, which only overflow makes, counts as reached); where no bit is set nothing is written.
  uint32_t (*bounds)(const int32_t* dots, const ScanRows& rows, const ScanQuery& query, float threshold, float* scores,
                     float* upper);
};

void fill_scan_scalar(ScanKernels& table);
void fill_scan_avx2(ScanKernels& table);
void fill_scan_vnni(ScanKernels& table);
void fill_scan_neon(ScanKernels& table);

/// Sums in float64, the arbiter of every exact search: sum of (a - b)^2, and of a * b.
struct ExactKernels {
  double (*l2)(const float* a, const float* b, size_t dim);
  double (*ip)(const float* a, const float* b, size_t dim);
  double (*l2_bytes)(const float* a, const uint8_t* b, size_t dim);
  double (*ip_bytes)(const float* a, const uint8_t* b, size_t dim);
};
void fill_exact_scalar(ExactKernels& table);
void fill_exact_avx2(ExactKernels& table);

}  // namespace hanok::math

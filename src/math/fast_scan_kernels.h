// 4-bit codes looked up in registers (Andre, Kermarrec, Le Scouarnec 2015, "Cache locality is not enough"; the layout
// of a block is this room's own). Kept free of library headers: files with CPU flags include it.
//
// A block holds 32 vectors of M codes (M a multiple of 4), 16 M bytes. Codes of subspaces s, s + 1 (s even) take 32
// bytes from s * 16: byte (s % 2) * 16 + v % 16 has vector v's code in its low half for v < 16, in its high half for v
// >= 16.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kFastScanVectors = 32;
constexpr size_t kFastScanCodes = 16;  // that a subspace has

/// What the bytes of a table mean: an entry is base's share of its subspace + step * byte.
struct LookupScale {
  float step = 1, base = 0;
};

struct FastScanKernels {
  /// The table of a vector: with the products p(s, c) = factor * sum over j from starts[s] to starts[s + 1] of x[j] *
  /// codebooks[j * 16 + c] and their least of each subspace, out[s * 16 + c] ~ (p(s, c) - least_s) / step, rounded to
  /// bytes, where base is the sum of all least_s. floats: room for m * 16, p - least afterwards.
  LookupScale (*lookups)(const float* codebooks, const uint32_t* starts, size_t m, const float* x, float factor,
                         float* floats, uint8_t* out);
  /// Estimates of 32 vectors: out[v] = base + step * (sum over s of table[s * 16 + code(v, s)]) + term[v].
  /// table: [m, 16] bytes, m <= 256 so that sums fit 16 bits. Bit v of the result: out[v] < threshold.
  uint32_t (*scan)(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
                   float threshold, float* out);
  /// The same for codes with a scale of their own:
  /// out[v] = base + scale[v] * (table_base + step * (sum over s of table[s * 16 + code(v, s)])) + term[v].
  uint32_t (*scan_scaled)(const uint8_t* block, const uint8_t* table, size_t m, const float* term, const float* scale,
                          float base, float table_base, float step, float threshold, float* out);
};

void fill_fast_scan_scalar(FastScanKernels& table);
void fill_fast_scan_avx2(FastScanKernels& table);
void fill_fast_scan_avx512(FastScanKernels& table);
void fill_fast_scan_neon(FastScanKernels& table);

}  // namespace hanok::math

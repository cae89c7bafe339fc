// The table itself. Kept free of library headers: files with CPU flags include it, and nothing they compile may leak
// out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kPanelRecords = 16;  // of a block of nearest_of_panel

struct DistanceKernels {
  // sum over j of (a[j] - b[j])^2, and sum over j of a[j] * b[j]. The query comes first, the stored vector second.
  float (*l2_f32)(const float* a, const float* b, size_t dim);
  float (*ip_f32)(const float* a, const float* b, size_t dim);
  float (*l2_f16)(const float* a, const uint16_t* b, size_t dim);
  float (*ip_f16)(const float* a, const uint16_t* b, size_t dim);
  float (*l2_bf16)(const float* a, const uint16_t* b, size_t dim);
  float (*ip_bf16)(const float* a, const uint16_t* b, size_t dim);
  // Exact: dim * 255^2 fits 32 bits up to dim = 66,051, and dims end at 65,536.
  uint32_t (*l2_u8)(const uint8_t* a, const uint8_t* b, size_t dim);
  uint32_t (*ip_u8)(const uint8_t* a, const uint8_t* b, size_t dim);
  // A float query against bytes that mean offset + scale * b[j].
  float (*l2_sq8)(const float* a, const uint8_t* b, float offset, float scale, size_t dim);
  // sum over j of a[j] * b[j]: the caller adds offset * sum(a) and multiplies by scale.
  float (*ip_f32u8)(const float* a, const uint8_t* b, size_t dim);
  // Both in 0..127. Exact.
  uint32_t (*l2_u7)(const uint8_t* a, const uint8_t* b, size_t dim);
  // Bits that differ in `bytes` bytes.
  uint32_t (*hamming)(const uint8_t* a, const uint8_t* b, size_t bytes);
  // out[i] = distance of a to row rows[i], four rows in flight: hides the latency of one row's sum behind the others.
  void (*l2_f32_rows)(const float* a, const float* const* rows, size_t n, size_t dim, float* out);
  void (*ip_f32_rows)(const float* a, const float* const* rows, size_t n, size_t dim, float* out);
  // As ip_f32_rows, and squares[i] = sum over j of rows[i][j]^2: one reading of a row says all of its cosine.
  void (*ip_square_f32_rows)(const float* a, const float* const* rows, size_t n, size_t dim, float* out,
                             float* squares);
  // Records of `lines` * 64 bytes: codes, and in the last four bytes an int32 that is added to the distance.
  // out[i] = sum of d^2 over the codes + the int32 of record ids[i], d the shorter way between two codes on a circle of
  // 256, 127 at most: for u7 codes their difference. The query is such a record too; its last four bytes are not read.
  // base and query are aligned to 64. Records are prefetched: ids may point anywhere.
  void (*scan_records)(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n,
                       int32_t* out);
  // Records in blocks of 16: code j of group g (of four) of record r of block b is panel[((b * groups + g) * 16 + r) *
  // 4
  // + j]. Of records l, l + 16, l + 32, ... the one of least bias + sum of d^2 over its groups * 4 codes, d as above:
  // its distance goes to distance[l], its number to record[l]; of equals the first. Sums wrap. panel is aligned to 64.
  void (*nearest_of_panel)(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups,
                           size_t blocks, int32_t* distance, uint32_t* record);
  // out[i] = sum over j of x[j] * rows[i * stride + j] with stride a multiple of 32, rows in -63..63 and x padded to
  // stride with zeros: a pair of products stays below 2^15.
  void (*project)(const uint8_t* x, const int8_t* rows, size_t stride, size_t n, int32_t* out);
  // Nearest whole number of (x[j] - low[j]) * scale[j], held to 0..255.
  void (*f32_to_u8)(const float* x, const float* low, const float* scale, uint8_t* out, size_t n);
  // True if every x[j] is a whole number 0..255; out then holds them.
  bool (*whole_bytes)(const float* x, uint8_t* out, size_t n);
  bool (*all_finite)(const float* x, size_t n);
};

// Each fills in what its version does better and leaves the rest.
void fill_distance_scalar(DistanceKernels& table);
void fill_distance_avx2(DistanceKernels& table);
void fill_codes_avx2(DistanceKernels& table);
void fill_distance_avx512(DistanceKernels& table);
void fill_distance_vnni(DistanceKernels& table);
void fill_codes_vnni(DistanceKernels& table);
void fill_distance_neon(DistanceKernels& table);

}  // namespace hanok::math

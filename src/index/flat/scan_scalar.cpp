#include "index/flat/scan_kernels.h"

namespace hanok::index {
namespace {

void dots(const uint8_t* block, size_t groups, const int8_t* tile, size_t n, int32_t* out) {
  for (size_t q = 0; q < n; ++q)
    for (size_t r = 0; r < kScanRows; ++r) {
      int32_t sum = 0;
      for (size_t d = 0; d < groups * 4; ++d)
        sum += tile[(d / 4 * kScanQueries + q) * 4 + d % 4] * block[d / 4 * 64 + r * 4 + d % 4];
      out[q * kScanRows + r] = sum;
    }
}

uint32_t bounds(const int32_t* dots, const ScanRows& rows, const ScanQuery& query, float threshold, float* lower,
                float* upper) {
  uint32_t mask = 0;
  for (size_t r = 0; r < kScanRows; ++r) {
    const float score =
        query.weight * rows.scale[r] * static_cast<float>(dots[r] - query.offset) + rows.bias[r] + query.constant;
    const float error =
        query.by_residual * rows.residual[r] + query.by_norm * rows.norm[r] + (rows.slack[r] + query.slack);
    lower[r] = score - error;
    upper[r] = score + error;
    if (!(upper[r] < threshold)) mask |= 1u << r;
  }
  return mask;
}

double l2(const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t j = 0; j < dim; ++j) {
    const double d = static_cast<double>(a[j]) - b[j];
    sum += d * d;
  }
  return sum;
}

double ip(const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

}  // namespace

void fill_scan_scalar(ScanKernels& table) { table = {128, 127, 127, dots, bounds}; }
void fill_exact_scalar(ExactKernels& table) { table = {l2, ip}; }

}  // namespace hanok::index

#include "math/scan_kernels.h"

namespace hanok::math {
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

uint32_t bounds(const int32_t* dots, const ScanRows& rows, const ScanQuery& query, float threshold, float* scores,
                float* upper) {
  uint32_t mask = 0;
  for (size_t r = 0; r < kScanRows; ++r) {
    scores[r] =
        query.weight * rows.scale[r] * static_cast<float>(dots[r] - query.offset) + rows.bias[r] + query.constant;
    upper[r] = scores[r] + (query.by_residual * rows.residual[r] + query.by_outside * rows.outside[r] +
                            query.by_norm * rows.norm[r] + (rows.slack[r] + query.slack));
    if (!(upper[r] < threshold)) mask |= 1u << r;
  }
  return mask;
}

template <typename T>
double l2(const float* a, const T* b, size_t dim) {
  double sum = 0;
  for (size_t j = 0; j < dim; ++j) {
    const double d = static_cast<double>(a[j]) - b[j];
    sum += d * d;
  }
  return sum;
}

template <typename T>
double ip(const float* a, const T* b, size_t dim) {
  double sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

}  // namespace

void fill_scan_scalar(ScanKernels& table) { table = {128, 127, 127, dots, bounds}; }
void fill_exact_scalar(ExactKernels& table) { table = {l2<float>, ip<float>, l2<uint8_t>, ip<uint8_t>}; }

}  // namespace hanok::math

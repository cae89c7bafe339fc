#include <algorithm>

#include "math/fast_scan_kernels.h"

namespace hanok::math {
namespace {

LookupScale lookups(const float* codebooks, const uint32_t* starts, size_t m, const float* x, float factor,
                    float* floats, uint8_t* out) {
  LookupScale scale;
  float widest = 0;
  for (size_t s = 0; s < m; ++s) {
    float products[kFastScanCodes] = {};
    for (size_t j = starts[s]; j < starts[s + 1]; ++j)
      for (size_t c = 0; c < kFastScanCodes; ++c) products[c] += x[j] * codebooks[j * kFastScanCodes + c];
    for (float& p : products) p *= factor;
    const auto [least, most] = std::minmax_element(products, products + kFastScanCodes);
    widest = std::max(widest, *most - *least);
    scale.base += *least;
    for (size_t c = 0; c < kFastScanCodes; ++c) floats[s * kFastScanCodes + c] = products[c] - *least;
  }
  scale.step = std::max(widest / 255, 1e-30f);
  const float inverse = 1 / scale.step;
  for (size_t i = 0; i < m * kFastScanCodes; ++i) out[i] = static_cast<uint8_t>(floats[i] * inverse + 0.5f);
  return scale;
}

uint32_t sum_of(const uint8_t* block, const uint8_t* table, size_t m, size_t v) {
  uint32_t sum = 0;
  for (size_t s = 0; s < m; ++s) {
    const uint8_t byte = block[s * 16 + v % 16];
    sum += table[s * 16 + (v < 16 ? byte & 15 : byte >> 4)];
  }
  return sum;
}

uint32_t scan(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
              float threshold, float* out) {
  uint32_t mask = 0;
  for (size_t v = 0; v < kFastScanVectors; ++v) {
    out[v] = base + step * static_cast<float>(sum_of(block, table, m, v)) + term[v];
    if (out[v] < threshold) mask |= 1u << v;
  }
  return mask;
}

uint32_t scan_scaled(const uint8_t* block, const uint8_t* table, size_t m, const float* term, const float* scale,
                     float base, float table_base, float step, float threshold, float* out) {
  uint32_t mask = 0;
  for (size_t v = 0; v < kFastScanVectors; ++v) {
    const float product = table_base + step * static_cast<float>(sum_of(block, table, m, v));
    out[v] = base + scale[v] * product + term[v];
    if (out[v] < threshold) mask |= 1u << v;
  }
  return mask;
}

}  // namespace

void fill_fast_scan_scalar(FastScanKernels& table) {
  table.lookups = lookups;
  table.scan = scan;
  table.scan_scaled = scan_scaled;
}

}  // namespace hanok::math

// The plain versions: what the others are tested against.
#include <bit>
#include <cmath>
#include <cstring>

#include "math/distance_kernels.h"
#include "math/half.h"

namespace hanok::math {
namespace {

float same(float f) { return f; }

template <typename T, float (*load)(T)>
float l2(const float* a, const T* b, size_t dim) {
  float sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += (a[j] - load(b[j])) * (a[j] - load(b[j]));
  return sum;
}

template <typename T, float (*load)(T)>
float ip(const float* a, const T* b, size_t dim) {
  float sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += a[j] * load(b[j]);
  return sum;
}

uint32_t l2_bytes(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32_t sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += static_cast<uint32_t>((a[j] - b[j]) * (a[j] - b[j]));
  return sum;
}

uint32_t ip_bytes(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32_t sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += static_cast<uint32_t>(a[j]) * b[j];
  return sum;
}

float l2_sq8(const float* a, const uint8_t* b, float offset, float scale, size_t dim) {
  float sum = 0;
  for (size_t j = 0; j < dim; ++j) {
    const float difference = a[j] - (offset + scale * static_cast<float>(b[j]));
    sum += difference * difference;
  }
  return sum;
}

float ip_f32u8(const float* a, const uint8_t* b, size_t dim) {
  float sum = 0;
  for (size_t j = 0; j < dim; ++j) sum += a[j] * static_cast<float>(b[j]);
  return sum;
}

uint32_t hamming(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32_t bits = 0;
  size_t j = 0;
  for (; j + 8 <= bytes; j += 8) {
    uint64_t x, y;
    std::memcpy(&x, a + j, 8);
    std::memcpy(&y, b + j, 8);
    bits += static_cast<uint32_t>(std::popcount(x ^ y));
  }
  for (; j < bytes; ++j) bits += static_cast<uint32_t>(std::popcount(static_cast<unsigned>(a[j] ^ b[j])));
  return bits;
}

uint32_t l2_on_a_circle(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32_t sum = 0;
  for (size_t j = 0; j < dim; ++j) {
    const int difference = static_cast<int8_t>(static_cast<uint8_t>(a[j] - b[j]));
    const int held = difference < -127 ? 127 : difference;
    sum += static_cast<uint32_t>(held * held);
  }
  return sum;
}

void scan_records(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n,
                  int32_t* out) {
  const size_t codes = lines * 64 - 4;
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* record = base + ids[i] * lines * 64;
    uint32_t bias;  // of a damaged file: any number, so the sum wraps by definition
    std::memcpy(&bias, record + codes, 4);
    out[i] = static_cast<int32_t>(l2_on_a_circle(query, record, codes) + bias);
  }
}

void nearest_of_panel(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t blocks,
                      int32_t* distance, uint32_t* record) {
  for (size_t l = 0; l < kPanelRecords; ++l) distance[l] = INT32_MAX, record[l] = UINT32_MAX;
  for (size_t b = 0; b < blocks; ++b)
    for (size_t l = 0; l < kPanelRecords; ++l) {
      const size_t number = b * kPanelRecords + l;
      auto sum = static_cast<uint32_t>(bias[number]);
      for (size_t g = 0; g < groups; ++g)
        sum += l2_on_a_circle(query + g * 4, panel + ((b * groups + g) * kPanelRecords + l) * 4, 4);
      if (static_cast<int32_t>(sum) < distance[l])
        distance[l] = static_cast<int32_t>(sum), record[l] = static_cast<uint32_t>(number);
    }
}

void project(const uint8_t* x, const int8_t* rows, size_t stride, size_t n, int32_t* out) {
  for (size_t i = 0; i < n; ++i) {
    out[i] = 0;
    for (size_t j = 0; j < stride; ++j) out[i] += x[j] * rows[i * stride + j];
  }
}

void f32_to_u8(const float* x, const float* low, const float* scale, uint8_t* out, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    const float value = std::nearbyint((x[j] - low[j]) * scale[j]);
    out[j] = static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

bool whole_bytes(const float* x, uint8_t* out, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    if (!(x[j] >= 0 && x[j] <= 255) || x[j] != std::floor(x[j])) return false;
    out[j] = static_cast<uint8_t>(x[j]);
  }
  return true;
}

bool all_finite(const float* x, size_t n) {
  for (size_t j = 0; j < n; ++j)
    if (!std::isfinite(x[j])) return false;
  return true;
}

template <float (*one)(const float*, const float*, size_t)>
void rows_of(const float* a, const float* const* rows, size_t n, size_t dim, float* out) {
  for (size_t i = 0; i < n; ++i) out[i] = one(a, rows[i], dim);
}

void ip_square_rows(const float* a, const float* const* rows, size_t n, size_t dim, float* out, float* squares) {
  for (size_t i = 0; i < n; ++i)
    out[i] = ip<float, same>(a, rows[i], dim), squares[i] = ip<float, same>(rows[i], rows[i], dim);
}

}  // namespace

void fill_distance_scalar(DistanceKernels& table) {
  table.l2_f32 = l2<float, same>;
  table.ip_f32 = ip<float, same>;
  table.l2_f16 = l2<uint16_t, half_to_float>;
  table.ip_f16 = ip<uint16_t, half_to_float>;
  table.l2_bf16 = l2<uint16_t, bf16_to_float>;
  table.ip_bf16 = ip<uint16_t, bf16_to_float>;
  table.l2_u8 = l2_bytes;
  table.ip_u8 = ip_bytes;
  table.l2_sq8 = l2_sq8;
  table.ip_f32u8 = ip_f32u8;
  table.l2_u7 = l2_bytes;
  table.hamming = hamming;
  table.l2_f32_rows = rows_of<l2<float, same>>;
  table.ip_f32_rows = rows_of<ip<float, same>>;
  table.ip_square_f32_rows = ip_square_rows;
  table.scan_records = scan_records;
  table.nearest_of_panel = nearest_of_panel;
  table.project = project;
  table.f32_to_u8 = f32_to_u8;
  table.whole_bytes = whole_bytes;
  table.all_finite = all_finite;
}

}  // namespace hanok::math

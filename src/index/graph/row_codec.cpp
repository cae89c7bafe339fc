#include "index/graph/row_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "index/base_index.h"
#include "math/convert.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

struct Sq8Scale {
  float offset, scale;
};
static_assert(sizeof(Sq8Scale) == 8);

size_t bytes_of_row(size_t dim, Storage storage) {
  switch (storage) {
    case Storage::F32:
      return dim * 4;
    case Storage::F16:
    case Storage::Bf16:
      return dim * 2;
    case Storage::Sq8:
      return (dim + 3) / 4 * 4 + sizeof(Sq8Scale);  // scale in front, rows aligned to it
    case Storage::U8:
      return dim;
  }
  return 0;
}

// One offset and scale a vector: error at most scale / 2 a component.
void encode_sq8(const float* v, size_t dim, uint8_t* row) {
  const auto [low, high] = std::minmax_element(v, v + dim);
  const Sq8Scale s{*low, (*high - *low) / 255.f};
  std::memcpy(row, &s, sizeof(s));
  const float inverse = s.scale > 0 ? 1 / s.scale : 0;
  for (size_t j = 0; j < dim; ++j)
    row[sizeof(s) + j] = static_cast<uint8_t>(std::clamp(std::nearbyint((v[j] - s.offset) * inverse), 0.f, 255.f));
}

Sq8Scale sq8_scale(const uint8_t* row) {
  Sq8Scale s;
  std::memcpy(&s, row, sizeof(s));
  return s;
}

template <typename T>
const T* as(const uint8_t* row) {
  return reinterpret_cast<const T*>(row);
}

}  // namespace

RowCodec::RowCodec(size_t dim, Metric metric, Storage storage)
    : dim_(dim), row_bytes_(bytes_of_row(dim, storage)), metric_(metric), storage_(storage) {}

void RowCodec::encode(const float* v, uint8_t* row) const {
  switch (storage_) {
    case Storage::F32:
      std::memcpy(row, v, row_bytes_);
      break;
    case Storage::F16:
      math::convert().f32_to_f16(v, reinterpret_cast<uint16_t*>(row), dim_);
      break;
    case Storage::Bf16:
      math::convert().f32_to_bf16(v, reinterpret_cast<uint16_t*>(row), dim_);
      break;
    case Storage::Sq8:
      encode_sq8(v, dim_, row);
      break;
    case Storage::U8:
      math::distance().whole_bytes(v, row, dim_);
      break;
  }
}

// Distances are to what is stored.
float RowCodec::inverse_length(const uint8_t* row) const {
  std::vector<float> stored(dim_);
  decode(row, stored.data());
  double sum = 0;
  for (const float x : stored) sum += static_cast<double>(x) * x;
  return static_cast<float>(1 / std::sqrt(sum));
}

void RowCodec::prepare(std::span<const float> query, PreparedQuery& out) const {
  out.floats.resize(dim_);
  if (metric_ == Metric::Cosine)
    normalise(query, out.floats.data());
  else
    std::copy(query.begin(), query.end(), out.floats.begin());
  out.whole = false;
  if (storage_ == Storage::U8 && metric_ == Metric::L2) {
    out.bytes.resize(dim_);
    out.whole = math::distance().whole_bytes(query.data(), out.bytes.data(), dim_);
  }
  if (storage_ == Storage::Sq8) out.sum = std::accumulate(out.floats.begin(), out.floats.end(), 0.f);
}

float RowCodec::distance(const PreparedQuery& query, const uint8_t* x, float inverse_length) const {
  const auto& kernel = math::distance();
  const float* q = query.floats.data();
  if (metric_ == Metric::L2) {
    switch (storage_) {
      case Storage::F32:
        return kernel.l2_f32(q, as<float>(x), dim_);
      case Storage::F16:
        return kernel.l2_f16(q, as<uint16_t>(x), dim_);
      case Storage::Bf16:
        return kernel.l2_bf16(q, as<uint16_t>(x), dim_);
      case Storage::Sq8: {
        const auto s = sq8_scale(x);
        return kernel.l2_sq8(q, x + sizeof(s), s.offset, s.scale, dim_);
      }
      case Storage::U8:
        return query.whole ? static_cast<float>(kernel.l2_u8(query.bytes.data(), x, dim_))
                           : kernel.l2_sq8(q, x, 0, 1, dim_);
    }
  }
  float ip = 0;
  switch (storage_) {
    case Storage::F32:
      ip = kernel.ip_f32(q, as<float>(x), dim_);
      break;
    case Storage::F16:
      ip = kernel.ip_f16(q, as<uint16_t>(x), dim_);
      break;
    case Storage::Bf16:
      ip = kernel.ip_bf16(q, as<uint16_t>(x), dim_);
      break;
    case Storage::Sq8: {
      const auto s = sq8_scale(x);
      ip = s.offset * query.sum + s.scale * kernel.ip_f32u8(q, x + sizeof(s), dim_);
      break;
    }
    case Storage::U8:
      ip = kernel.ip_f32u8(q, x, dim_);
      break;
  }
  return metric_ == Metric::Cosine ? -ip * inverse_length : -ip;
}

void RowCodec::decode(const uint8_t* x, float* out) const {
  switch (storage_) {
    case Storage::F32:
      std::memcpy(out, x, row_bytes_);
      return;
    case Storage::F16:
      return math::convert().f16_to_f32(as<uint16_t>(x), out, dim_);
    case Storage::Bf16:
      return math::convert().bf16_to_f32(as<uint16_t>(x), out, dim_);
    case Storage::Sq8: {
      const auto s = sq8_scale(x);
      for (size_t j = 0; j < dim_; ++j) out[j] = s.offset + s.scale * static_cast<float>(x[sizeof(s) + j]);
      return;
    }
    case Storage::U8:
      std::copy(x, x + dim_, out);
      return;
  }
}

}  // namespace hanok::index

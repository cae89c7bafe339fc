#include "index/flat/row_store.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/pages.h"
#include "index/base_index.h"
#include "math/convert.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

size_t bytes_of(size_t dim, Storage storage) {
  switch (storage) {
    case Storage::F32:
      return dim * 4;
    case Storage::F16:
    case Storage::Bf16:
      return dim * 2;
    case Storage::Sq8:
      return dim + 8;
    case Storage::U8:
      break;
  }
  return dim;
}

void encode_sq8(const float* x, size_t dim, uint8_t* out) {
  const auto [low, high] = std::minmax_element(x, x + dim);
  const float offset = *low, scale = (*high - *low) / 255;
  for (size_t j = 0; j < dim; ++j)
    out[j] = scale > 0 ? static_cast<uint8_t>(std::clamp(std::nearbyint((x[j] - offset) / scale), 0.0f, 255.0f)) : 0;
  std::memcpy(out + dim, &offset, 4);
  std::memcpy(out + dim + 4, &scale, 4);
}

void decode_sq8(const uint8_t* row, size_t dim, float* out) {
  float offset, scale;
  std::memcpy(&offset, row + dim, 4);
  std::memcpy(&scale, row + dim + 4, 4);
  for (size_t j = 0; j < dim; ++j) out[j] = offset + scale * static_cast<float>(row[j]);
}

void encode(const float* x, size_t dim, Storage storage, uint8_t* out) {
  switch (storage) {
    case Storage::F32:
      std::memcpy(out, x, dim * 4);
      return;
    case Storage::F16:
      math::convert().f32_to_f16(x, reinterpret_cast<uint16_t*>(out), dim);
      return;
    case Storage::Bf16:
      math::convert().f32_to_bf16(x, reinterpret_cast<uint16_t*>(out), dim);
      return;
    case Storage::Sq8:
      encode_sq8(x, dim, out);
      return;
    case Storage::U8:
      std::transform(x, x + dim, out, [](float v) { return static_cast<uint8_t>(v); });
      return;
  }
}

}  // namespace

bool all_bytes(std::span<const float> values) {
  constexpr size_t kAtOnce = 1 << 16;
  std::vector<uint8_t> out(std::min(values.size(), kAtOnce));
  for (size_t at = 0; at < values.size(); at += kAtOnce)
    if (!math::distance().whole_bytes(values.data() + at, out.data(), std::min(kAtOnce, values.size() - at)))
      return false;
  return true;
}

void check_storable(Storage storage, std::span<const float> rows, size_t dim, Metric metric, size_t first) {
  const auto refuse = [](const std::string& why) { throw Error(Code::Invalid, "add: " + why); };
  // The least that are rounded to infinity and the greatest that is rounded to zero.
  constexpr float kBeyondF16 = 65520, kBeyondBf16 = 0x1.FFp127f, kZeroAsF16 = 0x1p-25f;
  if (storage == Storage::F32) return;
  if (storage == Storage::U8 && !all_bytes(rows))
    refuse("storage=u8 keeps whole numbers 0 to 255; use storage=auto or sq8 for other values");
  if (storage == Storage::U8) return;
  for (size_t at = 0; at < rows.size(); at += dim) {
    const auto [low, high] = std::minmax_element(rows.data() + at, rows.data() + at + dim);
    const float largest = std::max(std::abs(*low), std::abs(*high));
    const std::string which = "vector " + std::to_string(first + at / dim);
    if (storage == Storage::F16 && largest >= kBeyondF16)
      refuse(which + ": storage=f16 ends at 65504; use bf16 or f32 for larger values");
    if (storage == Storage::F16 && metric == Metric::Cosine && largest <= kZeroAsF16)
      refuse(which + " is zero in storage=f16, which begins at 6e-8; use bf16 or f32, or scale the vectors up");
    if (storage == Storage::Bf16 && largest >= kBeyondBf16)
      refuse(which + ": storage=bf16 ends at 3.39e38; use f32 for larger values");
    if (storage == Storage::Sq8 && !std::isfinite(*high - *low))
      refuse(which + ": storage=sq8 takes rows whose largest less their least number is below 3.4e38; use f32");
  }
}

RowStore::RowStore(size_t dim, Storage storage) : dim_(dim), row_bytes_(bytes_of(dim, storage)), storage_(storage) {}

RowStore::RowStore(size_t dim, Storage storage, std::span<const std::byte> rows, std::shared_ptr<const void> owner)
    : RowStore(dim, storage) {
  rows_ = rows.size() / row_bytes_;
  shared_ = reinterpret_cast<const uint8_t*>(rows.data());
  owner_ = std::move(owner);
}

// Room for `rows` rows in memory of our own, with an eighth to spare when it must grow.
void RowStore::own(size_t rows) {
  if (rows * row_bytes_ > owned_.capacity()) {
    std::vector<uint8_t> larger;
    larger.reserve((rows_ == 0 ? rows : rows + rows / 8) * row_bytes_);
    base::in_large_pages(
        {reinterpret_cast<const std::byte*>(larger.data()), larger.capacity()});  // before it is touched
    larger.assign(owned_.begin(), owned_.end());
    owned_ = std::move(larger);
  }
  if (shared_) {
    owned_.assign(shared_, shared_ + rows_ * row_bytes_);
    shared_ = nullptr;
    owner_.reset();
  }
}

void RowStore::append(std::span<const float> values) {
  const size_t n = values.size() / dim_;
  own(rows_ + n);
  owned_.resize((rows_ + n) * row_bytes_);
  for (size_t i = 0; i < n; ++i)
    encode(values.data() + i * dim_, dim_, storage_, owned_.data() + (rows_ + i) * row_bytes_);
  rows_ += n;
}

void RowStore::set(size_t row, const float* x) {
  own(rows_);
  encode(x, dim_, storage_, owned_.data() + row * row_bytes_);
}

void RowStore::copy(size_t from, size_t to) {
  own(rows_);
  if (from != to) std::memcpy(owned_.data() + to * row_bytes_, owned_.data() + from * row_bytes_, row_bytes_);
}

void RowStore::pop() {
  own(rows_);
  owned_.resize(--rows_ * row_bytes_);
}

void RowStore::clear() { *this = RowStore(dim_, storage_); }

RowStore RowStore::converted(Storage storage) const {
  RowStore out(dim_, storage);
  out.own(rows_);
  std::vector<float> row(dim_);
  for (size_t i = 0; i < rows_; ++i) {
    decode(i, row.data());
    out.append(row);
  }
  return out;
}

void RowStore::decode(size_t row, float* out) const {
  const uint8_t* from = raw(row);
  switch (storage_) {
    case Storage::F32:
      std::memcpy(out, from, dim_ * 4);
      return;
    case Storage::F16:
      math::convert().f16_to_f32(reinterpret_cast<const uint16_t*>(from), out, dim_);
      return;
    case Storage::Bf16:
      math::convert().bf16_to_f32(reinterpret_cast<const uint16_t*>(from), out, dim_);
      return;
    case Storage::Sq8:
      decode_sq8(from, dim_, out);
      return;
    case Storage::U8:
      std::copy(from, from + dim_, out);
      return;
  }
}

const float* RowStore::floats(size_t row, float* scratch) const {
  // Rows of F32 in a mapped file lie at multiples of 4 (the container aligns sections), so they may be read in place.
  if (storage_ == Storage::F32) return reinterpret_cast<const float*>(raw(row));
  decode(row, scratch);
  return scratch;
}

}  // namespace hanok::index

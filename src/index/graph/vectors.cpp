#include "index/graph/vectors.h"

#include <algorithm>

namespace hanok::index {

size_t Vectors::bytes_resident() const {
  return size_ * (row_bytes() + (metric() == Metric::Cosine ? sizeof(float) : 0));
}

Vectors::Room Vectors::room_for(size_t n) const {
  Room out;
  out.rows = rows_.grown(n * row_bytes(), size_ * row_bytes());
  if (metric() == Metric::Cosine) out.norms = norms_.grown(n, size_);
  return out;
}

void Vectors::adopt(Room room) noexcept {
  rows_.swap(room.rows);
  norms_.swap(room.norms);
}

void Vectors::put(size_t slot, const float* v) {
  uint8_t* to = rows_.writable() + slot * row_bytes();
  codec_.encode(v, to);
  if (metric() == Metric::Cosine) norms_.writable()[slot] = codec_.inverse_length(to);
}

void Vectors::prefetch(size_t slot) const {
  const uint8_t* x = row(slot);
  constexpr size_t kLine = 64, kMost = 16;  // the hardware's own prefetcher follows after that
  for (size_t at = 0; at < std::min(row_bytes(), kLine * kMost); at += kLine) __builtin_prefetch(x + at);
}

void Vectors::save(FileWriter& out) const {
  out.add("rows", std::as_bytes(std::span(rows_.data(), size_ * row_bytes())));
  if (metric() == Metric::Cosine) out.add("norms", std::as_bytes(std::span(norms_.data(), size_)));
}

void Vectors::load(const FileReader& file, size_t n) {
  rows_ = Buffer<uint8_t>::view(file.array<uint8_t>("rows", n * row_bytes()));
  if (metric() == Metric::Cosine) norms_ = Buffer<float>::view(file.array<float>("norms", n));
  size_ = n;
}

}  // namespace hanok::index

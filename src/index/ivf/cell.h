// One cell of an IVF index: its members' slots and, packed for the scan, their codes, terms and scales.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "math/fast_scan_kernels.h"

namespace hanok::index {

using math::kFastScanVectors;

constexpr size_t kMostCodes = 256;  // a vector: sums of so many bytes fit 16 bits

/// What the codes of a model look like: m 4-bit codes a vector (0: none), each vector with a scale of its own or not.
struct CodeShape {
  size_t m = 0;
  bool scaled = false;
};

/// One vector's.
struct Coded {
  const uint8_t* codes;
  float term, scale;
};

struct Cell {
  std::vector<uint32_t> slots;
  std::vector<uint8_t> codes;  // blocks of 32 members, see math/fast_scan_kernels.h
  std::vector<float> terms;    // of whole blocks; infinity past the last member, so that it never passes a threshold
  std::vector<float> scales;   // of whole blocks, for scaled codes

  static size_t blocks(size_t members) { return (members + kFastScanVectors - 1) / kFastScanVectors; }

  void reserve(size_t members, CodeShape shape) {
    slots.reserve(members);
    codes.reserve(blocks(members) * 16 * shape.m);
    if (shape.m) terms.reserve(blocks(members) * kFastScanVectors);
    if (shape.scaled) scales.reserve(blocks(members) * kFastScanVectors);
  }
  void push(uint32_t slot, const Coded& code, CodeShape shape) {
    if (slots.size() % kFastScanVectors == 0) resize(blocks(slots.size()) + 1, shape);
    slots.push_back(slot);
    if (shape.m) write(slots.size() - 1, code, shape);
  }
  void write(size_t at, const Coded& code, CodeShape shape) {
    const size_t v = at % kFastScanVectors;
    uint8_t* block = codes.data() + at / kFastScanVectors * 16 * shape.m;
    for (size_t s = 0; s < shape.m; ++s) {
      uint8_t& byte = block[s * 16 + v % 16];
      byte = static_cast<uint8_t>(v < 16 ? (byte & 0xF0) | code.codes[s] : (byte & 0x0F) | code.codes[s] << 4);
    }
    terms[at] = code.term;
    if (shape.scaled) scales[at] = code.scale;
  }
  void read(size_t at, uint8_t* code, size_t m) const {
    const size_t v = at % kFastScanVectors;
    const uint8_t* block = codes.data() + at / kFastScanVectors * 16 * m;
    for (size_t s = 0; s < m; ++s) code[s] = v < 16 ? block[s * 16 + v % 16] & 15 : block[s * 16 + v % 16] >> 4;
  }
  /// Takes member `at` out; the last one takes its place.
  void erase(size_t at, CodeShape shape) {
    const size_t last = slots.size() - 1;
    slots[at] = slots[last];
    if (shape.m) {
      std::array<uint8_t, kMostCodes> code;
      read(last, code.data(), shape.m);
      write(at, {code.data(), terms[last], shape.scaled ? scales[last] : 1}, shape);
      terms[last] = std::numeric_limits<float>::infinity();
      if (last % kFastScanVectors == 0) resize(blocks(last), shape);
    }
    slots.pop_back();
  }

 private:
  void resize(size_t blocks, CodeShape shape) {
    if (!shape.m) return;
    codes.resize(blocks * 16 * shape.m);
    terms.resize(blocks * kFastScanVectors, std::numeric_limits<float>::infinity());
    if (shape.scaled) scales.resize(blocks * kFastScanVectors);
  }
};

}  // namespace hanok::index

// One cell of an IVF index: its members' slots and, packed for the scan, their codes and terms.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "index/ivf/fast_scan_kernels.h"

namespace hanok::index {

const FastScanKernels& fast_scan_kernels();

struct Cell {
  std::vector<uint32_t> slots;
  std::vector<uint8_t> codes;  // blocks of 32 members, see fast_scan_kernels.h
  std::vector<float> terms;    // of whole blocks; infinity past the last member, so that it never passes a threshold

  void reserve(size_t members, size_t m) {
    slots.reserve(members);
    const size_t blocks = (members + kFastScanVectors - 1) / kFastScanVectors;
    codes.reserve(blocks * 16 * m);
    if (m) terms.reserve(blocks * kFastScanVectors);
  }
  void push(uint32_t slot, const uint8_t* code, size_t m, float term) {
    if (m && slots.size() % kFastScanVectors == 0) {
      codes.resize(codes.size() + 16 * m);
      terms.resize(terms.size() + kFastScanVectors, std::numeric_limits<float>::infinity());
    }
    slots.push_back(slot);
    if (m) write(slots.size() - 1, code, m, term);
  }
  void write(size_t at, const uint8_t* code, size_t m, float term) {
    const size_t v = at % kFastScanVectors;
    uint8_t* block = codes.data() + at / kFastScanVectors * 16 * m;
    for (size_t s = 0; s < m; ++s) {
      uint8_t& byte = block[s * 16 + v % 16];
      byte = static_cast<uint8_t>(v < 16 ? (byte & 0xF0) | code[s] : (byte & 0x0F) | code[s] << 4);
    }
    terms[at] = term;
  }
  void read(size_t at, uint8_t* code, size_t m) const {
    const size_t v = at % kFastScanVectors;
    const uint8_t* block = codes.data() + at / kFastScanVectors * 16 * m;
    for (size_t s = 0; s < m; ++s) code[s] = v < 16 ? block[s * 16 + v % 16] & 15 : block[s * 16 + v % 16] >> 4;
  }
  /// Takes member `at` out; the last one takes its place.
  void erase(size_t at, size_t m) {
    const size_t last = slots.size() - 1;
    slots[at] = slots[last];
    if (m) {
      std::vector<uint8_t> code(m);
      read(last, code.data(), m);
      write(at, code.data(), m, terms[last]);
      terms[last] = std::numeric_limits<float>::infinity();
      if (last % kFastScanVectors == 0) {
        codes.resize(codes.size() - 16 * m);
        terms.resize(terms.size() - kFastScanVectors);
      }
    }
    slots.pop_back();
  }
};

}  // namespace hanok::index

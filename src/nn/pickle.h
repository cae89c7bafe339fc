// The part of Python's pickle (protocol 2) that weights are written with. A pickle is a program for a small stack
// machine; this one only builds values. Nothing is imported, called or made that is not a plain value, a tensor or a
// dictionary, so a file can do no harm; everything else is refused by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"

namespace hanok::nn {

struct PickleValue {
  enum class Kind { None, Bool, Int, Float, Text, Tuple, List, Dict, Global, Storage, Tensor };
  Kind kind = Kind::None;
  int64_t number = 0;                // of Bool and Int
  std::string_view text = {};        // of Text; of Global "module name", two words; digits of an Int beyond 64 bits
  std::vector<uint32_t> items = {};  // Tuple, List: values; Dict: key, value, key, value; Storage: the first
                                     // five that the persistent id has; Tensor: storage, offset, size, stride
};

/// Values of one pickle; they refer to each other by number, and may be shared.
struct Pickle {
  std::vector<PickleValue> values;
  uint32_t root = 0;

  const PickleValue& at(uint32_t i) const { return values[i]; }
  /// The value of a text key, nullptr where it is missing.
  const PickleValue* find(const PickleValue& dict, std::string_view key) const;
};

/// Reads one pickle and leaves `in` behind its end. Throws Corrupt for bytes that are none, Unsupported, naming it, for
/// classes and functions other than those of weights.
Pickle read_pickle(base::ByteReader& in);

}  // namespace hanok::nn

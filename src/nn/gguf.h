// GGUF, the format of ggml's programs: settings and tensors of a model in one file (or several parts). Layout:
// README.md beside this file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "nn/tensor.h"

namespace hanok::nn {

/// One setting as it lies in the file; read by the functions of Gguf.
struct GgufValue {
  enum class Type : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, Text, Array, U64, I64, F64 };
  Type type = Type::U8;
  Type element = Type::U8;  // of an array
  uint64_t count = 0;       // of an array
  std::string_view bytes;   // the value, the text, or the array's elements one after another
};

/// What the head of a GGUF file says. Views into bytes that outlive it.
struct GgufHeader {
  uint32_t version = 0;
  std::map<std::string, GgufValue, std::less<>> settings;
  std::vector<Tensor> tensors;  // in the order of the file; shapes row-major, the contiguous axis last
};

/// Reads the head at `bytes`. Throws Corrupt (what, at which byte, expected, found) for anything that the format
/// forbids: counts and lengths beyond the file, sizes that overflow, unknown value types, names that stand twice,
/// tensors outside the file, overlapping or off their alignment, rows that are no whole blocks; Unsupported for a
/// version this program does not know, a big-endian file, or a tensor type that it cannot read.
GgufHeader read_gguf(std::span<const std::byte> bytes, std::string_view what);

/// A GGUF model, mapped; all parts of one that is split.
class Gguf {
 public:
  /// file: the only file, or any part of a model split as NAME-00001-of-00003.gguf: the others are looked for beside
  /// it. Throws as read_gguf, and NotFound for a missing part.
  static Gguf open(const base::fs::path& file);

  bool has(std::string_view key) const { return settings_.find(key) != settings_.end(); }
  /// The setting under `key`, nothing where it is missing. Throws Corrupt, naming the key, when it has another type or
  /// range.
  std::optional<uint64_t> whole(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string_view> text(std::string_view key) const;
  /// Arrays; empty where the key is missing.
  std::vector<std::string_view> texts(std::string_view key) const;
  std::vector<float> floats(std::string_view key) const;
  std::vector<int32_t> wholes(std::string_view key) const;

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::string& what() const { return what_; }
  const std::map<std::string, GgufValue, std::less<>>& settings() const { return settings_; }
  /// The mapped files with their paths; moved out when a model takes them over.
  std::vector<std::pair<base::fs::path, base::MappedFile>>& files() { return files_; }

 private:
  const GgufValue* find(std::string_view key) const;
  [[noreturn]] void wrong(std::string_view key, std::string_view expected) const;
  std::string what_;
  std::vector<std::pair<base::fs::path, base::MappedFile>> files_;
  std::map<std::string, GgufValue, std::less<>> settings_;
  std::vector<Tensor> tensors_;
};

}  // namespace hanok::nn

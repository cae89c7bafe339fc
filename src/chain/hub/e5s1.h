// Reading format E5S1, little endian throughout:
//
//   "E5S1", u32 version 1
//   i32 hidden, layers, heads, feed_forward, vocabulary, positions, types; f32 epsilon; i32 block (32)
//   i32 pieces, bos, eos, pad, unk; u64 bytes of pieces; u32 offset[pieces + 1]; f32 score[pieces]; the pieces' bytes
//   i32 rules, u32 bytes of rules; the rules (of its own normaliser, not used here)
//   i32 tensors; for each: u16 length, name, u8 kind (0 float32, 1 Q4_0), u32 elements, u64 offset in the file, u64
//   bytes the tensors' data
//
// A Q4_0 block: 32 weights in 18 bytes: a half d, then 16 bytes whose low halves are weights 0..15, high halves 16..31;
// weight = (q - 8) * d.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::chain::hub {

struct E5s1 {
  struct Tensor {
    bool q4 = false;
    uint64_t elements = 0;
    std::string_view data;
  };
  uint64_t hidden = 0, layers = 0, heads = 0, feed_forward = 0, vocabulary = 0, positions = 0, types = 0;
  uint32_t bos = 0, eos = 0, pad = 0, unk = 0;
  std::vector<std::string_view> pieces;
  std::vector<float> scores;
  std::map<std::string, Tensor, std::less<>> tensors;

  /// Throws Corrupt or Unsupported. The result points into `bytes`.
  static E5s1 parse(std::string_view bytes);
  /// The tensor, with this many elements. Throws Corrupt.
  const Tensor& tensor(const std::string& name, uint64_t elements) const;
};

/// Appends `count` elements from `first` on as IEEE halves. For Q4_0, first and count are multiples of 32.
void append_halves(const E5s1::Tensor& tensor, uint64_t first, uint64_t count, std::string& out);
uint16_t to_half(float value);
float from_half(uint16_t half);

}  // namespace hanok::chain::hub

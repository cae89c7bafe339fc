// The "Precompiled" normaliser: sentencepiece's charsmap, a double-array trie over a table of replacement strings.
//
//   4 bytes   size of the trie in bytes, little endian, a multiple of 4
//   trie      32-bit units (darts-clone): bit 31 + byte 0: label; bits 10..30 (shifted by 8 when bit 9 is set): offset
//   to
//             the children; bit 8: a value follows, held in the low 31 bits of the unit at the offset
//   table     replacement strings, each ended by a NUL; a value is an offset into the table
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::text::tokenizers {

class Charsmap {
 public:
  /// Throws Error(Corrupt) for a trie that does not fit its size.
  explicit Charsmap(std::string_view blob);
  /// Whole grapheme clusters of less than 6 bytes are replaced by the rule of their shortest prefix, others code point
  /// by code point: this is what the published tokenizers do (sentencepiece itself takes the longest prefix).
  std::string apply(std::string_view text) const;
  /// The replacement of the shortest prefix of `text` that has a rule.
  std::optional<std::string_view> rule(std::string_view text) const;

 private:
  void append_cluster(std::string& out, std::string_view cluster) const;
  std::vector<uint32_t> trie_;
  std::string table_;
  bool plain_[128] = {};  // ASCII characters that no rule begins with
};

}  // namespace hanok::text::tokenizers

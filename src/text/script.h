// The script a text is written in, as far as it tells languages apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hanok::text {

/// The numbers are stored (docs/formats/store.md).
enum class Script : uint8_t {
  Other = 0,  // no letters, or of a script that is not named here
  Latin = 1,
  Hangul = 2,  // Korean
  Kana = 3,    // Japanese, also where most of its letters are Han
  Han = 4,     // Chinese
  Cyrillic = 5,
  Greek = 6,
  Arabic = 7,
  Hebrew = 8,
  Devanagari = 9,
  Thai = 10,
};
constexpr size_t kScripts = 11;

/// Hangul or Kana where at least a fifth of the letters are, since Korean and Japanese are written with names, terms
/// and signs of other scripts among their own; else the script of most letters.
Script script_of(std::string_view text);
/// "latin", "hangul", ...
std::string_view script_name(Script script);

}  // namespace hanok::text

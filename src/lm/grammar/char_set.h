// A set of Unicode scalar values, as ranges.
#pragma once

#include <string_view>
#include <vector>

namespace hanok::lm::grammar {

struct CharRange {
  char32_t first = 0, last = 0;
  auto operator<=>(const CharRange&) const = default;
};

/// Ranges are ascending, apart from one another, and hold no surrogates.
class CharSet {
 public:
  CharSet() = default;
  explicit CharSet(std::vector<CharRange> ranges);
  static CharSet any();
  static CharSet one(char32_t c) { return CharSet({{c, c}}); }
  static CharSet range(char32_t first, char32_t last) { return CharSet({{first, last}}); }

  const std::vector<CharRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool contains(char32_t c) const;
  CharSet negated() const;
  CharSet both(const CharSet& other) const;  // intersection
  CharSet without(const CharSet& other) const { return both(other.negated()); }
  CharSet with(const CharSet& other) const;  // union
  auto operator<=>(const CharSet&) const = default;

 private:
  std::vector<CharRange> ranges_;
};

/// What a class of a regular expression means. Programs differ on letters and digits beyond ASCII; `narrow` holds what
/// all agree on, `wide` what any of them counts in. A text that uses narrow sets satisfies every reader.
struct CharClass {
  CharSet narrow, wide;
  CharClass negated() const { return {wide.negated(), narrow.negated()}; }
};
CharClass digits();
CharClass word_characters();
CharClass blanks();
/// A general category, "L", "Lu", "Nd", ...; an empty set for a name that is none.
CharSet category(std::string_view name);

}  // namespace hanok::lm::grammar

#include "text/tokenizers/charsmap_build.h"

#include <array>
#include <cstdint>
#include <vector>

#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

constexpr uint32_t kLeaf = 1u << 8;
constexpr uint32_t kMaxOffset = 1u << 21;  // what a unit's offset holds without its extension bit

/// Builds the double array by first fit: every node gets a base that no other has, so that labels cannot be confused.
class Builder {
 public:
  using Rules = std::map<std::string, std::string>;

  explicit Builder(const Rules& rules) {
    for (const auto& [key, value] : rules) {
      keys_.push_back(key);
      values_.push_back(static_cast<uint32_t>(table_.size()));
      table_ += value;
      table_ += '\0';
    }
    grow(256);
    used_[0] = true;
    place(0, 0, keys_.size(), 0);
  }

  std::string bytes() const {
    std::string out;
    const auto append = [&](uint32_t n) {
      for (int i = 0; i < 4; ++i) out += static_cast<char>(n >> 8 * i);
    };
    append(static_cast<uint32_t>(units_.size() * 4));
    for (const uint32_t unit : units_) append(unit);
    return out + table_;
  }

 private:
  void grow(size_t size) {
    units_.resize(size, 0);
    used_.resize(size, false);
    base_used_.resize(size, false);
  }

  /// Gives the children of the node at `at`, keys [begin, end) from byte `depth` on, their places.
  void place(size_t at, size_t begin, size_t end, size_t depth) {
    std::vector<unsigned char> labels;
    const bool leaf = begin < end && keys_[begin].size() == depth;
    for (size_t i = begin + leaf; i < end; ++i) {
      const auto c = static_cast<unsigned char>(keys_[i][depth]);
      if (labels.empty() || labels.back() != c) labels.push_back(c);
    }
    const size_t base = free_base(labels, leaf);
    const auto offset = static_cast<uint32_t>(at ^ base);
    if (offset >= kMaxOffset) throw Error(Code::Internal, "charsmap: too many rules");
    units_[at] |= offset << 10 | (leaf ? kLeaf : 0);
    base_used_[base] = true;
    if (leaf) {
      used_[base] = true;
      units_[base] = values_[begin] | 1u << 31;
    }
    for (const unsigned char c : labels) {
      used_[base ^ c] = true;
      units_[base ^ c] = c;
    }
    size_t first = begin + leaf;
    for (const unsigned char c : labels) {
      size_t last = first;
      while (last < end && static_cast<unsigned char>(keys_[last][depth]) == c) ++last;
      place(base ^ c, first, last, depth + 1);
      first = last;
    }
  }

  size_t free_base(const std::vector<unsigned char>& labels, bool leaf) {
    while (first_free_ < used_.size() && used_[first_free_]) ++first_free_;
    for (size_t base = first_free_ & ~size_t{255};; ++base) {
      if ((base | 255) >= units_.size()) grow((base | 255) + 257);
      if (base == 0 || base_used_[base] || (leaf && used_[base])) continue;
      bool fits = true;
      for (const unsigned char c : labels) fits = fits && !used_[base ^ c];
      if (fits) return base;
    }
  }

  std::vector<std::string> keys_;
  std::vector<uint32_t> values_, units_;
  std::vector<bool> used_, base_used_;
  std::string table_;
  size_t first_free_ = 0;
};

std::string utf8(std::u32string_view points) {
  std::string out;
  for (const char32_t c : points) unicode::append(out, c);
  return out;
}

void add_compatible(std::map<std::string, std::string>& rules) {
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    if ((c >= 0xD800 && c <= 0xDFFF) || c == 0xFF5E) continue;  // the fullwidth tilde stays, for Japanese
    const auto key = utf8({&c, 1});
    auto value = unicode::normalize(key, unicode::Form::Nfkc);
    if (value != key) rules[key] = std::move(value);
  }
  // Unicode 16 and 17, which the library at hand does not know yet.
  rules[utf8(U"\xA7F1")] = "S";
  for (char32_t i = 0; i < 36; ++i) {
    const char32_t c = 0x1CCD6 + i;
    rules[utf8({&c, 1})] = std::string(1, static_cast<char>(i < 26 ? 'A' + i : '0' + (i - 26)));
  }
}

/// sentencepiece's own additions, made for machine translation ("nmt").
void add_blanks(std::map<std::string, std::string>& rules) {
  static constexpr std::array<char32_t, 16> kBlanks{0x9,    0xA,    0xC,    0xD,    0x61C,  0x1680, 0x200B, 0x200C,
                                                    0x200E, 0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD, 0x20};
  for (const char32_t c : kBlanks)
    if (c != ' ') rules[utf8({&c, 1})] = " ";
  for (char32_t c = 1; c <= 0x9F; ++c)
    if (c <= 8 || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F) rules[utf8({&c, 1})] = "";
}

std::u32string points(std::string_view text) {
  std::u32string out;
  for (size_t at = 0; at < text.size();) out += unicode::next(text, at);
  return out;
}

void add_pairs(std::map<std::string, std::string>& rules) {
  constexpr size_t kLongest = 5;             // bytes of a cluster that is replaced as a whole
  std::map<char32_t, std::u32string> twins;  // marks that are others canonically: U+0341 is U+0301
  std::map<std::u32string, bool> pairs;
  for (char32_t c = 0x80; c <= 0x2FFFF; ++c) {
    if (c >= 0xAC00 && c <= 0xDFFF) continue;  // Hangul syllables are longer, surrogates are none
    const auto parts = points(unicode::normalize(utf8({&c, 1}), unicode::Form::Nfd));
    if (parts.size() == 1 && parts[0] != c) twins[parts[0]] += c;
    if (parts.size() == 2) pairs[parts] = true;
  }
  for (const auto& [pair, unused] : pairs) {
    std::u32string marks(1, pair[1]);
    if (const auto found = twins.find(pair[1]); found != twins.end()) marks += found->second;
    for (const char32_t mark : marks) {
      const char32_t both[] = {pair[0], mark};
      const auto key = utf8({both, 2});
      const auto value = unicode::normalize(key, unicode::Form::Nfkc);
      if (key.size() <= kLongest && value != key && points(value).size() == 1 && !rules.contains(utf8({both, 1})))
        rules[key] = value;
    }
  }
}

}  // namespace

std::string build_charsmap(const std::map<std::string, std::string>& rules) { return Builder(rules).bytes(); }

std::map<std::string, std::string> nmt_nfkc_rules() {
  std::map<std::string, std::string> rules;
  add_compatible(rules);
  add_blanks(rules);
  add_pairs(rules);
  return rules;
}

}  // namespace hanok::text::tokenizers

#include "lm/grammar/char_set.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "text/tokenizers/unicode.h"

namespace hanok::lm::grammar {
namespace {

constexpr char32_t kLast = 0x10FFFF, kSurrogates = 0xD800, kBehindSurrogates = 0xE000;

template <class Holds>
CharSet collect(Holds holds) {
  std::vector<CharRange> out;
  for (char32_t c = 0; c <= kLast; ++c) {
    if (c == kSurrogates) c = kBehindSurrogates;
    if (!holds(c)) continue;
    if (!out.empty() && out.back().last + 1 == c)
      out.back().last = c;
    else
      out.push_back({c, c});
  }
  return CharSet(std::move(out));
}

}  // namespace

CharSet::CharSet(std::vector<CharRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  const auto add = [&](char32_t first, char32_t last) {
    if (first > last) return;
    if (!ranges_.empty() && first <= ranges_.back().last + 1 && first >= ranges_.back().first)
      ranges_.back().last = std::max(ranges_.back().last, last);
    else
      ranges_.push_back({first, last});
  };
  for (const auto& [first, last] : ranges) {
    add(first, std::min<char32_t>(last, kSurrogates - 1));
    add(std::max<char32_t>(first, kBehindSurrogates), std::min(last, kLast));
  }
}

CharSet CharSet::any() { return CharSet({{0, kLast}}); }

bool CharSet::contains(char32_t c) const {
  const auto at =
      std::upper_bound(ranges_.begin(), ranges_.end(), c, [](char32_t x, const CharRange& r) { return x < r.first; });
  return at != ranges_.begin() && std::prev(at)->last >= c;
}

CharSet CharSet::negated() const {
  std::vector<CharRange> out;
  char32_t next = 0;
  for (const auto& [first, last] : ranges_) {
    if (first > next) out.push_back({next, first - 1});
    next = last + 1;
  }
  if (next <= kLast) out.push_back({next, kLast});
  return CharSet(std::move(out));
}

CharSet CharSet::both(const CharSet& other) const {
  std::vector<CharRange> out;
  for (size_t i = 0, j = 0; i < ranges_.size() && j < other.ranges_.size();) {
    const CharRange a = ranges_[i], b = other.ranges_[j];
    const char32_t first = std::max(a.first, b.first), last = std::min(a.last, b.last);
    if (first <= last) out.push_back({first, last});
    a.last < b.last ? ++i : ++j;
  }
  return CharSet(std::move(out));
}

CharSet CharSet::with(const CharSet& other) const {
  auto all = ranges_;
  all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
  return CharSet(std::move(all));
}

CharClass digits() {
  static const CharClass out{CharSet::range('0', '9'), category("Nd")};
  return out;
}

CharClass word_characters() {
  static const CharClass out{CharSet({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}),
                             collect(text::unicode::is_word)};
  return out;
}

CharClass blanks() {
  static const CharClass out{
      CharSet({{'\t', '\r'}, {' ', ' '}}),
      collect(text::unicode::is_white_space).with(CharSet({{0x1C, 0x1F}, {0xFEFF, 0xFEFF}, {'\t', '\r'}}))};
  return out;
}

CharSet category(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, CharSet, std::less<>> known;
  std::lock_guard lock(mutex);
  if (const auto at = known.find(name); at != known.end()) return at->second;
  const auto mask = text::unicode::category_mask(name);
  if (!mask) return {};
  CharSet out = collect([&](char32_t c) { return (text::unicode::category_bit(c) & mask) != 0; });
  known.emplace(name, out);
  return out;
}

}  // namespace hanok::lm::grammar

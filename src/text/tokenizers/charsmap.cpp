#include "text/tokenizers/charsmap.h"

#include <array>
#include <cstring>

#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

constexpr size_t kClusterBytes = 6;

bool has_leaf(uint32_t unit) { return unit >> 8 & 1; }
uint32_t label(uint32_t unit) { return unit & (1u << 31 | 0xFF); }
uint32_t offset(uint32_t unit) { return unit >> 10 << ((unit & 1u << 9) >> 6); }

}  // namespace

Charsmap::Charsmap(std::string_view blob) {
  uint32_t size = 0;
  if (blob.size() >= 4) std::memcpy(&size, blob.data(), 4);
  if (blob.size() < 8 || size % 4 != 0 || size == 0 || size > blob.size() - 4)
    throw Error(Code::Corrupt, "precompiled charsmap: its trie of " + std::to_string(size) +
                                   " bytes does not fit into " + std::to_string(blob.size()) + " bytes");
  trie_.resize(size / 4);
  std::memcpy(trie_.data(), blob.data() + 4, size);
  table_.assign(blob.substr(4 + size));
  for (unsigned c = 1; c < 128; ++c) {
    const size_t at = offset(trie_[0]) ^ c;
    plain_[c] = at >= trie_.size() || label(trie_[at]) != c;
  }
}

std::optional<std::string_view> Charsmap::rule(std::string_view text) const {
  size_t at = offset(trie_[0]);
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    at ^= c;
    if (c == 0 || at >= trie_.size() || label(trie_[at]) != c) return std::nullopt;
    const uint32_t unit = trie_[at];
    at ^= offset(unit);
    if (!has_leaf(unit)) continue;
    if (at >= trie_.size()) return std::nullopt;
    const size_t value = trie_[at] & 0x7FFFFFFF;
    if (value > table_.size()) return std::nullopt;
    return std::string_view(table_).substr(value, std::min(table_.find('\0', value), table_.size()) - value);
  }
  return std::nullopt;
}

void Charsmap::append_cluster(std::string& out, std::string_view cluster) const {
  if (cluster.size() < kClusterBytes) {
    if (const auto replacement = rule(cluster)) {
      out += *replacement;
      return;
    }
  }
  for (size_t at = 0; at < cluster.size();) {
    const auto c = cluster.substr(at, unicode::length_of(static_cast<unsigned char>(cluster[at])));
    out += rule(c).value_or(c);
    at += c.size();
  }
}

std::string Charsmap::apply(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + 16);
  int32_t state = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    char32_t c = unicode::next(text, at);
    while (at < text.size()) {
      size_t behind = at;
      const char32_t after = unicode::next(text, behind);
      if (unicode::grapheme_break(c, after, state)) break;
      c = after;
      at = behind;
    }
    if (at - begin == 1 && plain_[static_cast<unsigned char>(text[begin]) & 127])
      out += text[begin];
    else
      append_cluster(out, text.substr(begin, at - begin));
  }
  return out;
}

}  // namespace hanok::text::tokenizers

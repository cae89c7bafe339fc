// Byte-pair encoding (Sennrich et al. 2016): merge the neighbours with the lowest rank, leftmost first, until none is
// left.
#include <algorithm>
#include <queue>

#include "text/tokenizers/merges.h"
#include "text/tokenizers/model.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

constexpr size_t kScanSymbols = 24;  // words of so few symbols are merged by scanning; longer ones with a heap

class Bpe : public Model {
 public:
  explicit Bpe(const JsonView& json)
      : prefix_(json.string_or("continuing_subword_prefix", "")),
        suffix_(json.string_or("end_of_word_suffix", "")),
        fuse_unknown_(json.bool_or("fuse_unk", false)),
        whole_words_(json.bool_or("ignore_merges", false)) {
    read_vocabulary(json.at("vocab"), vocabulary_);
    if (const auto name = json.find("unk_token")) {
      unknown_ = vocabulary_.lookup(name->string());
      if (unknown_ < 0) name->fail(Code::Invalid, "the token is not in the vocabulary");
    }
    if (json.bool_or("byte_fallback", false)) bytes_ = byte_tokens(vocabulary_);
    read_merges(json.at("merges"));
  }

  void encode(std::string_view word, std::vector<TokenId>& ids) const override {
    if (whole_words_) {
      if (const TokenId id = vocabulary_.lookup(word); id >= 0) return ids.push_back(id);
    }
    const size_t begin = ids.size();
    symbols(word, ids);
    if (ids.size() - begin <= kScanSymbols)
      merge_by_scan(ids, begin);
    else
      merge_by_heap(ids, begin);
  }

 private:
  void read_merges(const JsonView& json) {
    const auto list = json.array();
    // The array counts no further than 16.7 million: then it is walked.
    size_t count = list.size();
    if (count > static_cast<size_t>(kMaxTokenId) / 2) json.fail(Code::Unsupported, "too many merges");
    merges_.reserve(count);
    uint32_t rank = 0;
    std::string joined;
    for (const auto entry : list) {
      const auto [left, right] = sides(json, rank, entry);
      joined.assign(left);
      joined += right.starts_with(prefix_) ? right.substr(prefix_.size()) : right;
      const TokenId a = vocabulary_.lookup(left), b = vocabulary_.lookup(right), c = vocabulary_.lookup(joined);
      if (a < 0 || b < 0 || c < 0)
        json.item(rank, entry)
            .fail(Code::Invalid, "\"" +
                                     std::string(a < 0   ? left
                                                 : b < 0 ? right
                                                         : joined) +
                                     "\" is not in the vocabulary");
      merges_.add(a, b, {rank++, c});
    }
  }

  /// Both spellings: "a b" and ["a", "b"].
  static std::pair<std::string_view, std::string_view> sides(const JsonView& json, size_t rank,
                                                             simdjson::dom::element entry) {
    std::string_view text, right;
    simdjson::dom::array pair;
    if (entry.get(text) == simdjson::SUCCESS) {
      const size_t space = text.find(' ');
      if (space != std::string_view::npos && space > 0 && space + 1 < text.size())
        return {text.substr(0, space), text.substr(space + 1)};
    } else if (entry.get(pair) == simdjson::SUCCESS && pair.size() == 2 && pair.at(0).get(text) == simdjson::SUCCESS &&
               pair.at(1).get(right) == simdjson::SUCCESS) {
      return {text, right};
    }
    json.item(rank, entry).fail(Code::Invalid, "expected \"left right\" or [left, right]");
  }

  /// One symbol for each code point, before any merge.
  void symbols(std::string_view word, std::vector<TokenId>& ids) const {
    bool fusing = false;
    std::string decorated;
    for (size_t at = 0; at < word.size();) {
      const size_t length =
          std::min<size_t>(unicode::length_of(static_cast<unsigned char>(word[at])), word.size() - at);
      const auto c = word.substr(at, length);
      TokenId id;
      if (prefix_.empty() && suffix_.empty()) {
        id = vocabulary_.lookup(c);
      } else {
        decorated.assign(at > 0 ? prefix_ : "").append(c).append(at + length == word.size() ? suffix_ : "");
        id = vocabulary_.lookup(decorated);
      }
      at += length;
      if (id >= 0) {
        ids.push_back(id);
        fusing = false;
      } else {
        fusing = unknown_symbol(c, ids, fusing);
      }
    }
  }

  /// Returns whether the next unknown character belongs to the same unknown token.
  bool unknown_symbol(std::string_view c, std::vector<TokenId>& ids, bool fusing) const {
    const auto missing = [&](char b) { return bytes_[static_cast<unsigned char>(b)] < 0; };
    if (!bytes_.empty() && std::none_of(c.begin(), c.end(), missing)) {
      for (const char b : c) ids.push_back(bytes_[static_cast<unsigned char>(b)]);
      return false;
    }
    if (unknown_ >= 0 && !(fusing && fuse_unknown_)) ids.push_back(unknown_);
    return unknown_ >= 0;
  }

  void merge_by_scan(std::vector<TokenId>& ids, size_t begin) const {
    while (ids.size() - begin > 1) {
      Merge best;
      size_t where = 0;
      for (size_t i = begin; i + 1 < ids.size(); ++i) {
        const Merge m = merges_.find(ids[i], ids[i + 1]);
        if (m.rank < best.rank) best = m, where = i;
      }
      if (best.into < 0) return;
      ids[where] = best.into;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(where) + 1);
    }
  }

  struct Candidate {
    uint32_t rank, left;
    TokenId a, b, into;
    bool operator<(const Candidate& o) const { return rank != o.rank ? rank > o.rank : left > o.left; }
  };

  /// O(n log n): a heap of possible merges; outdated ones are noticed when they come up.
  void merge_by_heap(std::vector<TokenId>& ids, size_t begin) const {
    const size_t n = ids.size() - begin;
    if (n >= UINT32_MAX) throw Error(Code::Exhausted, "tokenizer: a single word of 4 billion characters or more");
    const std::span<TokenId> s(ids.data() + begin, n);
    std::vector<uint32_t> next(n), previous(n);
    std::priority_queue<Candidate> heap;
    const auto offer = [&](uint32_t left, uint32_t right) {
      const Merge m = merges_.find(s[left], s[right]);
      if (m.into >= 0) heap.push({m.rank, left, s[left], s[right], m.into});
    };
    for (uint32_t i = 0; i < n; ++i) {
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i + 1 < n) offer(i, i + 1);
    }
    while (!heap.empty()) {
      const Candidate c = heap.top();
      heap.pop();
      const uint32_t right = next[c.left];
      if (s[c.left] != c.a || right >= n || s[right] != c.b) continue;
      s[c.left] = c.into;
      s[right] = -1;
      next[c.left] = next[right];
      if (next[right] < n) previous[next[right]] = c.left;
      if (c.left > 0 && previous[c.left] < n) offer(previous[c.left], c.left);
      if (next[c.left] < n) offer(c.left, next[c.left]);
    }
    ids.erase(std::remove(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end(), -1), ids.end());
  }

  std::string prefix_, suffix_;
  bool fuse_unknown_, whole_words_;
  std::vector<TokenId> bytes_;
  Merges merges_;
};

}  // namespace

std::unique_ptr<Model> make_bpe(const JsonView& json) { return std::make_unique<Bpe>(json); }

}  // namespace hanok::text::tokenizers

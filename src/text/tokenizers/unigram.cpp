// Unigram (Kudo 2018): the segmentation with the highest sum of log probabilities, by Viterbi over byte positions.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "text/tokenizers/model.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

constexpr double kUnknownPenalty = 10.0;  // below the lowest score: sentencepiece's constant

/// Which lengths the pieces that begin with two given code points have, so that only those are looked up.
class Lengths {
 public:
  static constexpr size_t kBuckets = 1 << 16;
  static constexpr size_t kLong = 63;  // bit 63: that many code points or more

  Lengths() : masks_(kBuckets) {}
  void add(std::string_view piece) {
    size_t at = 0;
    const char32_t first = unicode::next(piece, at);
    if (at == piece.size()) return;
    const char32_t second = unicode::next(piece, at);
    size_t chars = 2;
    for (; at < piece.size(); ++chars) unicode::next(piece, at);
    masks_[bucket(first, second)] |= uint64_t{1} << std::min(chars, kLong);
  }
  uint64_t find(char32_t first, char32_t second) const { return masks_[bucket(first, second)]; }

 private:
  static size_t bucket(char32_t first, char32_t second) {
    return (uint64_t{first} * 0x9E3779B97F4A7C15u ^ uint64_t{second} * 0xD6E8FEB86659FD93u) >> 48;
  }
  std::vector<uint64_t> masks_;
};

/// The best way found to reach a byte position.
struct Best {
  double score = 0;
  TokenId id = 0;
  uint32_t from = kUnreached;
  static constexpr uint32_t kUnreached = UINT32_MAX;
};

class Unigram : public Model {
 public:
  explicit Unigram(const JsonView& json) {
    read_pieces(json.at("vocab"));
    if (const auto unknown = json.find("unk_id")) {
      unknown_ = static_cast<TokenId>(unknown->integer(0, kMaxTokenId));
      if (static_cast<size_t>(unknown_) >= scores_.size())
        json.fail(Code::Invalid, "unk_id " + std::to_string(unknown_) + " is not among the " +
                                     std::to_string(scores_.size()) + " pieces");
    }
    if (json.bool_or("byte_fallback", false)) bytes_ = byte_tokens(vocabulary_);
  }

  void encode(std::string_view piece, std::vector<TokenId>& ids) const override {
    if (piece.size() >= Best::kUnreached) throw Error(Code::Exhausted, "tokenizer: a single word of 4 GiB or more");
    // Small words take the stack's buffer: nearly all of them, and no allocation for each.
    std::array<Best, 96> small;
    if (piece.size() < small.size()) return segment(piece, {small.data(), piece.size() + 1}, ids);
    std::vector<Best> large(piece.size() + 1);
    segment(piece, large, ids);
  }

 private:
  void read_pieces(const JsonView& json) {
    const auto array = json.array();
    if (array.size() == 0) json.fail(Code::Invalid, "no pieces");
    if (array.size() > static_cast<size_t>(kMaxTokenId)) json.fail(Code::Unsupported, "too many pieces");
    scores_.reserve(array.size());
    vocabulary_.reserve(array.size(), array.size() * 12);
    std::vector<std::string_view> pieces;
    pieces.reserve(array.size());
    for (const auto entry : array) {
      std::string_view piece;
      if (!read_piece(entry, piece)) json.item(pieces.size(), entry).fail(Code::Invalid, "expected [piece, score]");
      if (!piece.empty()) lengths_.add(piece);
      pieces.push_back(piece);
    }
    vocabulary_.add_run(pieces, 0);
    lowest_ = *std::min_element(scores_.begin(), scores_.end());
  }

  bool read_piece(simdjson::dom::element entry, std::string_view& piece) {
    simdjson::dom::array pair;
    if (entry.get(pair) != simdjson::SUCCESS) return false;
    auto at = pair.begin();
    if (!(at != pair.end()) || (*at).get(piece) != simdjson::SUCCESS) return false;
    double score = 0;
    if (!(++at != pair.end()) || (*at).get(score) != simdjson::SUCCESS || ++at != pair.end()) return false;
    scores_.push_back(score);
    return true;
  }

  void segment(std::string_view text, std::span<Best> best, std::vector<TokenId>& ids) const {
    for (Best& b : best) b = Best{};
    for (size_t at = 0; at < text.size();) at = extend(text, at, best);
    emit(text, best, ids);
  }

  /// Tries every piece that begins at `at`; returns where the next code point begins.
  size_t extend(std::string_view text, size_t at, std::span<Best> best) const {
    const double here = best[at].score;
    size_t end = at;
    const char32_t first = unicode::next(text, end);
    const size_t next = end;
    if (!reach(text, at, next, here, best)) relax(best[next], here + lowest_ - kUnknownPenalty, unknown_, at);
    if (end == text.size()) return next;
    const char32_t second = unicode::next(text, end);
    uint64_t lengths = lengths_.find(first, second);
    for (size_t chars = 2; lengths >> std::min(chars, Lengths::kLong) != 0; ++chars) {
      if (lengths >> std::min(chars, Lengths::kLong) & 1) reach(text, at, end, here, best);
      if (end == text.size() || end - at > vocabulary_.longest()) break;
      end += unicode::length_of(static_cast<unsigned char>(text[end]));
    }
    return next;
  }

  bool reach(std::string_view text, size_t at, size_t end, double here, std::span<Best> best) const {
    const TokenId id = vocabulary_.lookup(text.substr(at, end - at));
    if (id < 0) return false;
    relax(best[end], here + scores_[static_cast<size_t>(id)], id, at);
    return true;
  }

  static void relax(Best& target, double score, TokenId id, size_t from) {
    if (target.from == Best::kUnreached || score > target.score) target = {score, id, static_cast<uint32_t>(from)};
  }

  /// Walks back over the best path. Neighbouring unknown code points become one unknown token.
  void emit(std::string_view text, std::span<const Best> best, std::vector<TokenId>& ids) const {
    const size_t begin = ids.size();
    size_t unknown_end = 0;  // end of the run of unknown code points at hand; 0: none
    for (size_t at = text.size(); at > 0;) {
      const Best& b = best[at];
      if (b.id == unknown_ || b.id < 0) {
        if (unknown_end == 0) unknown_end = at;
      } else {
        if (unknown_end != 0) emit_unknown(text.substr(at, unknown_end - at), ids);
        unknown_end = 0;
        ids.push_back(b.id);
      }
      at = b.from;
    }
    if (unknown_end != 0) emit_unknown(text.substr(0, unknown_end), ids);
    std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end());
  }

  /// Appends back to front, like emit.
  void emit_unknown(std::string_view run, std::vector<TokenId>& ids) const {
    if (const TokenId id = vocabulary_.lookup(run); id >= 0) return ids.push_back(id);
    const auto missing = [&](char c) { return bytes_[static_cast<unsigned char>(c)] < 0; };
    if (!bytes_.empty() && std::none_of(run.begin(), run.end(), missing)) {
      for (auto c = run.rbegin(); c != run.rend(); ++c) ids.push_back(bytes_[static_cast<unsigned char>(*c)]);
      return;
    }
    if (unknown_ < 0)
      throw Error(Code::Invalid, "tokenizer: \"" + std::string(run.substr(0, 40)) +
                                     "\" is not in the vocabulary, and tokenizer.json names no unk_id");
    ids.push_back(unknown_);
  }

  std::vector<double> scores_;
  std::vector<TokenId> bytes_;
  Lengths lengths_;
  double lowest_ = 0;
};

}  // namespace

std::unique_ptr<Model> make_unigram(const JsonView& json) { return std::make_unique<Unigram>(json); }

}  // namespace hanok::text::tokenizers

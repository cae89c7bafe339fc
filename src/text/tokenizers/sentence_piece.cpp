// SentencePiece's BPE (Kudo and Richardson 2018) by scores: of all neighbours that together are a piece, those with the
// highest score are joined first, leftmost first; what no piece covers falls back to bytes.
#include <queue>

#include "text/tokenizers/model.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

class SentencePiece : public Model {
 public:
  explicit SentencePiece(const JsonView& json) {
    const JsonView pieces = json.at("pieces");
    const auto list = pieces.array();
    TokenId id = 0;
    for (const auto entry : list) {
      const JsonView item = pieces.item(static_cast<size_t>(id), entry);
      const auto parts = item.array();
      std::string_view text;
      double score = 0;
      bool usable = false;
      if (parts.size() != 3 || parts.at(0).get(text) || parts.at(1).get(score) || parts.at(2).get(usable))
        item.fail(Code::Invalid, "expected [piece, score, usable]");
      if (id > kMaxTokenId) item.fail(Code::Unsupported, "too many pieces");
      vocabulary_.add(text, id++);
      scores_.push_back(static_cast<float>(score));
      usable_.push_back(usable);
    }
    if (const auto unknown = json.find("unk_id")) unknown_ = static_cast<TokenId>(unknown->integer(0, id - 1));
    bytes_ = byte_tokens(vocabulary_);
  }

  void encode(std::string_view text, std::vector<TokenId>& ids) const override {
    if (text.size() >= UINT32_MAX) throw Error(Code::Exhausted, "tokenizer: a text of 4 GB or more");
    Join join{*this, text, {}, {}};
    for (size_t at = 0; at < text.size();) {
      const size_t n = std::min<size_t>(unicode::length_of(static_cast<unsigned char>(text[at])), text.size() - at);
      const auto i = static_cast<uint32_t>(join.symbols.size());
      join.symbols.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(n), i - 1, i + 1});
      at += n;
    }
    for (uint32_t i = 1; i < join.symbols.size(); ++i) join.offer(i - 1, i);
    join.run();
    for (const Symbol& s : join.symbols)
      if (s.length > 0) put(text.substr(s.begin, s.length), ids);
  }

 private:
  struct Symbol {
    uint32_t begin, length, previous, next;
  };
  struct Candidate {
    float score;
    uint32_t left, right, length;  // of both together when it was offered: another length means it is outdated
    bool operator<(const Candidate& o) const { return score != o.score ? score < o.score : left > o.left; }
  };

  /// O(n log n): a heap of possible joins; outdated ones are noticed when they come up.
  struct Join {
    const SentencePiece& model;
    std::string_view text;
    std::vector<Symbol> symbols;
    std::priority_queue<Candidate> heap;

    void offer(uint32_t left, uint32_t right) {
      const uint32_t length = symbols[left].length + symbols[right].length;
      if (length > model.vocabulary_.longest()) return;
      const TokenId id = model.vocabulary_.lookup(text.substr(symbols[left].begin, length));
      if (id < 0 || !model.usable_[static_cast<size_t>(id)]) return;
      heap.push({model.scores_[static_cast<size_t>(id)], left, right, length});
    }

    void run() {
      while (!heap.empty()) {
        const Candidate c = heap.top();
        heap.pop();
        Symbol &left = symbols[c.left], &right = symbols[c.right];
        if (left.length == 0 || right.length == 0 || left.length + right.length != c.length) continue;
        left.length = c.length;
        right.length = 0;
        left.next = right.next;
        if (right.next < symbols.size()) {
          symbols[right.next].previous = c.left;
          offer(c.left, right.next);
        }
        if (left.previous < symbols.size()) offer(left.previous, c.left);
      }
    }
  };

  void put(std::string_view symbol, std::vector<TokenId>& ids) const {
    const TokenId id = vocabulary_.lookup(symbol);
    if (id >= 0 && usable_[static_cast<size_t>(id)]) return ids.push_back(id);
    for (const char c : symbol) {
      const TokenId byte = bytes_[static_cast<unsigned char>(c)];
      if (byte < 0) {
        if (unknown_ >= 0) ids.push_back(unknown_);
        return;
      }
      ids.push_back(byte);
    }
  }

  std::vector<float> scores_;
  std::vector<bool> usable_;  // false: control tokens, bytes and the unknown, which no text becomes by its letters
  std::vector<TokenId> bytes_;
};

}  // namespace

std::unique_ptr<Model> make_sentence_piece(const JsonView& json) { return std::make_unique<SentencePiece>(json); }

}  // namespace hanok::text::tokenizers

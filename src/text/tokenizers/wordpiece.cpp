// WordPiece (Wu et al. 2016, as BERT uses it): the longest piece that fits, again and again, or one unknown token a
// word.
#include <algorithm>

#include "text/tokenizers/model.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

class WordPiece : public Model {
 public:
  explicit WordPiece(const JsonView& json)
      : prefix_(json.string_or("continuing_subword_prefix", "##")), max_chars_(100) {
    read_vocabulary(json.at("vocab"), vocabulary_);
    if (const auto max = json.find("max_input_chars_per_word"))
      max_chars_ = static_cast<size_t>(max->integer(0, INT32_MAX));
    const auto name = json.string_or("unk_token", "[UNK]");
    const auto id = vocabulary_.find(name);
    if (!id) json.fail(Code::Invalid, "the unknown token \"" + std::string(name) + "\" is not in the vocabulary");
    unknown_ = *id;
  }

  void encode(std::string_view word, std::vector<TokenId>& ids) const override {
    const size_t before = ids.size();
    if (too_long(word) || !pieces(word, ids)) {
      ids.resize(before);
      ids.push_back(unknown_);
    }
  }

 private:
  bool too_long(std::string_view word) const {
    if (word.size() <= max_chars_) return false;
    return static_cast<size_t>(std::count_if(word.begin(), word.end(), [](char c) { return (c & 0xC0) != 0x80; })) >
           max_chars_;
  }

  bool pieces(std::string_view word, std::vector<TokenId>& ids) const {
    std::string continued;
    for (size_t begin = 0; begin < word.size();) {
      // Nothing longer than the longest token can match: this keeps a word of any length linear.
      size_t length = std::min(word.size() - begin, vocabulary_.longest());
      if (begin > 0) continued.assign(prefix_).append(word.substr(begin, length));
      TokenId id = -1;
      for (; length > 0; length = shorter(word, begin, length)) {
        id = begin == 0 ? vocabulary_.lookup(word.substr(0, length))
                        : vocabulary_.lookup(std::string_view(continued).substr(0, prefix_.size() + length));
        if (id >= 0) break;
      }
      if (length == 0) return false;
      ids.push_back(id);
      begin += length;
    }
    return true;
  }

  static size_t shorter(std::string_view word, size_t begin, size_t length) {
    do --length;
    while (length > 0 && (word[begin + length] & 0xC0) == 0x80);
    return length;
  }

  std::string prefix_;
  size_t max_chars_;
};

}  // namespace

std::unique_ptr<Model> make_wordpiece(const JsonView& json) { return std::make_unique<WordPiece>(json); }

}  // namespace hanok::text::tokenizers

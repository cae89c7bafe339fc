// The second step: a text -> the pieces that the model sees one by one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizers/json_view.h"

namespace hanok::text::tokenizers {

/// A text and its pieces, in order; text between pieces has been dropped.
struct Pieces {
  struct Piece {
    size_t begin = 0, end = 0;
  };
  std::string text;
  std::vector<Piece> list;
  bool at_start = true;  // the text's first byte is the first of what the user gave

  std::string_view view(const Piece& p) const { return std::string_view(text).substr(p.begin, p.end - p.begin); }
};

/// Safe to call from several threads. Empty pieces never come out.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Pieces& pieces) const = 0;
};

/// Sequence, BertPreTokenizer, ByteLevel, Metaspace, Split, Whitespace, WhitespaceSplit, Punctuation, Digits,
/// CharDelimiterSplit. Throws Unsupported for any other.
std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonView& json, int depth = 0);

}  // namespace hanok::text::tokenizers

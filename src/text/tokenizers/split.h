// Cutting pieces at matches, in the five ways of tokenizer.json.
#pragma once

#include "text/tokenizers/pattern.h"
#include "text/tokenizers/pre_tokenizer.h"

namespace hanok::text::tokenizers {

enum class Behavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

Behavior make_behavior(const JsonView& json);

/// Cuts every piece. find(text) gives the parts of one piece's text, matched or not, in order.
template <typename Find>
void split_pieces(Pieces& pieces, Behavior behavior, Find find) {
  std::vector<Pieces::Piece> out;
  out.reserve(pieces.list.size() * 2);
  for (const Pieces::Piece& piece : pieces.list) {
    const size_t first = out.size();
    bool after_match = false;
    for (const Match& m : find(pieces.view(piece))) {
      const Pieces::Piece part{piece.begin + m.begin, piece.begin + m.end};
      const bool begun = out.size() > first;
      const bool join = begun && ((behavior == Behavior::MergedWithPrevious && m.matched && !after_match) ||
                                  (behavior == Behavior::MergedWithNext && !m.matched && after_match) ||
                                  (behavior == Behavior::Contiguous && m.matched == after_match));
      if (join)
        out.back().end = part.end;
      else if (part.end > part.begin && !(behavior == Behavior::Removed && m.matched))
        out.push_back(part);
      after_match = m.matched;
    }
  }
  pieces.list = std::move(out);
}

}  // namespace hanok::text::tokenizers

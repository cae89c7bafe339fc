// Chunks: text is cut into units (sentences, or pieces of sentences too long for one chunk), and units are packed in
// order. Work per unit and per chunk is bounded, so the whole is linear in the text as long as the token counter is.
#include <algorithm>

#include "hanok/text.h"
#include "text/splitters/code_points.h"
#include "text/splitters/outline.h"

namespace hanok::text {
using namespace scan;
namespace {

// A chunk never has more bytes than this per token, however few tokens the counter sees: WordPiece makes one [UNK] of a
// word of a megabyte, and such a chunk would help nobody.
constexpr size_t kMaxBytesPerToken = 32;

/// What is packed whole: a sentence, or a piece of one that is too long.
struct Unit {
  Span span;
  size_t tokens = 0;
  size_t section = 0, page = 0;  // indexes into the outline; a chunk holds units of one section and one page
  bool paragraph = false;        // begins a paragraph
  bool heading = false;
};

class Chunker {
 public:
  Chunker(const Document& document, const SplitOptions& options)
      : text_(document.text),
        outline_(document),
        options_(options),
        max_bytes_(std::max<size_t>(options.max_tokens * kMaxBytesPerToken, 64)) {}

  std::vector<Chunk> run() {
    for (size_t i = 0; i < outline_.sections().size(); ++i) add_section(i);
    pack();
    return std::move(chunks_);
  }

 private:
  size_t count(Span span) const {
    const std::string_view part = text_.substr(span.start, span.end - span.start);
    return options_.count ? options_.count(part) : count_tokens(part);
  }

  // -- units --

  void add_section(size_t index) {
    const Section& section = outline_.sections()[index];
    if (section.body > section.span.start) add_text({section.span.start, section.body}, index, true);
    add_text({section.body, section.span.end}, index, false);
  }

  void add_text(Span span, size_t section, bool heading) {
    const std::string_view part = text_.substr(span.start, span.end - span.start);
    size_t last_end = span.start;
    for (Span s : sentences(part)) {
      s = {s.start + span.start, s.end + span.start};
      const bool paragraph = s.start == span.start || blank_line(last_end, s.start);
      add_sentence(s, {.section = section, .paragraph = paragraph, .heading = heading});
      last_end = s.end;
    }
  }

  bool blank_line(size_t from, size_t to) const {
    return std::count(text_.begin() + static_cast<long>(from), text_.begin() + static_cast<long>(to), '\n') >= 2;
  }

  void add_sentence(Span sentence, Unit unit) {
    while (sentence.start < sentence.end) {
      const Span piece = largest_piece(sentence, unit.tokens);
      unit.span = piece;
      unit.page = outline_.page_at(piece.start);
      units_.push_back(unit);
      unit.paragraph = false;
      sentence.start = piece.end;
      while (sentence.start < sentence.end && is_blank(code_point_at(text_, sentence.start).value))
        sentence.start += code_point_at(text_, sentence.start).bytes;
    }
  }

  bool fits(Span span, size_t& tokens) const {
    if (span.end - span.start > max_bytes_) return false;
    tokens = count(span);
    return tokens <= options_.max_tokens;
  }

  // The longest prefix that fits, cut at a blank where there is one in its second half; at least one code point.
  Span largest_piece(Span span, size_t& tokens) const {
    if (fits(span, tokens)) return span;
    size_t good = code_point_at(text_, span.start).bytes;          // longest known to fit, in bytes
    size_t bad = std::min(span.end - span.start, max_bytes_ + 1);  // shortest known not to
    for (size_t guess = std::min(bad - 1, options_.max_tokens * 4); bad - good > std::max<size_t>(1, good / 32);
         guess = (good + bad) / 2) {
      const size_t end = snap_back(text_, span.start + std::clamp(guess, good + 1, bad - 1));
      if (end <= span.start + good) break;
      (fits({span.start, end}, tokens) ? good : bad) = end - span.start;
    }
    Span piece{span.start, word_end({span.start, span.start + good})};
    // A counter need not grow with the text; the limit holds all the same, down to a single code point.
    while (!fits(piece, tokens) && piece.end - piece.start > 4)
      piece.end = snap_back(text_, piece.start + (piece.end - piece.start) / 2);
    return piece;
  }

  // The last blank in the second half of a piece that goes on after its end, else its end.
  size_t word_end(Span piece) const {
    size_t i = piece.end;
    if (i < text_.size() && is_blank(code_point_at(text_, i).value)) return i;
    while (i > piece.start + (piece.end - piece.start) / 2) {
      const CodePoint c = code_point_before(text_, i);
      i -= c.bytes;
      if (!is_blank(c.value)) continue;
      while (i > piece.start && is_blank(code_point_before(text_, i).value)) i -= code_point_before(text_, i).bytes;
      return i > piece.start ? i : piece.end;
    }
    return piece.end;
  }

  // -- packing: units_[first, next) make a chunk; some of its last units are repeated in the next one --

  void pack() {
    size_t first = 0, next = 0;  // the open chunk holds units [first, next)
    size_t tokens = 0;
    for (; next < units_.size(); ++next) {
      if (next > first && closes_before(first, next, tokens)) {
        emit(first, next);
        first = overlap_start(first, next);
        tokens = sum(first, next);
        while (first < next && tokens + units_[next].tokens > options_.max_tokens) tokens -= units_[first++].tokens;
      }
      tokens += units_[next].tokens;
    }
    if (first < units_.size()) emit(first, units_.size());
  }

  size_t sum(size_t first, size_t last) const {
    size_t tokens = 0;
    for (size_t i = first; i < last; ++i) tokens += units_[i].tokens;
    return tokens;
  }

  // Where the chunk after units [first, next) begins: some of its last units again, but not all of them, and only when
  // the text goes on in the same section and page: a repeated sentence must not get a wrong heading or page.
  size_t overlap_start(size_t first, size_t next) const {
    const Unit &last = units_[next - 1], &unit = units_[next];
    if (unit.section != last.section || unit.page != last.page) return next;
    size_t start = next, tokens = 0;
    while (start > first + 1 && tokens + units_[start - 1].tokens <= options_.overlap_tokens)
      tokens += units_[--start].tokens;
    return start;
  }

  bool closes_before(size_t first, size_t next, size_t tokens) const {
    const Unit &last = units_[next - 1], &unit = units_[next];
    if (unit.span.end - units_[first].span.start > max_bytes_) return true;
    if (tokens + unit.tokens > options_.max_tokens) return true;
    // Headings alone wait for the text below them, also for that of their first subsection.
    // (Text closes its chunk before the next heading, so a chunk that ends in a heading holds nothing else.)
    if (unit.section != last.section) return !last.heading;
    if (unit.page != units_[first].page) return true;
    return unit.paragraph && tokens * 2 >= options_.max_tokens && tokens + paragraph_tokens(next) > options_.max_tokens;
  }

  // Tokens of the paragraph that begins at unit i, counted no further than max_tokens.
  size_t paragraph_tokens(size_t i) const {
    size_t tokens = units_[i].tokens;
    for (++i; i < units_.size() && !units_[i].paragraph && tokens <= options_.max_tokens; ++i)
      tokens += units_[i].tokens;
    return tokens;
  }

  // Writes units [first, last) as one chunk. When the counter sees more tokens in the whole than in its parts, repeated
  // units go first, then the chunk becomes several.
  void emit(size_t first, size_t last) {
    while (first < last) {
      size_t end = last;
      Chunk chunk = chunk_of(first, end);
      while (chunk.tokens > options_.max_tokens && end - first > 1)
        chunk = first < fresh_ ? chunk_of(++first, end) : chunk_of(first, --end);
      chunks_.push_back(std::move(chunk));
      first = fresh_ = end;
    }
  }

  Chunk chunk_of(size_t first, size_t last) const {
    const Unit& end = units_[last - 1];
    const Span span{units_[first].span.start, end.span.end};
    return {.span = span,
            .page = outline_.page_number(units_[first].page),
            .heading = outline_.path(end.section),
            .tokens = last - first == 1 ? end.tokens : count(span)};
  }

  std::string_view text_;
  Outline outline_;
  const SplitOptions& options_;
  size_t max_bytes_;
  std::vector<Unit> units_;
  size_t fresh_ = 0;  // the first unit that is in no chunk yet
  std::vector<Chunk> chunks_;
};

}  // namespace

std::vector<Chunk> split(const Document& document, const SplitOptions& options) {
  if (options.max_tokens == 0) throw Error(Code::Invalid, "split: max_tokens is 0; a chunk needs at least one token");
  return Chunker(document, options).run();
}

int chunker_version() { return 1; }

}  // namespace hanok::text

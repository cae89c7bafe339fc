// Sentence boundaries by rules, in one pass. Every look around a candidate is bounded (kLookBack, kLookAhead bytes), so
// the time is linear in the text whatever it holds. A dictionary would do better on chat and blogs (docs/papers.md,
// "Kiwi").
#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"
#include "hanok/text.h"
#include "text/splitters/code_points.h"
#include "text/splitters/korean_endings.h"

namespace hanok::text {
using namespace scan;
namespace {

constexpr size_t kLookBack = 64, kLookAhead = 64;
constexpr size_t kLongestAside = 600;    // bytes between brackets or quotes that are kept in one sentence
constexpr size_t kLongestFootnote = 16;  // bytes of "[12]", "[note 3]"
constexpr size_t kShortLine = 72;  // a line shorter than this that is not wrapped text ends its sentence (headings)
constexpr size_t kShortestKorean = 12;  // bytes before a Korean end without a full stop: shorter ones are titles, names

// Abbreviations that are followed by a name or a number, lower case, without the last full stop.
constexpr std::string_view kAbbreviations[] = {
    "adm",  "al",  "approx", "apr", "aug", "ave", "blvd", "brig", "bros", "capt", "cf",  "ch",   "cmdr",
    "col",  "dec", "dept",   "dr",  "ed",  "eds", "eq",   "eqs",  "esp",  "est",  "etc", "feb",  "fig",
    "figs", "fr",  "gen",    "gov", "hon", "jan", "jul",  "jun",  "lt",   "ltd",  "maj", "mar",  "messrs",
    "mr",   "mrs", "ms",     "mt",  "no",  "nos", "nov",  "oct",  "op",   "p",    "pp",  "prof", "ref",
    "refs", "rep", "rev",    "sec", "sen", "sep", "sept", "sgt",  "sr",   "st",   "tab", "viz",  "vol",
    "vols", "vs",  "e.g",    "i.e", "jr",  "inc", "co",   "corp", "b.c",  "a.d"};

// Abbreviations that end a sentence as often as not: only the next word can tell.
constexpr std::string_view kMayEnd[] = {"etc", "inc", "co", "corp", "ltd", "jr", "sr", "al"};

constexpr std::string_view kStarters[] = {
    "A",     "After", "Also", "Although", "An",    "And",   "As",      "At",    "Because", "But",  "By",    "During",
    "For",   "From",  "He",   "Her",      "His",   "How",   "However", "I",     "If",      "In",   "Is",    "It",
    "Its",   "Many",  "Most", "No",       "Not",   "On",    "One",     "Or",    "Our",     "She",  "Since", "So",
    "Some",  "Such",  "That", "The",      "Their", "Then",  "There",   "These", "They",    "This", "Those", "To",
    "Under", "We",    "What", "When",     "Where", "Which", "While",   "Who",   "Why",     "With", "You"};

template <size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool is_terminator(char32_t c) {
  return c == '.' || c == '!' || c == '?' || c == U'…' || c == U'。' || c == U'！' || c == U'？' || c == U'｡' ||
         c == U'．';
}
bool is_wide_terminator(char32_t c) { return c == U'。' || c == U'！' || c == U'？' || c == U'｡' || c == U'．'; }

bool is_closer(char32_t c) {
  constexpr std::u32string_view kClosers = U"\"')]}”’»」』》〉】〕）］｝";
  return kClosers.find(c) != std::u32string_view::npos;
}

struct Pair {
  std::string_view open, close;
};
// ASCII quotes are paired by the next one; an apostrophe is none.
constexpr std::array<Pair, 11> kPairs = {{{"(", ")"},
                                          {"[", "]"},
                                          {"“", "”"},
                                          {"\"", "\""},
                                          {"「", "」"},
                                          {"『", "』"},
                                          {"《", "》"},
                                          {"〈", "〉"},
                                          {"（", "）"},
                                          {"【", "】"},
                                          {"‘", "’"}}};

// Finds the sentences of one text. `at_` runs over it once; `start_` is where the sentence in hand begins.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) { next_close_.fill(0); }

  std::vector<Span> run() {
    while (at_ < text_.size()) step();
    finish(text_.size());
    return std::move(out_);
  }

 private:
  void step() {
    const CodePoint c = code_point_at(text_, at_);
    if (first_ == kNone && !is_blank(c.value)) first_ = at_;
    enter_aside(c);
    if (c.value == '\n' || c.value == 0x2028 || c.value == 0x2029) return newline(c.bytes);
    if (is_terminator(c.value)) return terminator();
    if (is_blank(c.value)) korean_end();
    at_ += c.bytes;
  }

  // Brackets and quotes that close within kLongestAside bytes: no break before they do.
  // next_close_[i] is the first closing mark at or after the last opening one asked for, so each find goes on from
  // there.
  void enter_aside(CodePoint c) {
    if (at_ < aside_end_ && c.value == '"') return;  // the closing one
    for (size_t i = 0; i < kPairs.size(); ++i) {
      if (!text_.substr(at_, kPairs[i].open.size()).starts_with(kPairs[i].open)) continue;
      size_t& close = next_close_[i];
      if (close != std::string_view::npos && close <= at_) close = text_.find(kPairs[i].close, at_ + c.bytes);
      if (close != std::string_view::npos && close - at_ <= kLongestAside) aside_end_ = std::max(aside_end_, close + 1);
      return;
    }
  }

  bool inside_aside() const { return at_ < aside_end_; }

  // A blank line ends everything. A single line end does where the line was a heading, an item or a row.
  void newline(size_t bytes) {
    const size_t line_end = at_;
    at_ += bytes;
    size_t next = at_;
    bool blank_line = false;
    while (next < text_.size()) {
      const CodePoint c = code_point_at(text_, next);
      if (!is_blank(c.value)) break;
      blank_line |= c.value == '\n' || c.value == '\f';
      next += c.bytes;
    }
    if (blank_line || ends_line(line_end, next)) {
      finish(line_end);
      aside_end_ = 0;
    } else {
      korean_end_at(line_end, next);
    }
    at_ = next;
  }

  bool ends_line(size_t line_end, size_t next) const {
    if (next >= text_.size()) return true;
    const std::string_view rest = text_.substr(next, kLookAhead);
    constexpr std::string_view kMarks[] = {"- ", "* ", "+ ", "#", "|", "• ", "· ", "○ ",
                                           "● ", "■ ", "□ ", "※", "▶", "> ", "["};
    for (std::string_view mark : kMarks)
      if (rest.starts_with(mark)) return true;
    if (numbered(rest)) return true;
    const size_t line_start = text_.substr(0, line_end).substr(line_end > 512 ? line_end - 512 : 0).rfind('\n');
    const size_t length = line_start == std::string_view::npos ? std::min<size_t>(line_end, 512)
                                                               : std::min<size_t>(line_end, 512) - line_start - 1;
    const std::string_view line = text_.substr(line_end - length, length);
    if (line.find('\t') != std::string_view::npos || line.find(" | ") != std::string_view::npos) return true;
    if (line.empty() || length >= kShortLine) return false;
    const char32_t last = code_point_before(line, line.size()).value, first = code_point_at(rest, 0).value;
    const bool goes_on = last == ',' || last == '-' || last == '(' || is_lower(first);
    return !goes_on && !in_narrow_column(line_end - length, line_end);
  }

  // A line of text that was wrapped at fewer than kShortLine letters, as a column of a newspaper is: nearly as long as
  // the longest around it, where others are seen to go on, with a small letter.
  bool in_narrow_column(size_t start, size_t end) const {
    constexpr size_t kAround = 512, kWrapped = 2;  // bytes to each side; lines seen to go on
    constexpr size_t kNarrowest = 24;              // bytes; shorter lines are no text
    constexpr double kNearlyFull = 0.8;
    if (end - start < kNarrowest || is_terminator(code_point_before(text_, end).value)) return false;
    const size_t from = start > kAround ? start - kAround : 0, to = std::min(text_.size(), end + kAround);
    size_t longest = 0, wrapped = 0;
    bool open = false;  // the line before ended within a sentence
    for (size_t line = from; line < to;) {
      const size_t next = std::min(to, text_.find('\n', line));
      const std::string_view text = text_.substr(line, next - line);
      const bool whole = (line > from || from == 0) && (next < to || to == text_.size());
      if (whole) longest = std::max(longest, text.size());
      if (whole && text.find(" | ") != std::string_view::npos) return false;
      wrapped += whole && open && !text.empty() && is_lower(code_point_at(text, 0).value);
      open = whole && !text.empty() && !is_terminator(code_point_before(text, text.size()).value);
      line = next + 1;
    }
    return wrapped >= kWrapped && double(end - start) >= kNearlyFull * double(longest);
  }

  // "1. ", "12) ", "가. ", "(3) "
  static bool numbered(std::string_view rest) {
    size_t i = rest.starts_with("(") ? 1 : 0;
    size_t digits = i;
    while (digits < rest.size() && digits < i + 3 && is_digit(static_cast<unsigned char>(rest[digits]))) ++digits;
    if (digits == i) return false;
    return digits + 1 < rest.size() && (rest[digits] == '.' || rest[digits] == ')') && rest[digits + 1] == ' ';
  }

  void terminator() {
    size_t end = at_, dots = 0;
    char32_t mark = 0;
    while (end < text_.size()) {  // "?!", "...", "。”"
      const CodePoint c = code_point_at(text_, end);
      if (!is_terminator(c.value)) break;
      mark = mark == 0 || c.value != '.' ? c.value : mark;
      dots += c.value == '.';
      end += c.bytes;
    }
    const size_t word_end = at_;
    const bool in_aside = inside_aside();
    const size_t after = closers_end(end, in_aside);
    // Quotes that begin now: enter_aside has not seen the marks jumped over, which are closing ones.
    const bool closes_aside = after >= aside_end_;
    at_ = end;
    if (in_aside && !closes_aside) return;
    if (ends_here(word_end, end, after, mark, dots)) {
      finish(after);
      at_ = after;
    } else {
      at_ = after;
    }
  }

  // Past what belongs to the sentence though it stands after its mark: closing quotes and brackets, footnotes "[2]",
  // and Korean laughter and tears (ㅋㅋ ㅠㅠ).
  size_t closers_end(size_t end, bool in_aside) const {
    size_t after = end;
    while (after < text_.size() && after - end < kLookAhead) {
      const CodePoint c = code_point_at(text_, after);
      if (is_closer(c.value) && (c.value != '"' || in_aside)) {
        after += c.bytes;
      } else if (is_loose_jamo(c.value)) {
        after += c.bytes;
      } else if (c.value == '[') {
        const size_t close = text_.substr(after, kLongestFootnote).find(']');
        if (close == std::string_view::npos) break;
        after += close + 1;
      } else {
        break;
      }
    }
    return after;
  }

  bool ends_here(size_t word_end, size_t end, size_t after, char32_t mark, size_t dots) const {
    if (after >= text_.size()) return true;
    const CodePoint follow = code_point_at(text_, after);
    const bool footnote = after > end && text_[after - 1] == ']';
    if (footnote && mark == '.' && dots == 1 && is_hangul(follow.value))
      return ends_korean_sentence(word_before(word_end));
    if (!is_blank(follow.value)) return glued(word_end, end, after, mark, follow.value);
    size_t next = after;
    while (next < text_.size() && next - after < kLookAhead && is_blank(code_point_at(text_, next).value))
      next += code_point_at(text_, next).bytes;
    if (next >= text_.size()) return true;
    const char32_t first = code_point_at(text_, next).value;
    if (is_wide_terminator(mark)) return true;
    if (is_lower(first)) return false;
    if (mark != '.' || dots != 1) return true;
    return !stops_abbreviation(word_end, next, first);
  }

  // No blank after the mark: "했다.그리고", "왔다!그", "。다음", "end.The".
  bool glued(size_t word_end, size_t end, size_t after, char32_t mark, char32_t follow) const {
    if (is_wide_terminator(mark)) {
      const bool particle = after != end && (is_hangul(follow) || is_kana(follow));  // 「行く。」と言った
      return !particle && !is_closer(follow) && follow != ',' && follow != U'、';
    }
    const std::string_view before = word_before(word_end);
    if (is_hangul(follow)) {
      if (after != end) return false;  // a quotation with its particle: "..."라고
      if (mark == '.' && !ends_korean_sentence(before)) return false;
      return is_hangul(last_of(before)) && !continues_korean_sentence(text_.substr(after, kLookAhead));
    }
    if (mark == U'…' || !is_upper(follow)) return false;
    const std::string_view next = word_after(after);
    return before.size() > 1 && (is_lower(last_of(before)) || is_hangul(last_of(before))) && contains(kStarters, next);
  }

  static char32_t last_of(std::string_view word) {
    return word.empty() ? 0 : code_point_before(word, word.size()).value;
  }

  // A single full stop with a blank after it that does not end a sentence: abbreviations, initials, item and date
  // numbers.
  bool stops_abbreviation(size_t word_end, size_t next, char32_t first) const {
    const std::string_view word = word_before(word_end);
    if (word.empty()) return false;
    const bool digits =
        std::all_of(word.begin(), word.end(), [](char c) { return is_digit(static_cast<unsigned char>(c)); });
    if (digits) {
      const bool item = word.data() == text_.data() + first_;  // "1. Install"
      return item || (is_digit(first) && word.size() <= 4) ||
             (is_hangul(first) && word.size() <= 2);  // "1989. 2. 15. 서울"
    }
    if (word.size() == 1 && is_upper(static_cast<unsigned char>(word[0])))  // "J. R. R. Tolkien", "Vitamin C. The"
      return !contains(kStarters, word_after(next));
    const bool dotted = word.find('.') != std::string_view::npos && word.size() <= 8;  // "U.S", "a.m", "Ph.D"
    const std::string lower = base::lower(word);
    if (dotted && is_latin(last_of(word))) return !contains(kStarters, word_after(next));
    if (lower == "no") return is_digit(first);
    if (!contains(kAbbreviations, lower)) return false;
    return !(contains(kMayEnd, lower) && contains(kStarters, word_after(next)));
  }

  std::string_view word_before(size_t end) const {
    size_t start = end;
    while (start > start_ && end - start < kLookBack) {
      const CodePoint c = code_point_before(text_, start);
      if (is_blank(c.value) || c.value == '(' || c.value == '"' || c.value == U'“') break;
      start -= c.bytes;
    }
    return text_.substr(start, end - start);
  }

  std::string_view word_after(size_t start) const {
    size_t end = start;
    while (end < text_.size() && end - start < kLookAhead && is_latin(static_cast<unsigned char>(text_[end]))) ++end;
    return text_.substr(start, end - start);
  }

  // A blank after a word that ends as a Korean sentence does.
  void korean_end() { korean_end_at(at_, at_ + code_point_at(text_, at_).bytes); }

  void korean_end_at(size_t word_end, size_t next) {
    if (inside_aside() || first_ == kNone || word_end < start_ + kShortestKorean || next >= text_.size()) return;
    const size_t verb_end = before_decoration(word_end);
    if (verb_end == 0) return;
    const char32_t last = code_point_before(text_, verb_end).value;
    if (std::u32string_view(U"다요죠까음임").find(last) == std::u32string_view::npos) return;
    if (!ends_korean_sentence(word_before(verb_end)) || word_end < first_ + kShortestKorean) return;
    const char32_t first = code_point_at(text_, next).value;
    if (is_blank(first) || is_closer(first) || is_terminator(first) || first == ',') return;
    if (!continues_korean_sentence(text_.substr(next, kLookAhead))) finish(word_end);
  }

  // "좋아요ㅎㅎ~~" ends as "좋아요" does.
  size_t before_decoration(size_t end) const {
    const size_t limit = end > kLookBack ? end - kLookBack : 0;
    while (end > std::max(limit, start_)) {
      const CodePoint c = code_point_before(text_, end);
      if (!is_loose_jamo(c.value) && c.value != '~' && c.value != '^' && c.value != ';') break;
      end -= c.bytes;
    }
    return end;
  }

  // Ends the sentence in hand at `end`, without the blanks around it.
  void finish(size_t end) {
    size_t from = start_;
    while (from < end && is_blank(code_point_at(text_, from).value)) from += code_point_at(text_, from).bytes;
    size_t to = end;
    while (to > from && is_blank(code_point_before(text_, to).value)) to -= code_point_before(text_, to).bytes;
    if (from < to) out_.push_back({from, to});
    start_ = end;
    first_ = kNone;
  }

  std::string_view text_;
  static constexpr size_t kNone = std::string_view::npos;
  size_t at_ = 0, start_ = 0, aside_end_ = 0;
  size_t first_ = kNone;  // the first byte of the sentence that is not blank, once it has been seen
  std::array<size_t, kPairs.size()> next_close_;
  std::vector<Span> out_;
};

}  // namespace

std::vector<Span> sentences(std::string_view text) { return Splitter(text).run(); }

}  // namespace hanok::text

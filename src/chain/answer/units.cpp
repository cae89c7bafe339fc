#include "chain/answer/units.h"

#include <algorithm>
#include <string>

#include "chain/answer/letters.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kLongestHeading = 90;  // bytes: thirty Korean syllables
// Letters and other code points: two or three short sentences. Paragraphs of prose are longer, and their sentences are
// less tied to the first one.
constexpr size_t kShortLine = 160;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
/// "item: tea; price: 4500", as spreadsheets and CSV files are read.
bool is_record(std::string_view line) {
  const size_t key = line.find(": "), next = line.find("; ");
  return key != std::string_view::npos && next != std::string_view::npos && key < next && has(line.substr(next), ": ");
}

bool is_row(std::string_view line) { return is_table_row(line) || is_record(line); }

constexpr std::string_view kMarks[] = {"- ", "* ", "+ ", "• ", "· ", "> ", "※ ", "◦ ",  "▪ ", "■ ", "□ ",
                                       "○ ", "● ", "– ", "— ", "▶ ", "◆ ", "◇ ", "ㆍ ", "•",  "※",  "ㆍ"};

/// How many bytes at the head of a line are the mark of a list item: "- ", "• ", "1. ", "(2) ", "①".
size_t item_mark(std::string_view line) {
  for (const std::string_view mark : kMarks)
    if (line.starts_with(mark)) {
      const size_t text = line.find_first_not_of(" \t", mark.size());
      return text == std::string_view::npos ? 0 : text;
    }
  size_t at = line.starts_with("(");
  const size_t digits = at;
  while (at < line.size() && at < digits + 2 && is_digit(line[at])) ++at;
  if (at == digits || at + 2 >= line.size()) return 0;
  const bool closed = line[at] == ')' || (digits == 0 && line[at] == '.');
  return closed && line[at + 1] == ' ' && !is_digit(line[at + 2]) ? at + 2 : 0;
}

bool is_item(std::string_view line) { return item_mark(line) > 0; }

// What stands for something said before.
bool begins_leaning(std::string_view sentence) {
  constexpr std::string_view kEnglish[] = {"He ",   "She ",   "It ",   "They ",  "His ",   "Her ",
                                           "Its ",  "Their ", "This ", "These ", "Those ", "That ",
                                           "Both ", "Such ",  "It's ", "He's ",  "She's "};
  constexpr std::string_view kKorean[] = {"그는 ",   "그가 ",   "그의 ",   "그를 ", "그녀",    "그들",    "그것",
                                          "그곳",    "이는 ",   "이것",    "이곳",  "이들",    "이때 ",   "이후 ",
                                          "이를 ",   "이에 ",   "당시 ",   "또한 ", "그리고 ", "그러나 ", "하지만 ",
                                          "그래도 ", "그래서 ", "그러면 ", "여기"};
  const auto begins = [&](std::string_view word) { return sentence.starts_with(word); };
  return std::any_of(std::begin(kEnglish), std::end(kEnglish), begins) ||
         std::any_of(std::begin(kKorean), std::end(kKorean), begins);
}

bool ends_sentence(std::string_view line) {
  constexpr std::string_view kEnds[] = {".", "!", "?", "…", "。", ":", ";", ",", "다", "요", "\"", "”"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view e) { return line.ends_with(e); });
}

/// What a cell says beside its number: " won" of "140,000 won", "동" of "101동"; nothing where it has no number.
std::optional<std::string> words_beside_number(std::string_view cell) {
  if (!has_digit(cell)) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < cell.size(); ++i) {
    const bool of_number = is_digit(cell[i]) || ((cell[i] == ',' || cell[i] == '.') && i > 0 && is_digit(cell[i - 1]));
    if (!of_number) out += cell[i];
  }
  return out;
}

/// Whether a cell with a number in it names the column: beside the number it has words, and the cells under it, alike
/// among themselves, have others.
bool stands_over_others(std::string_view cell, size_t column, std::span<const std::string_view> below) {
  const auto own = words_beside_number(cell);
  if (below.empty() || own->find_first_not_of(" -/:()") == std::string::npos) return false;
  std::optional<std::string> first;
  for (size_t r = 0; r < std::min<size_t>(2, below.size()); ++r) {
    const auto cells = cells_of(below[r]);
    const auto under = column < cells.size() ? words_beside_number(cells[column]) : std::nullopt;
    if (!under || *under == *own || (first && *under != *first)) return false;
    first = under;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Unit> run() {
    for (const text::Span& s : text::sentences(text_)) cut_rows(s);
    for (size_t i = 0; i + 1 < out_.size(); ++i) out_[i].heading = is_heading(i) || is_header_row(i);
    for (size_t i = 0; i < out_.size(); ++i) add_context(i);
    for (size_t i = 0; i < out_.size(); ++i) add_lead(i);
    for (Unit& u : out_)
      if (fills_line_from_start(u.span)) u.span.start += item_mark(of(u.span));
    return std::move(out_);
  }

 private:
  std::string_view of(const text::Span& s) const { return text_.substr(s.start, s.end - s.start); }
  std::string_view of(size_t unit) const { return of(out_[unit].span); }

  // A row that goes on with a lower-case word looks like wrapped text to the splitter.
  void cut_rows(text::Span s) {
    for (size_t line = s.start, end; line < s.end; line = end + 1) {
      end = std::min(s.end, text_.find('\n', line));
      const size_t next = end < s.end ? std::min(s.end, text_.find('\n', end + 1)) : s.end;
      if (end == s.end || (is_row(text_.substr(line, end - line)) && is_row(text_.substr(end + 1, next - end - 1)))) {
        out_.push_back({.span = {s.start, end}});
        s.start = end + 1;
      }
    }
  }

  bool fills_line(const text::Span& s) const {
    return (s.start == 0 || text_[s.start - 1] == '\n') && (s.end == text_.size() || text_[s.end] == '\n');
  }

  bool fills_line_from_start(const text::Span& s) const {
    size_t at = s.start;
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
    return at == 0 || text_[at - 1] == '\n';
  }

  // Nothing, a blank line or a finished sentence stands before it: the items of a list without marks are no headings.
  bool begins_part(size_t i) const {
    if (i == 0 || out_[i - 1].heading) return true;
    const std::string_view gap = text_.substr(out_[i - 1].span.end, out_[i].span.start - out_[i - 1].span.end);
    return std::count(gap.begin(), gap.end(), '\n') > 1 || ends_sentence(of(i - 1));
  }

  bool blank_after(size_t i) const {
    const std::string_view gap = text_.substr(out_[i].span.end, out_[i + 1].span.start - out_[i].span.end);
    return std::count(gap.begin(), gap.end(), '\n') > 1;
  }

  bool is_short_line(size_t i) const {
    const std::string_view line = of(i);
    return line.size() <= kLongestHeading && fills_line(out_[i].span) && !has(line, "\n") && !has(line, ": ") &&
           !is_row(line) && !ends_sentence(line);
  }

  bool looks_like_heading(size_t i) const { return is_short_line(i) && !is_item(of(i)); }

  // "Launch on 12 October", then "Budget: 480,000 euros" on the next line: where the heading above has a blank line
  // under it, a line with a number in it and none under it is the first of what is said.
  bool is_first_statement(size_t i) const {
    return i > 0 && out_[i - 1].heading && blank_after(i - 1) && !blank_after(i) && has_digit(of(i)) &&
           has(of(i + 1), ": ");
  }

  bool is_heading(size_t i) const {
    return (looks_like_heading(i) && begins_part(i) && (blank_after(i) || !looks_like_heading(i + 1)) &&
            !is_first_statement(i)) ||
           is_numbered_heading(i);
  }

  // "2. Late returns", alone above a sentence: the items of a numbered list stand above one another.
  bool is_numbered_heading(size_t i) const {
    const std::string_view line = of(i);
    const bool numbered = is_item(line) && (is_digit(line[0]) || line[0] == '(');
    return numbered && is_short_line(i) && begins_part(i) && !is_item(of(i + 1)) && !is_row(of(i + 1)) &&
           ends_sentence(of(i + 1));
  }

  bool is_header_row(size_t i) const {
    const std::string_view line = of(i);
    const bool first = i == 0 || !is_table_row(of(i - 1));
    if (!first || !is_table_row(line) || !is_table_row(of(i + 1))) return false;
    std::vector<std::string_view> below = {of(i + 1)};
    if (i + 2 < out_.size() && is_table_row(of(i + 2))) below.push_back(of(i + 2));
    return names_columns(line, below);
  }

  void add_lead(size_t i) {
    Unit& u = out_[i];
    u.leans = begins_leaning(of(i));
    if (i == 0 || u.heading || out_[i - 1].heading || is_row(of(i)) || is_row(of(i - 1))) return;
    const std::string_view gap = text_.substr(out_[i - 1].span.end, u.span.start - out_[i - 1].span.end);
    const auto breaks = std::count(gap.begin(), gap.end(), '\n');
    if (breaks == 0 || (breaks == 1 && u.leans)) u.lead = i - 1;
    if (breaks == 0 && in_short_line(u.span)) u.line = out_[i - 1].line.value_or(i - 1);
  }

  bool in_short_line(const text::Span& s) const {
    const size_t before = s.start == 0 ? std::string_view::npos : text_.rfind('\n', s.start - 1);
    const size_t start = before == std::string_view::npos ? 0 : before + 1, end = text_.find('\n', s.end);
    const std::string_view line = text_.substr(start, end == std::string_view::npos ? end : end - start);
    return std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= ptrdiff_t{kShortLine};
  }

  // The headings just before, the header of the table, and the passage's first line where that is a heading.
  void add_context(size_t i) {
    if (out_[i].heading) {
      if (i > 0 && !out_[i - 1].heading && !is_table_row(of(i))) open_.clear();
      open_.push_back(i);
      return;
    }
    if (!open_.empty() && is_table_row(of(open_.back())) && !is_table_row(of(i))) open_.pop_back();
    out_[i].context = open_;
    if (out_[0].heading && i > 0 && (open_.empty() || open_[0] != 0)) out_[i].context.push_back(0);
  }

  std::string_view text_;
  std::vector<Unit> out_;
  std::vector<size_t> open_;
};

}  // namespace

bool is_table_row(std::string_view line) { return has(line, " | ") || has(line, "\t"); }

std::vector<std::string_view> cells_of(std::string_view row) {
  const bool bars = has(row, " | ");
  const auto parts = [&](size_t at) {  // a bar between blanks, or a tab
    if (!bars) return row[at] == '\t';
    return row[at] == '|' && (at == 0 || row[at - 1] == ' ') && (at + 1 == row.size() || row[at + 1] == ' ');
  };
  std::vector<std::string_view> out;
  for (size_t start = 0, at = 0; at <= row.size(); ++at) {
    if (at < row.size() && !parts(at)) continue;
    std::string_view cell = row.substr(start, at - start);
    const size_t first = cell.find_first_not_of(" \t");
    cell = first == std::string_view::npos ? std::string_view() : cell.substr(first);
    out.push_back(cell.substr(0, cell.find_last_not_of(" \t") + 1));
    start = at + 1;
  }
  return out;
}

bool names_columns(std::string_view row, std::span<const std::string_view> below) {
  const auto is_year = [](std::string_view cell) {
    if (cell.ends_with("년")) cell.remove_suffix(3);
    return cell.size() == 4 && std::all_of(cell.begin(), cell.end(), is_digit) && (cell[0] == '1' || cell[0] == '2');
  };
  const auto cells = cells_of(row);
  if (has_digit(cells.front())) return false;
  for (size_t c = 1; c < cells.size(); ++c)
    if (has_digit(cells[c]) && !is_year(cells[c]) && !stands_over_others(cells[c], c, below)) return false;
  return true;
}

std::vector<Unit> units_of(std::string_view passage) { return Reader(passage).run(); }

}  // namespace hanok::chain::answer

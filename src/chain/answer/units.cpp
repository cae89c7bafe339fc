#include "chain/answer/units.h"

#include <algorithm>

namespace hanok::chain::answer {
namespace {

constexpr size_t kLongestHeading = 90;  // bytes: thirty Korean syllables

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
bool is_table_row(std::string_view line) { return has(line, " | ") || has(line, "\t"); }

/// "item: tea; price: 4500", as spreadsheets and CSV files are read.
bool is_record(std::string_view line) {
  const size_t key = line.find(": "), next = line.find("; ");
  return key != std::string_view::npos && next != std::string_view::npos && key < next && has(line.substr(next), ": ");
}

bool is_row(std::string_view line) { return is_table_row(line) || is_record(line); }

bool is_item(std::string_view line) {
  constexpr std::string_view kMarks[] = {"- ", "* ", "+ ", "• ", "· ", "> ", "※"};
  return std::any_of(std::begin(kMarks), std::end(kMarks), [&](std::string_view m) { return line.starts_with(m); });
}

bool ends_sentence(std::string_view line) {
  constexpr std::string_view kEnds[] = {".", "!", "?", "…", "。", ":", ";", ",", "다", "요", "\"", "”"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view e) { return line.ends_with(e); });
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Unit> run() {
    for (const text::Span& s : text::sentences(text_)) cut_rows(s);
    for (size_t i = 0; i + 1 < out_.size(); ++i) out_[i].heading = is_heading(i) || is_header_row(i);
    for (size_t i = 0; i < out_.size(); ++i) add_context(i);
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
        out_.push_back({{s.start, end}, false, {}});
        s.start = end + 1;
      }
    }
  }

  bool fills_line(const text::Span& s) const {
    return (s.start == 0 || text_[s.start - 1] == '\n') && (s.end == text_.size() || text_[s.end] == '\n');
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

  bool looks_like_heading(size_t i) const {
    const std::string_view line = of(i);
    return line.size() <= kLongestHeading && fills_line(out_[i].span) && !has(line, "\n") && !has(line, ": ") &&
           !is_row(line) && !is_item(line) && !ends_sentence(line);
  }

  bool is_heading(size_t i) const {
    return looks_like_heading(i) && begins_part(i) && (blank_after(i) || !looks_like_heading(i + 1));
  }

  bool is_header_row(size_t i) const {
    const std::string_view line = of(i);
    const bool first = i == 0 || !is_table_row(of(i - 1));
    return first && is_table_row(line) && is_table_row(of(i + 1)) &&
           std::none_of(line.begin(), line.end(), [](char c) { return c >= '0' && c <= '9'; });
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

std::vector<Unit> units_of(std::string_view passage) { return Reader(passage).run(); }

}  // namespace hanok::chain::answer

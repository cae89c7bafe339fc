#include "text/loaders/rows.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace hanok::text {
namespace {

bool is_filled(const Cell& cell) { return !trim(cell.text).empty(); }

// Cells with a value of their own.
size_t count_values(const Row& row) {
  return static_cast<size_t>(
      std::count_if(row.begin(), row.end(), [](const Cell& c) { return is_filled(c) && !c.across; }));
}

// 12, -3.5, 1,200, 45%, ₩1,200, 5,000원, (350), 09:30, 2025-03-01: not the name of a column.
bool is_number(std::string_view text) {
  bool digit = false;
  for (text = trim(text); !text.empty();) {
    const char c = text.front();
    size_t length = 1;
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (std::string_view("+-.,%eE ()$:/").find(c) == std::string_view::npos) {
      length = 0;
      for (const std::string_view sign : {"₩", "€", "£", "¥", "원"})
        if (text.starts_with(sign)) length = sign.size();
      if (length == 0) return false;
    }
    text.remove_prefix(length);
  }
  return digit;
}

bool has_number(const Row& row) {
  return std::any_of(row.begin(), row.end(), [](const Cell& c) { return is_number(c.text); });
}

const Cell* find(const Row& row, uint32_t column) {
  const auto it = std::find_if(row.begin(), row.end(), [&](const Cell& c) { return c.column == column; });
  return it == row.end() ? nullptr : &*it;
}

// ---- numbers that name columns: years, months, days
// ------------------------------------------------------------------------------------------------------------

std::optional<long> whole_number(std::string_view text) {
  text = trim(text);
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_year(std::string_view text) {
  const auto value = whole_number(text);
  return value && *value >= 1900 && *value < 2100;
}

// 2025-03, 2025-03-01, 2025/26, 2025.3: a year, and something behind it.
bool is_date(std::string_view text) {
  text = trim(text);
  return text.size() >= 6 && text.size() <= 10 && is_year(text.substr(0, 4)) &&
         std::string_view("-/.").find(text[4]) != std::string_view::npos &&
         text.find_first_not_of("0123456789-/.") == text.npos;
}

std::vector<std::string_view> numbers_of(const Row& row) {
  std::vector<std::string_view> out;
  for (const auto& c : row)
    if (is_number(c.text)) out.push_back(trim(c.text));
  return out;
}

// 2024 2025 2026 or 3 2 1
bool one_by_one(const std::vector<std::string_view>& numbers) {
  long step = 0;
  for (size_t i = 1; i < numbers.size(); ++i) {
    const auto before = whole_number(numbers[i - 1]), number = whole_number(numbers[i]);
    if (!before || !number) return false;
    if (i == 1) step = *number - *before;
    if (*number - *before != step) return false;
  }
  return step == 1 || step == -1;
}

bool differ(std::vector<std::string_view> values) {
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) == values.end();
}

enum class Names { None, Times, Sequence };

// What the numbers of a row could be as names of columns: years or dates all of them, or 1 2 3.
Names names_of(const Row& row) {
  const auto numbers = numbers_of(row);
  if (numbers.empty() || !differ(numbers)) return Names::None;
  if (std::all_of(numbers.begin(), numbers.end(), [](auto n) { return is_year(n) || is_date(n); })) return Names::Times;
  return numbers.size() >= 3 && one_by_one(numbers) ? Names::Sequence : Names::None;
}

// Whether the numbers of `first` are names rather than values: those under them are of another kind.
bool are_names(const Row& first, const Row* second) {
  const Names names = names_of(first);
  if (!second || names == Names::None) return false;
  Row below;
  for (const auto& c : *second)
    if (const Cell* above = find(first, c.column); above && is_number(above->text) && is_filled(c)) below.push_back(c);
  if (!below.empty() && !has_number(below)) return false;
  if (names_of(below) != names) return true;
  return one_by_one(numbers_of(first)) && !one_by_one(numbers_of(below));
}

bool is_header(const Row& first, const Row* second) {
  return count_values(first) >= 2 && (!has_number(first) || are_names(first, second));
}

// "2025 | | 2026" over "H1 | H2 | H1 | H2", or merged cells over others.
bool is_second_header(const Row& first, const Row& second) {
  if (has_number(second) && names_of(second) == Names::None) return false;
  if (std::any_of(first.begin(), first.end(), [](const Cell& c) { return c.across && is_filled(c); })) return true;
  std::vector<std::string_view> names;
  bool in_a_hole = false;
  for (const auto& c : second) {
    if (!is_filled(c)) continue;
    names.push_back(trim(c.text));
    const Cell* above = find(first, c.column);
    in_a_hole |= !above || !is_filled(*above);
  }
  return in_a_hole && !differ(names);
}

// Whether rows[first] is a header, alone or with the row under it.
bool heads(const std::vector<Row>& rows, size_t first) {
  const Row* second = first + 1 < rows.size() ? &rows[first + 1] : nullptr;
  if (is_header(rows[first], second)) return true;
  return first + 2 < rows.size() && is_second_header(rows[first], *second) && is_header(rows[first], &rows[first + 2]);
}

bool is_no_value(std::string_view text) {
  const std::string low = base::lower(trim(text));
  for (const std::string_view word :
       {"-", "–", "—", "n/a", "na", "none", "unknown", "tbd", "?", "미정", "없음", "무료", "free"})
    if (low == word) return true;
  return false;
}

}  // namespace

void RowWriter::write(const Row& row, bool named) {
  if (count_values(row) < 2 && std::any_of(row.begin(), row.end(), [](const Cell& c) { return c.across; }))
    named = false;
  out_.line();
  bool first = true;
  for (const auto& cell : row) {
    const std::string value = collapse_blanks(cell.text);
    if (value.empty() || (cell.across && !named)) continue;
    if (!first) out_.text(named ? "; " : " | ");
    first = false;
    const auto name = header_.find(cell.column);
    if (named && name != header_.end()) out_.text(name->second), out_.text(": ");
    out_.text(value);
  }
  out_.line();
}

// A second table may begin lower down beside the first, apart from it by an empty column: its names are learned.
void RowWriter::name_beside(const Row& row) {
  if (header_.empty()) return;
  std::vector<const Cell*> beside;
  for (const auto& c : row) {
    if (!is_filled(c) || header_.contains(c.column)) continue;
    const bool apart = c.column > header_.rbegin()->first + 1 || !beside.empty();
    if (!apart || is_number(c.text)) return;
    beside.push_back(&c);
  }
  if (beside.size() < 2) return;
  for (const Cell* c : beside) header_[c->column] = collapse_blanks(c->text);
}

void RowWriter::body(const Row& row) {
  for (const auto& c : row)
    if (is_number(c.text)) numeric_.insert(c.column);
  const bool named = state_ == State::Rows;
  if (named) {
    const bool again = count_values(row) >= 2 && std::all_of(row.begin(), row.end(), [&](const Cell& c) {
                         const auto name = header_.find(c.column);
                         return !is_filled(c) || (name != header_.end() && name->second == collapse_blanks(c.text));
                       });
    if (again) return;  // the header repeated, as at the top of a page
  }
  write(row, named);
  if (named) name_beside(row);
}

// Takes one or two rows from `first` on as the header; returns how many.
size_t RowWriter::take_header(const std::vector<Row>& rows, size_t first) {
  const Row& top = rows[first];
  for (const auto& c : top)
    if (is_filled(c)) header_[c.column] = collapse_blanks(c.text);
  if (first + 2 >= rows.size() || !is_second_header(top, rows[first + 1])) return 1;
  std::string group;
  for (const auto& c : rows[first + 1]) {
    if (!is_filled(c)) continue;
    const std::string name = collapse_blanks(c.text);
    const auto above = header_.find(c.column);
    if (above != header_.end()) group = above->second;
    header_[c.column] = group.empty() || group == name ? name : group + " " + name;
  }
  return 2;
}

// After an empty row: whether rows[at] heads another table rather than going on with this one. It does when it has
// words where this table has numbers, or stands in columns of its own, or has words over numbers where this table has
// none.
bool RowWriter::begins_table(const std::vector<Row>& rows, size_t at) const {
  if (state_ == State::Before) return true;
  if (at + 1 >= rows.size() || !heads(rows, at)) return false;
  const Row& first = rows[at];
  const Row& second = rows[at + 1];
  if (state_ == State::NoHeader) return has_number(second);
  std::set<uint32_t> columns;
  for (const auto& c : first) {
    if (!is_filled(c)) continue;
    columns.insert(c.column);
    if (!header_.contains(c.column)) return true;
    if (numeric_.contains(c.column) && !is_number(c.text) && !is_no_value(c.text)) return true;
  }
  const auto same_columns = [&](const Row& row) {
    return std::all_of(row.begin(), row.end(),
                       [&](const Cell& c) { return !is_filled(c) || columns.contains(c.column); });
  };
  if (columns.size() < header_.size() && columns.size() >= 2 && same_columns(second)) return true;
  return numeric_.empty() && has_number(second);
}

// There are two rows of a table, or all that it has.
void RowWriter::decide() {
  std::vector<Row> rows = std::exchange(waiting_, {});
  const bool after_blank = std::exchange(after_blank_, false);
  const size_t gap = std::exchange(gap_, 0);
  if (gap > 0 && gap + 1 < rows.size() && is_header(rows[gap], &rows[gap + 1]) && has_number(rows[gap + 1])) {
    // What stood alone before an empty row was no header: one follows.
    for (size_t i = 0; i < gap; ++i) write(rows[i], false);
    rows.erase(rows.begin(), rows.begin() + static_cast<long>(gap));
  }
  size_t first = 0;  // rows before it are titles
  while (first < rows.size() && count_values(rows[first]) < 2) ++first;
  if (first == rows.size()) {
    for (const auto& row : rows) after_blank || state_ == State::Before ? write(row, false) : body(row);
    return;
  }
  size_t from = 0;
  if (begins_table(rows, first)) {
    if (state_ != State::Before) out_.paragraph();
    header_.clear(), numeric_.clear();
    state_ = State::NoHeader;
    for (; from < first; ++from) write(rows[from], false);
    if (first + 1 < rows.size() && heads(rows, first)) {
      from += take_header(rows, first);
      state_ = State::Rows;
    }
  }
  for (; from < rows.size(); ++from) body(rows[from]);
}

void RowWriter::add(const Row& row) {
  constexpr size_t kEnough = 3, kMost = 64;  // rows that are kept back to judge
  if (std::none_of(row.begin(), row.end(), is_filled)) {
    const bool lone = state_ == State::Before && values_waiting() == 1 && !has_number(waiting_.back());
    if (lone && gap_ == 0) {
      gap_ = waiting_.size();  // a header with an empty row under it?
      return;
    }
    if (!waiting_.empty()) decide();
    after_blank_ = true;
    return;
  }
  if (state_ != State::Before && !after_blank_ && waiting_.empty()) return body(row);
  waiting_.push_back(row);
  if (values_waiting() >= kEnough || waiting_.size() >= kMost) decide();
}

size_t RowWriter::values_waiting() const {
  return static_cast<size_t>(
      std::count_if(waiting_.begin(), waiting_.end(), [](const Row& r) { return count_values(r) >= 2; }));
}

void RowWriter::finish() {
  if (!waiting_.empty()) decide();
}

}  // namespace hanok::text

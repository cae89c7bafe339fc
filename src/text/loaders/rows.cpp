#include "text/loaders/rows.h"

#include <algorithm>

namespace hanok::text {
namespace {

bool is_filled(const Cell& cell) { return !trim(cell.text).empty(); }

// 12, -3.5, 1,200, 45%: not the name of a column.
bool is_number(const Cell& cell) {
  bool digit = false;
  for (const char c : trim(cell.text)) {
    if (c >= '0' && c <= '9')
      digit = true;
    else if (std::string_view("+-.,%eE ").find(c) == std::string_view::npos)
      return false;
  }
  return digit;
}

}  // namespace

void RowWriter::write(const Row& row, std::string_view separator, bool named) {
  out_.line();
  bool first = true;
  for (const auto& cell : row) {
    const std::string value = collapse_blanks(cell.text);
    if (value.empty()) continue;
    if (!first) out_.text(separator);
    first = false;
    const auto name = header_.find(cell.column);
    if (named && name != header_.end()) out_.text(name->second), out_.text(": ");
    out_.text(value);
  }
  out_.line();
}

void RowWriter::add(const Row& row) {
  const auto filled = std::count_if(row.begin(), row.end(), is_filled);
  if (filled == 0) return;
  if (state_ == State::Before && filled >= 2) {
    state_ = std::any_of(row.begin(), row.end(), is_number) ? State::NoHeader : State::Header;
    if (state_ == State::Header) {
      header_row_ = row;
      for (const auto& cell : row)
        if (is_filled(cell)) header_[cell.column] = collapse_blanks(cell.text);
      return;
    }
  }
  if (state_ == State::Header) state_ = State::Rows;
  const bool named = state_ == State::Rows;
  write(row, named ? "; " : " | ", named);
}

void RowWriter::finish() {
  if (state_ == State::Header) write(header_row_, " | ", false);
}

}  // namespace hanok::text

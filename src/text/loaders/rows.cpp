#include "text/loaders/rows.h"

#include <algorithm>

namespace hanok::text {
namespace {

size_t filled(const Row& row) {
  return static_cast<size_t>(
      std::count_if(row.begin(), row.end(), [](const auto& cell) { return !trim(cell).empty(); }));
}

// 12, -3.5, 1,200, 45%: not the name of a column.
bool is_number(std::string_view cell) {
  cell = trim(cell);
  bool digit = false;
  for (const char c : cell) {
    if (c >= '0' && c <= '9')
      digit = true;
    else if (std::string_view("+-.,%eE ").find(c) == std::string_view::npos)
      return false;
  }
  return digit;
}

bool is_header(const Row& row) {
  return std::none_of(row.begin(), row.end(), [](const auto& cell) { return is_number(cell); });
}

}  // namespace

void RowWriter::plain(const Row& row) {
  out_.line();
  bool first = true;
  for (const auto& cell : row) {
    const std::string value = collapse_blanks(cell);
    if (value.empty()) continue;
    if (!first) out_.text(" | ");
    out_.text(value);
    first = false;
  }
  out_.line();
}

void RowWriter::add(const Row& row) {
  const size_t cells = filled(row);
  if (cells == 0) return;
  if (state_ == State::Before && cells >= 2) {
    state_ = is_header(row) ? State::Header : State::NoHeader;
    if (state_ == State::Header) {
      for (const auto& cell : row) header_.push_back(collapse_blanks(cell));
      return;
    }
  }
  if (state_ == State::Before || state_ == State::NoHeader) return plain(row);
  state_ = State::Rows;
  bool first = true;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string value = collapse_blanks(row[i]);
    if (value.empty()) continue;
    if (!first) out_.text("; ");
    if (i < header_.size() && !header_[i].empty()) out_.text(header_[i]), out_.text(": ");
    out_.text(value);
    first = false;
  }
  out_.line();
}

void RowWriter::finish() {
  if (state_ == State::Header) plain(header_);
}

}  // namespace hanok::text

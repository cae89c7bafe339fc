#include "text/loaders/grid.h"

#include <algorithm>
#include <limits>

namespace hanok::text {
namespace {

constexpr size_t kMostColumns = 1024;                        // HTML allows a cell to span 1000
constexpr size_t kMostRepeated = 200;                        // bytes of a value that are written again in the next row
constexpr size_t kMostAcross = 80, kMostAcrossColumns = 16;  // and in the next column

std::string repeated(const std::string& text) { return text.size() <= kMostRepeated ? text : std::string(); }

}  // namespace

std::string joined_row(const std::vector<std::string>& cells) {
  size_t used = cells.size();
  while (used > 0 && cells[used - 1].empty()) --used;
  std::string out;
  for (size_t i = 0; i < used; ++i) {
    if (i > 0) out += out.empty() ? "| " : " | ";
    out += cells[i];
  }
  return out;
}

size_t Grid::place(const GridCell& cell, size_t next, std::vector<std::string>& line) {
  size_t column = cell.column.value_or(next);
  const auto taken = [&](size_t c) { return carried_.contains(c); };
  if (!cell.column)
    while (taken(column) && column < kMostColumns) ++column;
  if (column >= kMostColumns) column = kMostColumns - 1;
  const size_t end = std::min(kMostColumns, column + std::clamp<size_t>(cell.columns, 1, kMostColumns));
  if (line.size() < end) line.resize(end);
  std::string text = collapse_blanks(cell.text);
  if (cell.continued && text.empty() && column < above_.size()) text = repeated(above_[column]);
  const bool across = text.size() <= kMostAcross && end - column <= kMostAcrossColumns;
  const size_t rows = cell.rows == 0 ? std::numeric_limits<size_t>::max() : cell.rows;
  for (size_t c = column; c < end; ++c) {
    line[c] = c == column || across ? text : std::string();
    if (rows > 1) carried_[c] = {repeated(line[c]), rows};  // row() counts this row too
  }
  return end;
}

void Grid::row(const std::vector<GridCell>& cells) {
  std::vector<std::string> line;
  size_t distinct = 0;
  for (const auto& [column, carried] : carried_) {
    if (line.size() <= column) line.resize(column + 1);
    line[column] = carried.text;
    distinct += !carried.text.empty();
  }
  size_t next = 0;
  for (const auto& cell : cells) {
    const bool is_filled = !trim(cell.text).empty();
    next = place(cell, next, line);
    distinct += is_filled || (cell.continued && !line[next - 1].empty());
  }
  for (auto it = carried_.begin(); it != carried_.end();) {
    if (it->second.rows != std::numeric_limits<size_t>::max()) --it->second.rows;
    it = it->second.rows == 0 ? carried_.erase(it) : std::next(it);
  }
  write(line, distinct);
  above_ = std::move(line);
}

void Grid::write(std::vector<std::string>& line, size_t distinct) {
  if (distinct == 1 && !line.empty() && !line[0].empty()) line.resize(1);  // one value across: a title, a note
  const std::string text = joined_row(line);
  if (text.empty()) return;
  out_.line();
  out_.text(text);
  out_.line();
}

}  // namespace hanok::text

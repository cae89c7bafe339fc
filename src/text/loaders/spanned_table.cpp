#include "text/loaders/spanned_table.h"

#include <algorithm>
#include <vector>

namespace hanok::text {
namespace {

// A file may claim that each of 60,000 cells spans 60,000 rows.
constexpr uint32_t kMostRepeats = 1000;

struct Placed {
  uint32_t row, column, last_row;
  std::string text;
};

void write_row(Writer& out, const std::vector<const Placed*>& row) {
  if (std::all_of(row.begin(), row.end(), [](const Placed* cell) { return cell->text.empty(); })) return;
  out.line();
  for (const Placed* cell : row) {
    if (cell != row.front()) out.text(" | ");
    out.text(cell->text);
  }
  out.line();
}

}  // namespace

SpannedTable::Cell& SpannedTable::add(uint32_t row, uint32_t column, uint32_t rows, uint32_t columns) {
  return cells_.emplace_back(Cell{row, column, std::max(rows, 1u), std::max(columns, 1u), {}});
}

void SpannedTable::write(Writer& out) const {
  std::vector<Placed> cells;
  for (const auto& c : cells_)
    cells.push_back({c.row, c.column, c.row + std::min(c.rows, kMostRepeats) - 1, collapse_blanks(c.text)});
  std::stable_sort(cells.begin(), cells.end(), [](const Placed& a, const Placed& b) { return a.row < b.row; });
  out.paragraph();
  std::vector<const Placed*> above;  // cells of earlier rows that reach down to this one
  for (size_t i = 0; i < cells.size();) {
    const uint32_t number = cells[i].row;
    std::erase_if(above, [number](const Placed* cell) { return cell->last_row < number; });
    std::vector<const Placed*> row = above;
    for (; i < cells.size() && cells[i].row == number; ++i) {
      row.push_back(&cells[i]);
      if (cells[i].last_row > number && !cells[i].text.empty()) above.push_back(&cells[i]);
    }
    std::stable_sort(row.begin(), row.end(), [](const Placed* a, const Placed* b) { return a->column < b->column; });
    write_row(out, row);
  }
  out.paragraph();
}

}  // namespace hanok::text

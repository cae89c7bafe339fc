#include "text/loaders/spanned_table.h"

#include <algorithm>
#include <vector>

#include "text/loaders/grid.h"

namespace hanok::text {

SpannedTable::Cell& SpannedTable::add(uint32_t row, uint32_t column, uint32_t rows, uint32_t columns) {
  return cells_.emplace_back(Cell{row, column, std::max(rows, 1u), std::max(columns, 1u), {}});
}

void SpannedTable::write(Writer& out) const {
  std::vector<const Cell*> cells;
  for (const auto& cell : cells_) cells.push_back(&cell);
  std::stable_sort(cells.begin(), cells.end(), [](const Cell* a, const Cell* b) {
    return a->row != b->row ? a->row < b->row : a->column < b->column;
  });
  std::vector<uint32_t> numbers;  // of the rows in which a cell begins
  for (const Cell* cell : cells)
    if (numbers.empty() || numbers.back() != cell->row) numbers.push_back(cell->row);
  // A file may claim that each of 60,000 cells spans 60,000 columns: what is spanned has to be in proportion.
  size_t area = 0;
  const size_t most = 10'000 + 64 * cells.size();
  Grid grid(out);
  size_t at = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::vector<GridCell> row;
    for (; at < cells.size() && cells[at]->row == numbers[i]; ++at) {
      const Cell& cell = *cells[at];
      const uint64_t below = uint64_t{cell.row} + cell.rows;
      const auto end = std::lower_bound(numbers.begin(), numbers.end(), below) - numbers.begin();
      area += cell.columns;
      GridCell out_cell{cell.text, area <= most ? cell.columns : 1, static_cast<size_t>(end) - i};
      out_cell.column = cell.column;
      row.push_back(std::move(out_cell));
    }
    grid.row(row);
  }
  grid.finish();
}

}  // namespace hanok::text

// A table whose cells may span rows and columns, written as lines that can each be read alone.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "text/loaders/writer.h"

namespace hanok::text {

class SpannedTable {
 public:
  struct Cell {
    uint32_t row, column, rows, columns;  // place and span
    std::string text;
  };
  /// The cell is empty; it may be filled as long as the grid lives.
  Cell& add(uint32_t row, uint32_t column, uint32_t rows = 1, uint32_t columns = 1);
  bool empty() const { return cells_.empty(); }

  /// A row a line, cells joined by " | ". A cell that spans rows is repeated in each of them: a row found by search
  /// says all that it says on the page. Rows without a cell that begins in them, and rows of empty cells, are left out.
  void write(Writer& out) const;

 private:
  std::deque<Cell> cells_;  // references stay good
};

}  // namespace hanok::text

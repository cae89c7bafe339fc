// A table whose cells come in any order, each with its place and span.
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

  /// Rows as Grid writes them. Rows in which no cell begins are left out.
  void write(Writer& out) const;

 private:
  std::deque<Cell> cells_;  // references stay good
};

}  // namespace hanok::text

// Rows of a sheet as lines that can be read, searched and cited one by one.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {

struct Cell {
  uint32_t column;
  std::string text;
  bool across = false;  // belongs to a merged cell that begins further left, whose text it has
};
using Row = std::vector<Cell>;  // cells that are there, by column: a sheet may use column 16,384 alone

/// The first row with at least two filled cells is the header when none of them is a number, or when the numbers are
/// names (years, days, 1 2 3 ...) and the next row's are not. Each later row is then "header: value; header: value".
/// Without a header, and for rows before it (a sheet's title), cells are joined with " | ".
/// After an empty row another table may begin: see begins_table. A header of two rows is joined ("2025 H1").
class RowWriter {
 public:
  explicit RowWriter(Writer& out) : out_(out) {}
  /// A row without text separates tables.
  void add(const Row& row);
  /// A table of a header alone is written as it is.
  void finish();

 private:
  enum class State { Before, Rows, NoHeader };

  void decide();
  size_t values_waiting() const;
  bool begins_table(const std::vector<Row>& rows, size_t first) const;
  size_t take_header(const std::vector<Row>& rows, size_t first);
  void body(const Row& row);
  void name_beside(const Row& row);
  void write(const Row& row, bool named);

  Writer& out_;
  State state_ = State::Before;
  bool after_blank_ = false;
  size_t gap_ = 0;            // rows of waiting_ before an empty row: perhaps a header apart from its table
  std::vector<Row> waiting_;  // the start of a table, until there is enough of it to judge
  std::map<uint32_t, std::string> header_;
  std::set<uint32_t> numeric_;  // columns of this table that had a number
};

}  // namespace hanok::text

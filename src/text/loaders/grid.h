// Tables of documents: rows as lines "a | b | c", every value in its column and in every row that it spans.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {

struct GridCell {
  std::string text;
  size_t columns = 1, rows = 1;  // that it spans; rows = 0: down to the end
  std::optional<size_t> column;  // where it stands, for formats that say so; otherwise the next free column
  bool continued = false;        // goes on from the cell above, whose text it has
};

/// The first line of a table is its first row, so that a reader of a later row finds the names of the columns there.
/// A value that spans rows stands in each of them: every row can then be read by itself. One that spans columns stands
/// under each, unless it is long or the only one of its row.
class Grid {
 public:
  explicit Grid(Writer& out) : out_(out) { out_.paragraph(); }
  /// One row. Rows without text leave no line, but count where others span them.
  void row(const std::vector<GridCell>& cells);
  /// After the last row.
  void finish() { out_.paragraph(); }

 private:
  struct Carried {
    std::string text;
    size_t rows = 0;  // still to come
  };
  size_t place(const GridCell& cell, size_t next, std::vector<std::string>& line);
  void write(std::vector<std::string>& line, size_t distinct);

  Writer& out_;
  std::map<size_t, Carried> carried_;
  std::vector<std::string> above_;
};

/// The cells joined with " | ", without the empty ones at the end; an empty first one leaves "| " at the start.
std::string joined_row(const std::vector<std::string>& cells);

}  // namespace hanok::text

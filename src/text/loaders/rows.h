// Rows of a table as lines that can be read, searched and cited one by one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {

struct Cell {
  uint32_t column;
  std::string text;
};
using Row = std::vector<Cell>;  // cells that are there, by column: a sheet may use column 16,384 alone

/// The first row with at least two filled cells is the header when none of its filled cells is a number; then each
/// later row is "header: value; header: value". Without a header, and for rows before it (a sheet's title), cells are
/// joined with " | ".
class RowWriter {
 public:
  explicit RowWriter(Writer& out) : out_(out) {}
  void add(const Row& row);
  /// A table of a header alone is written as it is.
  void finish();

 private:
  void write(const Row& row, std::string_view separator, bool named);
  Writer& out_;
  enum class State { Before, Header, Rows, NoHeader } state_ = State::Before;
  Row header_row_;
  std::map<uint32_t, std::string> header_;
};

}  // namespace hanok::text

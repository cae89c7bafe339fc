// Rows of a table as lines that can be read, searched and cited one by one.
#pragma once

#include <string>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {

using Row = std::vector<std::string>;

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
  void plain(const Row& row);
  Writer& out_;
  enum class State { Before, Header, Rows, NoHeader } state_ = State::Before;
  Row header_;
};

}  // namespace hanok::text

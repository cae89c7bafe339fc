// What can be quoted of a passage: its sentences, list items and table rows, each with the headings it stands under.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hanok/text.h"

namespace hanok::chain::answer {

struct Unit {
  text::Span span;              // of the passage's text, without the mark of a list item
  bool heading = false;         // a heading or a table's first row: says what follows is about, not what it is
  std::vector<size_t> context;  // the units, all headings, that this one stands under
  std::optional<size_t> lead;   // the sentence before it, where this one goes on from it: of the same line, or
                                // before one that leans
  std::optional<size_t> line;   // the first sentence of its line, where the line is short: one statement about one
                                // thing, which its first words name
  bool leans = false;           // begins with a word that stands for something said before: "He", "It costs", 그는
};

/// In order. Lines of rows ("Saturday | 9:00", "item: tea; price: 4500") are a unit each.
std::vector<Unit> units_of(std::string_view passage);

/// "Saturday | 9:00": a table's row as loaders write it.
bool is_table_row(std::string_view line);
/// A row that names columns: no numbers but years, or numbers in other words than those under them ("101동" over
/// "52,300", "1시간" over "3,000원"). below: the rows under it, of which two are looked at.
bool names_columns(std::string_view row, std::span<const std::string_view> below = {});
/// The cells of a row, without blanks around them.
std::vector<std::string_view> cells_of(std::string_view row);

}  // namespace hanok::chain::answer

// What can be quoted of a passage: its sentences, list items and table rows, each with the headings it stands under.
#pragma once

#include <string_view>
#include <vector>

#include "hanok/text.h"

namespace hanok::chain::answer {

struct Unit {
  text::Span span;              // of the passage's text
  bool heading = false;         // a heading or a table's first row: says what follows is about, not what it is
  std::vector<size_t> context;  // the units, all headings, that this one stands under
};

/// In order. Lines of rows ("Saturday | 9:00", "item: tea; price: 4500") are a unit each.
std::vector<Unit> units_of(std::string_view passage);

}  // namespace hanok::chain::answer

// A picture of texts by their embeddings: a dot a text, a colour a group, short labels that do not cover one another.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hanok/lm.h"

namespace hanok::lm {

/// In pixels, y downwards.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;  // of the upper left corner
  bool overlaps(const Box& other) const {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height;
  }
};

struct Label {
  size_t text = 0;  // which
  std::string shown;
  Box box;
  const char* anchor = "start";  // SVG's text-anchor: the side of the box that is at the dot
};

/// The first words of a text: at most `widest` wide, where a letter counts 1 and a sign of Chinese, Japanese or Korean
/// 2; what was cut shows as an ellipsis.
std::string short_label(std::string_view text, size_t widest);

/// Labels beside dots of radius `radius`, inside `area`. Those that come first are placed first, each at the first of
/// eight places around its dot, then of eight farther away, that covers no label and no dot; where there is none the
/// text has no label. Equal input gives equal places.
std::vector<Label> place_labels(std::span<const Box> dots, std::span<const std::string> labels, const Box& area,
                                double font_size);

/// An SVG of 1000 x 700: `rows` by their first two principal axes with the share of the spread that each shows, every
/// text under the pointer, and a legend that names each group by its most central member. groups: rows by number; a row
/// in none is grey.
std::string svg_map(const Matrix& rows, const std::vector<std::vector<size_t>>& groups,
                    const std::vector<std::string>& texts);

}  // namespace hanok::lm

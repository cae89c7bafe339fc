// Numbers as pictures: maps in gray, heat over a picture, bars. No libtorch.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hanok/image.h"

namespace hanok::vision {

/// A map of numbers [height, width].
struct Map {
  size_t height = 0, width = 0;
  std::vector<float> values;
};

/// Gray from black (the least) to white (the most); middle gray where all are equal.
image::Image gray(const Map& map);
/// Blue below 0, white 0, red above, by the largest absolute value: for filters.
image::Image signed_colours(const Map& map);
/// Black, blue, red, yellow, white for 0 to 1; what lies outside counts as the nearest end.
image::Image heat(const Map& map);
/// `over` laid on `under` (of its size), half and half.
image::Image blend(const image::Image& under, const image::Image& over);
/// Each pixel n times as large.
image::Image enlarge(const image::Image& picture, size_t n);

/// A confusion matrix: rows true, columns predicted; the darker a cell, the larger its share of the row. The diagonal
/// is green, mistakes are red.
image::Image confusion_picture(std::span<const uint64_t> counts, size_t classes, size_t cell = 24);

/// A frame of n pixels around a picture, as a mark: {r, g, b}.
image::Image framed(const image::Image& picture, size_t n, const uint8_t (&colour)[3]);

}  // namespace hanok::vision

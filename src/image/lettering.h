// Words in pictures: letters of 3 x 5 pixels, enough for labels beside maps and mistakes. No fonts are needed for them.
#pragma once

#include <string_view>

#include "hanok/image.h"

namespace hanok::image {

/// Pixels that a text takes: 4 a letter, times scale.
size_t text_width(std::string_view text, size_t scale = 1);
/// Whether every letter can be written: ASCII letters (as capitals), digits, blanks and . , - > % / : = + ( ) _
bool can_write(std::string_view text);
/// Black letters from (x, y) on; what reaches out of the picture is cut, what cannot be written is a box.
void write_text(Image& picture, size_t x, size_t y, std::string_view text, size_t scale = 1);
/// The picture in RGB with a white strip below it that has the text, cut to the picture's width.
Image labelled(const Image& picture, std::string_view text, size_t scale = 2);

}  // namespace hanok::image

// One reader a format, behind read.cpp.
#pragma once

#include <string>
#include <string_view>

#include "hanok/error.h"
#include "hanok/image.h"

namespace hanok::image {

/// A picture as it lies in the file, and the orientation that EXIF asks for: 1 to 8, 1 = as it lies.
struct Stored {
  Image picture;
  int orientation = 1;
};

Stored read_png(std::string_view bytes, std::string_view what, const ReadLimits& limits);
Stored read_jpeg(std::string_view bytes, std::string_view what, const ReadLimits& limits);

/// Throws Exhausted beyond the limit.
void check_size(uint64_t width, uint64_t height, std::string_view what, const ReadLimits& limits);
[[noreturn]] void corrupt_picture(std::string_view what, std::string_view kind, const std::string& why);

/// The orientation in a block of EXIF (a small TIFF file, after the six bytes "Exif\0\0" where JPEG has them); 1 where
/// it has none or is damaged: pictures are shown all the same.
int exif_orientation(std::string_view tiff);
/// Carries it out: mirrored for 2, 4, 5, 7; turned for 3, 5 to 8.
Image turned(Image picture, int orientation);

}  // namespace hanok::image

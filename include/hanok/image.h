// Pictures: reading PNG and JPEG, writing PNG, cutting and resizing.
//
//   image::Image picture = image::read_file("cat.jpg");                      // upright, whatever its EXIF says
//   image::write_png_file("small.png", image::resize(image::to_rgb(picture), 96, 64));
//
// Functions are free of state; all may run at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::image {

/// A picture of eight bits a channel: rows from top to bottom, pixels from left to right, channels together [H, W, C].
/// 1 channel is gray, 3 are red, green, blue (sRGB as files have it), 4 add alpha (255 = opaque, not multiplied in).
struct Image {
  size_t width = 0, height = 0, channels = 0;
  std::vector<uint8_t> pixels = {};

  size_t at(size_t x, size_t y, size_t channel = 0) const { return (y * width + x) * channels + channel; }
  bool operator==(const Image&) const = default;
};

/// What a file may ask for; the limits hold before anything is allocated. A picture of 64 million pixels takes up to
/// 0.5 GB while it is read (what is turned or has ink is there twice), as a progressive JPEG up to 0.8 GB.
struct ReadLimits {
  uint64_t max_pixels = 64'000'000;
  uint64_t max_file_bytes = 256'000'000;
};

/// Whether the bytes begin as PNG or JPEG files do.
bool is_picture(std::string_view bytes);

/// Reads a PNG or a JPEG (baseline, progressive, CMYK). Palettes are looked up, 1, 2, 4 and 16 bits become 8 (16 by
/// rounding), gray with alpha becomes four channels, colour profiles and gamma are left alone. The orientation of EXIF
/// is carried out. `what` names the picture in errors. Throws Unsupported for other kinds of files, Corrupt for damaged
/// and cut ones, Exhausted beyond the limits.
Image read(std::string_view bytes, std::string_view what, const ReadLimits& limits = {});
/// Throws as base::read_file does, too.
Image read_file(const std::filesystem::path& path, const ReadLimits& limits = {});

/// A PNG file of the picture, compressed without loss. Throws Invalid for a picture without pixels, of 2 or more than 4
/// channels, or whose pixels are not width * height * channels.
std::string write_png(const Image& picture);
/// Replaces the file at once, or leaves what was there.
void write_png_file(const std::filesystem::path& path, const Image& picture);

/// Three channels: gray three times, alpha laid over white.
Image to_rgb(const Image& picture);
/// One channel: the luma of ITU-R BT.601, (299 R + 587 G + 114 B) / 1000 rounded; alpha laid over white.
Image to_gray(const Image& picture);

/// The part whose upper left corner is (x, y). Throws Invalid where it reaches out of the picture.
Image crop(const Image& picture, size_t x, size_t y, size_t width, size_t height);
/// The largest part with the ratio width : height around the centre.
Image crop_to_ratio(const Image& picture, size_t width, size_t height);

/// Bilinear, with pixel centres at half coordinates. With antialias a picture that shrinks is averaged over all the
/// pixels that fall together, in each direction (a triangle as wide as two pixels of the result; PyTorch and Pillow
/// call the same filter bilinear); without, four neighbours are all that is looked at. Both sides must be at least 1.
Image resize(const Image& picture, size_t width, size_t height, bool antialias = true);
/// The same for floats [H, W, C], for who trains: nothing is rounded.
std::vector<float> resize_floats(std::span<const float> values, size_t width, size_t height, size_t channels,
                                 size_t new_width, size_t new_height, bool antialias = true);

/// A contact sheet: pictures beside and below one another.
struct SheetOptions {
  size_t columns = 0;        // 0: about as many as rows
  size_t gap = 2;            // pixels between pictures and around them
  uint8_t background = 255;  // white
  size_t scale = 1;          // each pixel becomes scale x scale: small pictures are seen better
};
/// Pictures in reading order, each in the upper left of a cell as large as the largest; of three channels unless all
/// are gray. Throws Invalid for no pictures at all.
Image sheet(std::span<const Image> pictures, const SheetOptions& options = {});

}  // namespace hanok::image

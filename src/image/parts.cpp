// Channels, crops and contact sheets.
#include <algorithm>
#include <cmath>

#include "hanok/error.h"
#include "hanok/image.h"

namespace hanok::image {
namespace {

// The value of a channel over white.
uint8_t over_white(const uint8_t* pixel, size_t channel) {
  return static_cast<uint8_t>((pixel[channel] * pixel[3] + 255 * (255 - pixel[3]) + 127) / 255);
}

void copy_scaled(const Image& from, Image& to, size_t left, size_t top, size_t scale) {
  for (size_t y = 0; y < from.height * scale; ++y)
    for (size_t x = 0; x < from.width * scale; ++x)
      std::copy_n(from.pixels.data() + from.at(x / scale, y / scale), from.channels,
                  to.pixels.data() + to.at(left + x, top + y));
}

}  // namespace

Image to_rgb(const Image& picture) {
  if (picture.channels == 3) return picture;
  Image out{picture.width, picture.height, 3, std::vector<uint8_t>(picture.width * picture.height * 3)};
  for (size_t i = 0; i < picture.width * picture.height; ++i) {
    const uint8_t* from = picture.pixels.data() + i * picture.channels;
    for (size_t c = 0; c < 3; ++c) out.pixels[3 * i + c] = picture.channels == 4 ? over_white(from, c) : from[0];
  }
  return out;
}

Image to_gray(const Image& picture) {
  if (picture.channels == 1) return picture;
  const Image rgb = to_rgb(picture);
  Image out{picture.width, picture.height, 1, std::vector<uint8_t>(picture.width * picture.height)};
  for (size_t i = 0; i < out.pixels.size(); ++i) {
    const uint8_t* p = rgb.pixels.data() + 3 * i;
    out.pixels[i] = static_cast<uint8_t>((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
  }
  return out;
}

Image crop(const Image& picture, size_t x, size_t y, size_t width, size_t height) {
  if (width == 0 || height == 0 || x > picture.width || width > picture.width - x || y > picture.height ||
      height > picture.height - y)
    throw Error(Code::Invalid, "the part of " + std::to_string(width) + " x " + std::to_string(height) + " at (" +
                                   std::to_string(x) + ", " + std::to_string(y) + ") reaches out of a picture of " +
                                   std::to_string(picture.width) + " x " + std::to_string(picture.height));
  Image out{width, height, picture.channels, {}};
  out.pixels.reserve(width * height * picture.channels);
  for (size_t row = y; row < y + height; ++row) {
    const auto begin = picture.pixels.begin() + static_cast<std::ptrdiff_t>(picture.at(x, row));
    out.pixels.insert(out.pixels.end(), begin, begin + static_cast<std::ptrdiff_t>(width * picture.channels));
  }
  return out;
}

Image crop_to_ratio(const Image& picture, size_t width, size_t height) {
  if (!width || !height) throw Error(Code::Invalid, "a ratio of sides needs both above 0");
  size_t w = picture.width, h = picture.height;
  if (w * height > h * width)
    w = std::max<size_t>(1, h * width / height);
  else
    h = std::max<size_t>(1, w * height / width);
  return crop(picture, (picture.width - w) / 2, (picture.height - h) / 2, w, h);
}

Image sheet(std::span<const Image> pictures, const SheetOptions& options) {
  if (pictures.empty()) throw Error(Code::Invalid, "a sheet needs at least one picture");
  const size_t scale = std::max<size_t>(1, options.scale), gap = options.gap, count = pictures.size();
  size_t width = 1, height = 1;
  bool gray = true;
  for (const Image& p : pictures) {
    width = std::max(width, p.width * scale);
    height = std::max(height, p.height * scale);
    gray = gray && p.channels == 1;
  }
  const size_t columns = std::min(
      count, options.columns ? options.columns : static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(count)))));
  const size_t rows = (count + columns - 1) / columns;
  Image out{gap + columns * (width + gap), gap + rows * (height + gap), gray ? size_t{1} : size_t{3}, {}};
  out.pixels.assign(out.width * out.height * out.channels, options.background);
  for (size_t i = 0; i < count; ++i) {
    const size_t left = gap + i % columns * (width + gap), top = gap + i / columns * (height + gap);
    copy_scaled(gray ? pictures[i] : to_rgb(pictures[i]), out, left, top, scale);
  }
  return out;
}

}  // namespace hanok::image

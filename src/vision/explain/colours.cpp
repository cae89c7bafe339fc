#include "vision/explain/colours.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

using Colour = std::array<float, 3>;

uint8_t level(float unit) { return static_cast<uint8_t>(std::lround(255 * std::clamp(unit, 0.f, 1.f))); }

template <typename Paint>
image::Image paint(size_t height, size_t width, const Paint& colour_at) {
  image::Image out{width, height, 3, std::vector<uint8_t>(width * height * 3)};
  for (size_t i = 0; i < width * height; ++i) {
    const Colour c = colour_at(i);
    for (size_t k = 0; k < 3; ++k) out.pixels[3 * i + k] = level(c[k]);
  }
  return out;
}

Colour between(const Colour& a, const Colour& b, float t) {
  return {a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])};
}

constexpr Colour kWhite{1, 1, 1}, kRed{.8f, 0, 0}, kBlue{0, 0, .8f}, kGreen{0, .55f, 0};
constexpr std::array<Colour, 5> kHeat = {{{0, 0, 0}, {.1f, .1f, .6f}, {.85f, .1f, .2f}, {1, .85f, .1f}, {1, 1, 1}}};

Colour heat_of(float unit) {
  const float at = std::clamp(unit, 0.f, 1.f) * (kHeat.size() - 1);
  const size_t i = std::min<size_t>(static_cast<size_t>(at), kHeat.size() - 2);
  return between(kHeat[i], kHeat[i + 1], at - static_cast<float>(i));
}

}  // namespace

image::Image gray(const Map& map) {
  image::Image out{map.width, map.height, 1, std::vector<uint8_t>(map.values.size(), 128)};
  const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
  if (map.values.empty() || !(*high > *low)) return out;
  for (size_t i = 0; i < map.values.size(); ++i) out.pixels[i] = level((map.values[i] - *low) / (*high - *low));
  return out;
}

image::Image signed_colours(const Map& map) {
  float most = 0;
  for (const float v : map.values) most = std::max(most, std::abs(v));
  return paint(map.height, map.width, [&](size_t i) {
    const float v = most > 0 ? map.values[i] / most : 0;
    return between(kWhite, v > 0 ? kRed : kBlue, std::abs(v));
  });
}

image::Image heat(const Map& map) {
  return paint(map.height, map.width, [&](size_t i) { return heat_of(map.values[i]); });
}

image::Image blend(const image::Image& under, const image::Image& over) {
  const image::Image a = image::to_rgb(under), b = image::to_rgb(over);
  if (a.width != b.width || a.height != b.height)
    throw Error(Code::Internal, "pictures of different sizes are laid over one another");
  image::Image out = a;
  for (size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = static_cast<uint8_t>((a.pixels[i] + b.pixels[i]) / 2);
  return out;
}

image::Image enlarge(const image::Image& picture, size_t n) {
  image::Image out{picture.width * n, picture.height * n, picture.channels, {}};
  out.pixels.reserve(out.width * out.height * out.channels);
  for (size_t y = 0; y < out.height; ++y)
    for (size_t x = 0; x < out.width; ++x)
      for (size_t c = 0; c < out.channels; ++c) out.pixels.push_back(picture.pixels[picture.at(x / n, y / n, c)]);
  return out;
}

image::Image confusion_picture(std::span<const uint64_t> counts, size_t classes, size_t cell) {
  const auto cells = paint(classes, classes, [&](size_t i) {
    const size_t row = i / classes;
    uint64_t sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += counts[row * classes + c];
    const float share = sum ? static_cast<float>(counts[i]) / static_cast<float>(sum) : 0;
    // A root, so that a mistake of one in a hundred is seen.
    return between(kWhite, row == i % classes ? kGreen : kRed, std::sqrt(share));
  });
  return enlarge(cells, cell);
}

image::Image framed(const image::Image& picture, size_t n, const uint8_t (&colour)[3]) {
  const image::Image inside = image::to_rgb(picture);
  image::Image out{inside.width + 2 * n, inside.height + 2 * n, 3, {}};
  for (size_t y = 0; y < out.height; ++y)
    for (size_t x = 0; x < out.width; ++x)
      for (size_t c = 0; c < 3; ++c) {
        const bool in = x >= n && y >= n && x - n < inside.width && y - n < inside.height;
        out.pixels.push_back(in ? inside.pixels[inside.at(x - n, y - n, c)] : colour[c]);
      }
  return out;
}

}  // namespace hanok::vision

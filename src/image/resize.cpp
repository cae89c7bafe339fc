// Bilinear resizing as two passes, columns then rows: each value of a pass is a short weighted sum.
#include <algorithm>
#include <cmath>

#include "hanok/error.h"
#include "hanok/image.h"

namespace hanok::image {
namespace {

// Of one value of the result: where its neighbours begin, and their weights (sum 1).
struct Taps {
  size_t first;
  std::vector<float> weights;
};

// Positions are floats as in PyTorch, whose last bits show where a small picture becomes a larger one.
Taps two_neighbours(size_t to, size_t from_size, float scale) {
  const float at = std::max(0.0f, scale * (static_cast<float>(to) + 0.5f) - 0.5f);
  const size_t first = std::min(static_cast<size_t>(at), from_size - 1);
  const float right = at - static_cast<float>(first);
  if (first + 1 == from_size) return {first, {1.0f}};
  return {first, {1.0f - right, right}};
}

Taps triangle(size_t to, size_t from_size, float scale) {
  const float half = std::max(scale, 1.0f), centre = scale * (static_cast<float>(to) + 0.5f);
  const auto first = static_cast<size_t>(std::max(centre - half + 0.5f, 0.0f));
  const size_t last = std::min(static_cast<size_t>(centre + half + 0.5f), from_size);
  Taps out{first, {}};
  float sum = 0;
  for (size_t i = first; i < last; ++i) {
    out.weights.push_back(std::max(0.0f, 1 - std::abs((static_cast<float>(i) - centre + 0.5f) / half)));
    sum += out.weights.back();
  }
  for (float& w : out.weights) w /= sum;
  return out;
}

std::vector<Taps> taps(size_t from, size_t to, bool antialias) {
  std::vector<Taps> out;
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (size_t i = 0; i < to; ++i) out.push_back(antialias ? triangle(i, from, scale) : two_neighbours(i, from, scale));
  return out;
}

void check_sides(size_t width, size_t height, size_t new_width, size_t new_height) {
  if (width && height && new_width && new_height) return;
  throw Error(Code::Invalid, "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                                 " pixels cannot become one of " + std::to_string(new_width) + " x " +
                                 std::to_string(new_height) + ": no side may be 0");
}

// Of floats or bytes, which are widened one by one: as floats, the largest pictures would take four times their memory.
template <typename T>
std::vector<float> resized(std::span<const T> values, size_t width, size_t height, size_t channels, size_t new_width,
                           size_t new_height, bool antialias) {
  check_sides(width, height, new_width, new_height);
  if (values.size() != width * height * channels)
    throw Error(Code::Invalid, "a picture of " + std::to_string(width) + " x " + std::to_string(height) + " x " +
                                   std::to_string(channels) + " needs as many values, " +
                                   std::to_string(values.size()) + " were given");
  const auto across = taps(width, new_width, antialias), down = taps(height, new_height, antialias);
  std::vector<float> narrow(new_width * height * channels, 0.0f);
  for (size_t y = 0; y < height; ++y)
    for (size_t x = 0; x < new_width; ++x)
      for (size_t i = 0; i < across[x].weights.size(); ++i) {
        const T* from = values.data() + (y * width + across[x].first + i) * channels;
        float* to = narrow.data() + (y * new_width + x) * channels;
        for (size_t c = 0; c < channels; ++c) to[c] += across[x].weights[i] * static_cast<float>(from[c]);
      }
  const size_t row = new_width * channels;
  std::vector<float> out(row * new_height, 0.0f);
  for (size_t y = 0; y < new_height; ++y)
    for (size_t i = 0; i < down[y].weights.size(); ++i) {
      const float* from = narrow.data() + (down[y].first + i) * row;
      const float weight = down[y].weights[i];
      for (size_t j = 0; j < row; ++j) out[y * row + j] += weight * from[j];
    }
  return out;
}

}  // namespace

std::vector<float> resize_floats(std::span<const float> values, size_t width, size_t height, size_t channels,
                                 size_t new_width, size_t new_height, bool antialias) {
  return resized(values, width, height, channels, new_width, new_height, antialias);
}

Image resize(const Image& picture, size_t width, size_t height, bool antialias) {
  if (picture.width == width && picture.height == height && width && height) return picture;
  const auto values =
      resized<uint8_t>(picture.pixels, picture.width, picture.height, picture.channels, width, height, antialias);
  Image out{width, height, picture.channels, std::vector<uint8_t>(values.size())};
  for (size_t i = 0; i < values.size(); ++i)
    out.pixels[i] = static_cast<uint8_t>(std::clamp(values[i] + 0.5f, 0.0f, 255.0f));
  return out;
}

}  // namespace hanok::image

#include "vision/data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::vision {
namespace {

// One stream for each (seed, epoch, thing): far apart in the seed's space.
base::Random stream(uint64_t seed, uint64_t epoch, uint64_t thing) {
  return base::Random(seed * 0x9E3779B97F4A7C15u + epoch * 0xC2B2AE3D27D4EB4Fu + thing * 0x165667B19E3779F9u + 1);
}
constexpr uint64_t kOfOrder = uint64_t{1} << 40, kOfFlip = uint64_t{2} << 40, kOfBatch = uint64_t{3} << 40;

uint8_t to_byte(float v) { return static_cast<uint8_t>(std::clamp(std::lround(v), 0l, 255l)); }

// Where a padded line's value comes from: -1 is black.
std::ptrdiff_t source(std::ptrdiff_t at, std::ptrdiff_t n, bool reflect) {
  if (at >= 0 && at < n) return at;
  if (!reflect) return -1;
  return at < 0 ? -at : 2 * (n - 1) - at;
}

// Gamma(alpha, 1): Marsaglia and Tsang 2000, with their boost for alpha below 1.
double gamma_draw(base::Random& random, double alpha) {
  if (alpha < 1) return gamma_draw(random, alpha + 1) * std::pow(1 - random.uniform(), 1 / alpha);
  const double d = alpha - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}
double beta_draw(base::Random& random, double alpha) {
  const double a = gamma_draw(random, alpha), b = gamma_draw(random, alpha);
  return a + b > 0 ? a / (a + b) : 0.5;
}

// (value / 255 - mean) / std for every byte of every channel.
std::vector<std::array<float, 256>> tables(std::span<const float> mean, std::span<const float> std) {
  std::vector<std::array<float, 256>> out(mean.size());
  for (size_t c = 0; c < out.size(); ++c)
    for (size_t v = 0; v < 256; ++v) out[c][v] = (static_cast<float>(v) / 255.0f - mean[c]) / std[c];
  return out;
}

void normalise(const uint8_t* in, const Pictures& shape, const std::vector<std::array<float, 256>>& table, float* out) {
  const size_t each = shape.height * shape.width, channels = shape.channels;
  for (size_t c = 0; c < channels; ++c) {
    const auto& of = table[c];
    const uint8_t* from = in + c * each;
    for (size_t p = 0; p < each; ++p) out[p * channels + c] = of[from[p]];
  }
}

class Changer {
 public:
  Changer(const DataSet& set, const Pictures& shape, const AugmentOptions& options) : shape_(shape), o_(options) {
    if (o_.reflect && o_.pad > 0 && (o_.pad >= shape.height || o_.pad >= shape.width))
      throw Error(Code::Invalid, "a picture of " + std::to_string(shape.height) + "x" + std::to_string(shape.width) +
                                     " cannot be shifted by " + std::to_string(o_.pad) +
                                     " pixels and mirrored at its edge; fewer were expected");
    for (const float m : set.mean) fill_.push_back(to_byte(m * 255));
  }
  void change(const uint8_t* in, uint64_t seed, uint64_t epoch, uint64_t number, std::vector<uint8_t>& out) const {
    base::Random random = stream(seed, epoch, number);
    const size_t row = random.below(2 * o_.pad + 1), col = random.below(2 * o_.pad + 1);
    bool flip = false;
    if (o_.flip == AugmentOptions::Flip::Random) flip = random.uniform() < 0.5;
    if (o_.flip == AugmentOptions::Flip::Alternating)
      flip = (stream(seed, 0, kOfFlip + number).uniform() < 0.5) != (epoch % 2 == 1);
    shift_and_flip(in, shape_, o_.pad, o_.reflect, row, col, flip, out.data());
    if (o_.colour > 0) {
      const auto factor = [&] { return static_cast<float>(1 + o_.colour * (2 * random.uniform() - 1)); };
      const float brightness = factor(), contrast = factor(), saturation = factor();
      change_colour(out.data(), shape_, brightness, contrast, saturation);
    }
    if (o_.cutout > 0)
      cut_out(out.data(), shape_, o_.cutout, random.below(shape_.height), random.below(shape_.width), fill_);
  }

 private:
  const Pictures& shape_;
  const AugmentOptions& o_;
  std::vector<uint8_t> fill_;
};

}  // namespace

void shift_and_flip(const uint8_t* in, const Pictures& shape, size_t pad, bool reflect, size_t row, size_t col,
                    bool flip, uint8_t* out) {
  const auto height = static_cast<std::ptrdiff_t>(shape.height), width = static_cast<std::ptrdiff_t>(shape.width);
  const std::ptrdiff_t down = static_cast<std::ptrdiff_t>(row) - static_cast<std::ptrdiff_t>(pad);
  const std::ptrdiff_t right = static_cast<std::ptrdiff_t>(col) - static_cast<std::ptrdiff_t>(pad);
  for (size_t c = 0; c < shape.channels; ++c)
    for (std::ptrdiff_t y = 0; y < height; ++y) {
      const std::ptrdiff_t from_y = source(y + down, height, reflect);
      const uint8_t* line = from_y < 0 ? nullptr : in + (static_cast<std::ptrdiff_t>(c) * height + from_y) * width;
      uint8_t* to = out + (static_cast<std::ptrdiff_t>(c) * height + y) * width;
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::ptrdiff_t from_x = source((flip ? width - 1 - x : x) + right, width, reflect);
        to[x] = line && from_x >= 0 ? line[from_x] : 0;
      }
    }
}

void cut_out(uint8_t* picture, const Pictures& shape, size_t size, size_t row, size_t col,
             std::span<const uint8_t> fill) {
  const size_t half = size / 2, top = row > half ? row - half : 0, left = col > half ? col - half : 0;
  const size_t bottom = std::min(row + half, shape.height), right = std::min(col + half, shape.width);
  for (size_t c = 0; c < shape.channels; ++c)
    for (size_t y = top; y < bottom; ++y)
      std::memset(picture + (c * shape.height + y) * shape.width + left, fill[c], right - left);
}

void change_colour(uint8_t* picture, const Pictures& shape, float brightness, float contrast, float saturation) {
  const size_t each = shape.height * shape.width;
  const bool rgb = shape.channels == 3;
  const auto luma = [&](size_t p) {
    if (!rgb) return static_cast<float>(picture[p]);
    return 0.299f * picture[p] + 0.587f * picture[each + p] + 0.114f * picture[2 * each + p];
  };
  for (size_t i = 0; i < shape.channels * each; ++i) picture[i] = to_byte(picture[i] * brightness);
  double mean = 0;
  for (size_t p = 0; p < each; ++p) mean += luma(p);
  const float middle = static_cast<float>(mean / static_cast<double>(each));
  for (size_t i = 0; i < shape.channels * each; ++i) picture[i] = to_byte(middle + contrast * (picture[i] - middle));
  if (!rgb) return;
  for (size_t p = 0; p < each; ++p) {
    const float grey = luma(p);
    for (size_t c = 0; c < 3; ++c) picture[c * each + p] = to_byte(grey + saturation * (picture[c * each + p] - grey));
  }
}

std::vector<uint32_t> shuffled(size_t n, uint64_t seed, uint64_t epoch) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  base::Random random = stream(seed, epoch, kOfOrder);
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

Batch plain_batch(const Pictures& pictures, std::span<const float> mean, std::span<const float> std,
                  std::span<const uint32_t> which) {
  const auto table = tables(mean, std);
  const size_t each = pictures.bytes_each();
  Batch out;
  out.x.resize(which.size() * each);
  for (size_t i = 0; i < which.size(); ++i) {
    normalise(pictures.at(which[i]), pictures, table, out.x.data() + i * each);
    out.y.push_back(pictures.labels[which[i]]);
  }
  return out;
}

void mix_up(std::vector<float>& x, std::span<const float> partners, float lambda) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = lambda * x[i] + (1 - lambda) * partners[i];
}

Batch augmented_batch(const DataSet& set, const Pictures& pictures, std::span<const uint32_t> which, size_t begin,
                      size_t end, const AugmentOptions& options, uint64_t seed, uint64_t epoch) {
  const auto table = tables(set.mean, set.std);
  const Changer changer(set, pictures, options);
  const size_t each = pictures.bytes_each(), n = end - begin;
  const auto make = [&](size_t i, std::vector<uint8_t>& changed, float* out) {
    changer.change(pictures.at(which[i]), seed, epoch, which[i], changed);
    normalise(changed.data(), pictures, table, out);
  };
  Batch out;
  out.x.resize(n * each);
  std::vector<uint8_t> changed(each);
  for (size_t i = 0; i < n; ++i) {
    make(begin + i, changed, out.x.data() + i * each);
    out.y.push_back(pictures.labels[which[begin + i]]);
  }
  if (options.mixup <= 0 && options.cutmix <= 0) return out;

  base::Random random = stream(seed, epoch, kOfBatch + which[0]);
  const bool cut = options.mixup <= 0 || (options.cutmix > 0 && random.uniform() < 0.5);
  const double lambda = beta_draw(random, cut ? options.cutmix : options.mixup);
  std::vector<uint32_t> partner(which.size());
  std::iota(partner.begin(), partner.end(), 0u);
  for (size_t i = partner.size(); i > 1; --i) std::swap(partner[i - 1], partner[random.below(i)]);
  std::vector<float> others(n * each);
  for (size_t i = 0; i < n; ++i) {
    make(partner[begin + i], changed, others.data() + i * each);
    out.other_y.push_back(pictures.labels[which[partner[begin + i]]]);
  }
  if (!cut) {
    out.share = static_cast<float>(lambda);
    mix_up(out.x, others, out.share);
    return out;
  }
  // A box of 1 - lambda of the picture about a random point, cut at the border; the share is what is left of the
  // picture.
  const double side = std::sqrt(1 - lambda);
  const auto span = [&](size_t length) {
    const size_t centre = random.below(length), half = static_cast<size_t>(side * static_cast<double>(length) / 2);
    return std::pair(centre > half ? centre - half : 0, std::min(centre + half, length));
  };
  const auto [top, bottom] = span(pictures.height);
  const auto [left, right] = span(pictures.width);
  const size_t line = pictures.width * pictures.channels;
  for (size_t i = 0; i < n; ++i)
    for (size_t y = top; y < bottom; ++y) {
      const size_t at = i * each + y * line + left * pictures.channels;
      std::copy_n(others.begin() + static_cast<std::ptrdiff_t>(at), (right - left) * pictures.channels,
                  out.x.begin() + static_cast<std::ptrdiff_t>(at));
    }
  out.share =
      1 - static_cast<float>((bottom - top) * (right - left)) / static_cast<float>(pictures.height * pictures.width);
  return out;
}

}  // namespace hanok::vision

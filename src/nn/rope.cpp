#include "nn/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "math/rows.h"

namespace hanok::nn {

std::vector<float> rope_frequencies(size_t dim, double base) {
  std::vector<float> out(dim / 2);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(std::pow(base, -static_cast<double>(2 * i) / static_cast<double>(dim)));
  return out;
}

void scale_llama3(std::vector<float>& frequencies, double factor, double low, double high, double original_length) {
  for (float& f : frequencies) {
    const double turns = original_length * f / (2 * std::numbers::pi);  // over the original length
    if (turns < low) {
      f = static_cast<float>(f / factor);
    } else if (turns <= high) {
      const double smooth = (turns - low) / (high - low);
      f = static_cast<float>((1 - smooth) * f / factor + smooth * f);
    }
  }
}

float scale_yarn(std::vector<float>& frequencies, double base, double factor, double beta_fast, double beta_slow,
                 double original_length, bool truncate) {
  const auto dim = static_cast<double>(2 * frequencies.size());
  // The pair that turns `turns` times over the original length.
  const auto pair = [&](double turns) {
    return dim * std::log(original_length / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
  };
  double low = pair(beta_fast), high = pair(beta_slow);
  if (truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high) high += 0.001;  // no division by zero
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double slow = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = static_cast<float>(frequencies[i] / factor * slow + frequencies[i] * (1 - slow));
  }
  return factor <= 1 ? 1.0f : static_cast<float>(0.1 * std::log(factor) + 1.0);
}

float longrope_magnitude(double longest, double original_length) {
  const double factor = longest / original_length;
  return factor <= 1 ? 1.0f : static_cast<float>(std::sqrt(1 + std::log(factor) / std::log(original_length)));
}

void RopeAngles::reserve(const Rope& rope, size_t count) {
  half_ = rope.half();
  const size_t have = half_ ? cosine_.size() / half_ : count;
  if (have >= count) return;
  count = std::max(count, have * 2);
  cosine_.resize(count * half_);
  sine_.resize(count * half_);
  for (size_t p = have; p < count; ++p)
    for (size_t i = 0; i < half_; ++i) {
      const float angle = static_cast<float>(p) * rope.frequencies[i];  // in float32, as the published programs do
      cosine_[p * half_ + i] = static_cast<float>(std::cos(static_cast<double>(angle))) * rope.magnitude;
      sine_[p * half_ + i] = static_cast<float>(std::sin(static_cast<double>(angle))) * rope.magnitude;
    }
}

namespace {

void rotate_neighbours(float* x, const float* cosine, const float* sine, size_t half) {
  for (size_t i = 0; i < half; ++i) {
    const float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * cosine[i] - b * sine[i];
    x[2 * i + 1] = b * cosine[i] + a * sine[i];
  }
}

}  // namespace

void rotate(const Rope& rope, const RopeAngles& angles, size_t position, float* x, size_t heads, size_t head_dim) {
  const float *cosine = angles.cosine(position).data(), *sine = angles.sine(position).data();
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    if (rope.neighbours)
      rotate_neighbours(x, cosine, sine, rope.half());
    else
      math::rows().rope(x, cosine, sine, rope.half());
  }
}

}  // namespace hanok::nn

// Rotary positions (Su et al. 2021) of language models: frequencies under every kind of scaling that model files name,
// and the rotation of heads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hanok::nn {

/// How positions turn into angles. Angle of pair i at position p is p * frequency[i]; cosine and sine are multiplied by
/// `magnitude`.
struct Rope {
  std::vector<float> frequencies;  // [rotated values / 2]
  float magnitude = 1;
  bool neighbours = false;  // pairs are (2i, 2i + 1), as llama GGUF files are laid out; else (i, half + i)

  size_t half() const { return frequencies.size(); }
};

/// base^(-2 i / dim) for i < dim / 2, computed in float32 as the published programs do.
std::vector<float> rope_frequencies(size_t dim, double base);

/// Llama 3.1: low frequencies are divided by `factor`, high ones kept, those between joined smoothly.
void scale_llama3(std::vector<float>& frequencies, double factor, double low, double high, double original_length);

/// YaRN (Peng et al. 2023): pairs that turn less than beta_slow times over the original length are divided by `factor`,
/// more than beta_fast kept, those between joined in a line. Returns the magnitude, 0.1 ln(factor) + 1.
/// truncate rounds the ends of the line to whole pairs, as the published program does by default.
float scale_yarn(std::vector<float>& frequencies, double base, double factor, double beta_fast, double beta_slow,
                 double original_length, bool truncate = true);

/// The magnitude of LongRoPE (Ding et al. 2024): sqrt(1 + ln(longest / original) / ln(original)), 1 where not longer.
float longrope_magnitude(double longest, double original_length);

/// Cosines and sines for positions [0, count), grown when a longer sequence comes. One thread at a time may reserve.
class RopeAngles {
 public:
  void reserve(const Rope& rope, size_t count);
  std::span<const float> cosine(size_t position) const { return {cosine_.data() + position * half_, half_}; }
  std::span<const float> sine(size_t position) const { return {sine_.data() + position * half_, half_}; }

 private:
  size_t half_ = 0;
  std::vector<float> cosine_, sine_;
};

/// Rotates `heads` heads of head_dim values that stand one after another; values of a head beyond the rotated ones
/// stay.
void rotate(const Rope& rope, const RopeAngles& angles, size_t position, float* x, size_t heads, size_t head_dim);

}  // namespace hanok::nn

// Language models with random weights, as GGUF files: for measuring speed and memory where no real model of that size
// is at hand. What they write means nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"

namespace hanok::lm {

/// Sizes of a Llama whose output matrix is its embedding.
struct RandomShape {
  std::string_view name;
  uint32_t width, layers, heads, kv_heads, inner, vocabulary, context;
  float rope_base;
};

/// "llama-3.2-1b" and smaller ones.
std::span<const RandomShape> random_shapes();
/// What formats the matrices get: the recipes of llama.cpp's quantiser. "Q4_K_M", "Q4_0", "Q6_K", "Q8_0", "BF16",
/// "F16".
std::span<const std::string_view> random_quants();

/// Writes `file` (a .gguf); the same shape, quant and seed give the same bytes. Random blocks are made once, about
/// eight MiB a format, and repeat. Throws Invalid for an unknown shape or quant, with those there are.
void write_random_model(std::string_view shape, std::string_view quant, const base::fs::path& file, uint64_t seed = 1);

}  // namespace hanok::lm

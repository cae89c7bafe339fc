// What format each matrix of a quantised model gets: the recipes of llama.cpp's quantiser.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "math/weight_formats.h"

namespace hanok::lm {

/// "Q4_K_M", "Q4_0", "Q6_K", "Q8_0", "BF16", "F16".
std::span<const std::string_view> quant_recipes();
/// One of them, letters of either case; empty where it is none.
std::string_view quant_recipe_named(std::string_view name);
/// `part`: the middle of a tensor's name in a GGUF file, "attn_v", "token_embd", "output". `tied`: the embedding is the
/// output matrix too. Q4_K_M keeps more of the value and down matrices of the first and last eighth of the layers, and
/// of every third between.
math::WeightFormat recipe_format(std::string_view recipe, std::string_view part, uint32_t layer, uint32_t layers,
                                 bool tied);
/// general.file_type of GGUF files.
uint32_t recipe_file_type(std::string_view recipe);

}  // namespace hanok::lm

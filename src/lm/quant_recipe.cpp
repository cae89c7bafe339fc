#include "lm/quant_recipe.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace hanok::lm {
namespace {

using math::WeightFormat;

constexpr std::array<std::string_view, 6> kRecipes{"Q4_K_M", "Q4_0", "Q6_K", "Q8_0", "BF16", "F16"};
constexpr std::array<uint32_t, 6> kFileTypes{15, 2, 18, 7, 32, 1};

bool kept_better(uint32_t layer, uint32_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

}  // namespace

std::span<const std::string_view> quant_recipes() { return kRecipes; }

std::string_view quant_recipe_named(std::string_view name) {
  for (const auto recipe : kRecipes)
    if (base::same_letters(recipe, name)) return recipe;
  return {};
}

WeightFormat recipe_format(std::string_view recipe, std::string_view part, uint32_t layer, uint32_t layers, bool tied) {
  const bool last = part == "output" || (tied && part == "token_embd");
  if (recipe == "Q4_K_M") {
    const bool better = (part == "attn_v" || part.starts_with("ffn_down")) && kept_better(layer, layers);
    return better || last ? WeightFormat::Q6_K : WeightFormat::Q4_K;
  }
  if (recipe == "Q4_0") return last ? WeightFormat::Q6_K : WeightFormat::Q4_0;
  return *math::weight_format_named(recipe);
}

uint32_t recipe_file_type(std::string_view recipe) {
  return kFileTypes[static_cast<size_t>(std::find(kRecipes.begin(), kRecipes.end(), recipe) - kRecipes.begin())];
}

}  // namespace hanok::lm

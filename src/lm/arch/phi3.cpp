// Phi-3 and 3.5 (Abdin et al. 2024): queries, keys and values in one tensor, gate and up in another; a part of each
// head turns; LongRoPE (Ding et al. 2024) has one set of divisors for short texts and one for long.
#include "hanok/error.h"
#include "lm/arch/decoder.h"

namespace hanok::lm {
namespace {

std::vector<float> divisors(const Config& scaling, std::string_view key, size_t half) {
  const auto at = scaling.json().find(std::string(key));
  if (at == scaling.json().end() || !at->is_array() || at->size() != half)
    scaling.fail(key, std::to_string(half) + " numbers");
  std::vector<float> out;
  for (const auto& x : *at) {
    if (!x.is_number() || !(x.get<double>() > 0)) scaling.fail(key, "numbers above zero");
    out.push_back(x.get<float>());
  }
  return out;
}

}  // namespace

DecoderPlan plan_phi3(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = usual_plan(config);
  p.fused_qkv = p.fused_gate_up = true;
  if (config.has("sliding_window"))
    for (auto& layer : p.layer) layer.window = config.size("sliding_window");
  const double share =
      config.object("rope_parameters").number("partial_rotary_factor", config.number("partial_rotary_factor", 1));
  const auto dim = static_cast<size_t>(static_cast<double>(p.head_dim) * share);
  if (dim == 0 || dim % 2 != 0 || dim > p.head_dim) config.fail("partial_rotary_factor", "an even part of a head");
  p.ropes = {rope_of(config, dim, rope_base(config), &weights)};

  Config scaling = config.object("rope_parameters");
  if (!scaling.has("rope_type")) scaling = config.object("rope_scaling");
  const std::string type = scaling.text("rope_type", scaling.text("type", "default"));
  if (type != "longrope" && type != "su") return p;
  const size_t original =
      scaling.size("original_max_position_embeddings", config.size("original_max_position_embeddings", p.positions));
  p.long_from = original;
  p.long_ropes = p.ropes;
  const auto brief = divisors(scaling, "short_factor", dim / 2), far = divisors(scaling, "long_factor", dim / 2);
  for (size_t i = 0; i < dim / 2; ++i) {
    p.ropes[0].frequencies[i] /= brief[i];
    p.long_ropes[0].frequencies[i] /= far[i];
  }
  const float magnitude = nn::longrope_magnitude(static_cast<double>(p.positions), static_cast<double>(original));
  p.ropes[0].magnitude = p.long_ropes[0].magnitude = static_cast<float>(scaling.number("attention_factor", magnitude));
  return p;
}

}  // namespace hanok::lm

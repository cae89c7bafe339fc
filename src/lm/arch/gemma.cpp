// Gemma 2 (Gemma Team 2024): norms around each block, capped scores and logits, every second layer with a window. Gemma
// 3 (Gemma Team 2025): head norms in place of the caps, five layers with a window for one without, each kind with a
// rotary base of its own.
#include <cmath>

#include "lm/arch/decoder.h"

namespace hanok::lm {
namespace {

DecoderPlan plan_gemma(const Config& config, size_t every) {
  DecoderPlan p = usual_plan(config);
  p.norms = Norms::Around;
  p.norm_offset = config.flag("norms_have_one", false) ? 0.0f : 1.0f;
  p.embedding_scale = std::sqrt(static_cast<float>(p.width));
  p.attention_scale =
      1 / std::sqrt(static_cast<float>(config.number("query_pre_attn_scalar", static_cast<double>(p.head_dim))));
  p.tied = config.flag("tie_word_embeddings", true);
  for (size_t i = 0; i < p.layers; ++i)
    if (has_window(config, i, every)) p.layer[i].window = config.size("sliding_window", 4096);
  return p;
}

}  // namespace

DecoderPlan plan_gemma2(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_gemma(config, 2);
  p.score_cap = static_cast<float>(config.number("attn_logit_softcapping", 50));
  p.logit_cap = static_cast<float>(config.number("final_logit_softcapping", 30));
  p.ropes = {rope_of(config, p.head_dim, rope_base(config), &weights)};
  return p;
}

DecoderPlan plan_gemma3(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_gemma(config, config.size("sliding_window_pattern", 6));
  p.head_norms = true;
  // transformers 5 nests both kinds under rope_parameters.
  const Config nested = config.object("rope_parameters");
  const double global = nested.object("full_attention").number("rope_theta", config.number("rope_theta", 1e6));
  const double local =
      nested.object("sliding_attention").number("rope_theta", config.number("rope_local_base_freq", 1e4));
  p.ropes = {
      rope_of(config, p.head_dim, global, &weights),
      {.frequencies = nn::rope_frequencies(p.head_dim, local), .neighbours = config.flag("rope_neighbours", false)}};
  for (auto& layer : p.layer) layer.rope = layer.window ? 1 : 0;
  return p;
}

}  // namespace hanok::lm

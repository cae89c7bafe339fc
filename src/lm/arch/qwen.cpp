// Qwen2 and 2.5 (Yang et al. 2024): Llama with biases of queries, keys and values, which the weights bring; and Qwen3
// (Yang et al. 2025): none of them, but a norm of every query and key head; its larger ones as mixtures of experts.
#include <algorithm>

#include "lm/arch/decoder.h"

namespace hanok::lm {

DecoderPlan plan_qwen2(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_llama(config, weights);
  if (!config.flag("use_sliding_window", false) || !config.has("sliding_window")) return p;
  const size_t from = config.size("max_window_layers", 0);
  for (size_t i = 0; i < p.layers; ++i)
    if (config.has("layer_types") ? has_window(config, i, 0) : i >= from)
      p.layer[i].window = config.size("sliding_window");
  return p;
}

DecoderPlan plan_qwen3(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_qwen2(config, weights);
  p.head_norms = true;
  const size_t experts = config.size("num_experts", config.size("num_local_experts", 0));  // the latter: transformers 5
  if (experts == 0) return p;
  p.experts = {.count = experts,
               .used = config.size("num_experts_per_tok"),
               .inner = config.size("moe_intermediate_size"),
               .normalise = config.flag("norm_topk_prob", false)};
  if (p.experts.used == 0 || p.experts.used > p.experts.count)
    config.fail("num_experts_per_tok", "a number from 1 to num_experts");
  const size_t step = config.size("decoder_sparse_step", 1);
  std::vector<size_t> plain;
  if (config.has("mlp_only_layers")) plain = config.json()["mlp_only_layers"].get<std::vector<size_t>>();
  for (size_t i = 0; i < p.layers; ++i)
    p.layer[i].experts = step > 0 && (i + 1) % step == 0 && std::find(plain.begin(), plain.end(), i) == plain.end();
  return p;
}

}  // namespace hanok::lm

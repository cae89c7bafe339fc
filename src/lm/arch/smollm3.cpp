// SmolLM3 (Hugging Face 2025): Llama in which every fourth layer is not turned by positions (NoPE, Kazemnejad et al.
// 2023).
#include "hanok/error.h"
#include "lm/arch/decoder.h"

namespace hanok::lm {

DecoderPlan plan_smollm3(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_qwen2(config, weights);
  const size_t every = config.size("no_rope_layer_interval", 4);
  const bool listed = config.has("no_rope_layers");  // 1 where a layer turns, 0 where not
  const auto& list = listed ? config.json()["no_rope_layers"] : config.json();
  if (listed && (!list.is_array() || list.size() != p.layers))
    config.fail("no_rope_layers", "a number for every layer");
  for (size_t i = 0; i < p.layers; ++i) {
    const bool turns = listed ? list[i] == 1 : every == 0 || (i + 1) % every != 0;
    if (!turns) p.layer[i].rope = -1;
  }
  return p;
}

}  // namespace hanok::lm

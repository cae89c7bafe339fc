// Llama 2 and 3 (Touvron et al. 2023, Grattafiori et al. 2024), and what has its shape: SmolLM2, TinyLlama, Yi.
#include "lm/arch/decoder.h"

namespace hanok::lm {

DecoderPlan plan_llama(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = usual_plan(config);
  p.ropes = {rope_of(config, p.head_dim, rope_base(config), &weights)};
  return p;
}

}  // namespace hanok::lm

// Mistral (Jiang et al. 2023): Llama with a window in every layer (in the first release; later ones have none).
#include "lm/arch/decoder.h"

namespace hanok::lm {

DecoderPlan plan_mistral(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = plan_llama(config, weights);
  if (config.has("sliding_window"))
    for (auto& layer : p.layer) layer.window = config.size("sliding_window");
  return p;
}

}  // namespace hanok::lm

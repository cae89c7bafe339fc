// EXAONE 4 (LG AI Research 2025): norms behind each block and of every head; three layers with a window for one
// without, which is not turned by positions.
#include "lm/arch/decoder.h"

namespace hanok::lm {

DecoderPlan plan_exaone4(const Config& config, const nn::Weights& weights) {
  DecoderPlan p = usual_plan(config);
  p.norms = Norms::After;
  p.head_norms = true;
  p.ropes = {rope_of(config, p.head_dim, rope_base(config), &weights)};
  if (!config.has("sliding_window")) return p;  // the small ones see everything, turned everywhere
  for (size_t i = 0; i < p.layers; ++i) {
    const bool window = has_window(config, i, config.size("sliding_window_pattern", 4));
    p.layer[i] = {.window = window ? config.size("sliding_window") : 0, .rope = window ? 0 : -1};
  }
  return p;
}

}  // namespace hanok::lm

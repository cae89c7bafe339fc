// What every decoder-only language model does: token ids to the scores of the next token. A family's file beside this
// one reads its configuration into a DecoderPlan; one body here runs them all. plan_of finds the family in a table.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lm/config.h"
#include "math/gemm.h"
#include "nn/kv_cache.h"
#include "nn/rope.h"
#include "nn/weight_linear.h"
#include "nn/weights.h"

namespace hanok::lm {

/// Where a layer normalises.
enum class Norms {
  Before,  // before attention and before the mlp (Llama, Qwen, Mistral, Phi)
  After,   // after each, before the residual sum (EXAONE 4)
  Around,  // both (Gemma 2 and 3)
};

/// Mixture of experts (Shazeer et al. 2017): the best `used` of `count` small mlps for each token.
struct Experts {
  size_t count = 0, used = 0, inner = 0;
  bool normalise = true;  // the chosen ones' weights sum to 1
};

/// A family's choices, read from config.json (GGUF settings are translated into one: lm/gguf_model.h).
struct DecoderPlan {
  size_t width = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, inner = 0, vocabulary = 0, positions = 0;
  float eps = 1e-6f;
  math::Activation activation = math::Activation::Silu;
  Norms norms = Norms::Before;
  float norm_offset = 0;                          // added to every gain (Gemma files keep gain - 1)
  bool head_norms = false;                        // RMS norm of each query and key head
  float embedding_scale = 1;                      // of a token's row before the first layer
  float attention_scale = 0;                      // of scores; 0: 1 / sqrt(head_dim)
  float score_cap = 0, logit_cap = 0;             // cap * tanh(x / cap) of attention scores and of logits; 0: none
  bool tied = false;                              // the output matrix is the embedding
  bool fused_qkv = false, fused_gate_up = false;  // one tensor each (Phi-3)
  Experts experts;

  /// How far back a token sees (0: everything), which of `ropes` turns it (-1: none), experts or one mlp.
  struct Layer {
    size_t window = 0;
    int rope = 0;
    bool experts = false;
  };
  std::vector<Layer> layer;
  std::vector<nn::Rope> ropes;
  /// LongRoPE: sequences longer than this use long_ropes[i] in place of ropes[i], for all positions; whoever crosses it
  /// reads the sequence anew (Decoder::must_reread). 0: never.
  size_t long_from = 0;
  std::vector<nn::Rope> long_ropes;
};

class Adapter;  // lm/adapter.h

/// New tokens of one sequence, behind what its cache holds.
struct DecodeStep {
  nn::KvSequence* cache = nullptr;
  std::span<const int32_t> ids;
  size_t logits = 1;                 // of the last so many of ids
  const Adapter* adapter = nullptr;  // nothing: the base model
};

struct AdapterMemory {
  math::Activations outer, inner;
  math::Scratch low;
};

/// Memory of a pass; kept from call to call. One pass at a time may use it.
struct DecodeMemory {
  math::Scratch x, normed, qkv, context, inner, part, chosen;
  nn::LinearMemory linear;
  AdapterMemory adapter;
  std::vector<nn::RopeAngles> angles, long_angles;
  struct Row {
    size_t step, token;
  };
  std::vector<Row> rows;       // of x
  std::vector<size_t> starts;  // first row of each step
};

/// About a hundred megabytes of bf16.
inline constexpr size_t kSmallModel = size_t{50} << 20;

/// Weights are read only; several threads may run the same decoder, each with its own memory and sequences.
class Decoder {
 public:
  /// `weights` must outlive the decoder. Small models (below kSmallModel weights) are never run at Precision::Fast:
  /// they are quick anyway, and suffer most from rounding. Throws Corrupt where the weights do not fit the plan.
  Decoder(DecoderPlan plan, const nn::Weights& weights, std::string what,
          nn::Precision precision = nn::Precision::Fast);

  const DecoderPlan& plan() const { return plan_; }
  nn::KvShape kv_shape(nn::KvType type) const;
  /// True where adding `more` tokens to a sequence of `length` changes how its earlier ones are turned: its cache must
  /// be emptied and all be read again.
  bool must_reread(size_t length, size_t more) const {
    return plan_.long_from > 0 && length > 0 && length <= plan_.long_from && length + more > plan_.long_from;
  }
  /// Reads the tokens of all steps at once into their caches and writes the logits that were asked for, [sum of logits,
  /// vocabulary], in the order of steps. A token's logits depend on its own sequence alone, to the last bit. Throws
  /// Invalid for an id outside the vocabulary, Exhausted beyond plan().positions or where the cache is full; the caches
  /// are then as before.
  void run(std::span<const DecodeStep> steps, DecodeMemory& memory, float* logits) const;

 private:
  struct Layer;
  void check(std::span<const DecodeStep> steps) const;
  void attention(const Layer& layer, size_t index, std::span<const DecodeStep> steps, DecodeMemory& memory,
                 const float* from, size_t n, float* to) const;
  void mlp(const Layer& layer, size_t index, std::span<const DecodeStep> steps, DecodeMemory& memory, const float* from,
           size_t n, float* to) const;
  void experts(const Layer& layer, DecodeMemory& memory, const float* from, size_t n, float* to) const;
  void normalise(const std::vector<float>& gain, size_t n, const float* x, float* to) const;
  std::vector<float> gain(const nn::Weights& weights, const std::string& name, size_t width) const;
  void look_up(std::span<const DecodeStep> steps, float* x) const;

  DecoderPlan plan_;
  std::string what_;
  const nn::Weights* weights_ = nullptr;
  const nn::Tensor* embedding_ = nullptr;     // stays in the mapped file; rows are widened when looked up
  mutable std::atomic<size_t> looked_up_{0};  // rows since the file's pages were let go
  std::vector<float> final_norm_;
  nn::WeightLinear output_;
  std::vector<std::shared_ptr<const Layer>> layers_;  // shared_ptr, as Layer is complete in the .cpp alone
};

/// Throws Unsupported for a model_type that no file here knows, naming those it does.
DecoderPlan plan_of(const Config& config, const nn::Weights& weights);

// ---- for the families' files ----

/// Sizes, eps and activation under the names that nearly all configurations use.
DecoderPlan usual_plan(const Config& config);
/// All kinds of rope_scaling; `base` is the frequencies' base, `dim` how many values of a head turn.
nn::Rope rope_of(const Config& config, size_t dim, double base, const nn::Weights* weights = nullptr);
double rope_base(const Config& config, double otherwise = 10000);
/// True where layer_types, or else the pattern "every n-th layer sees everything", says that the layer has a window.
bool has_window(const Config& config, size_t layer, size_t every);

DecoderPlan plan_llama(const Config&, const nn::Weights&);
DecoderPlan plan_mistral(const Config&, const nn::Weights&);
DecoderPlan plan_qwen2(const Config&, const nn::Weights&);
DecoderPlan plan_qwen3(const Config&, const nn::Weights&);
DecoderPlan plan_gemma2(const Config&, const nn::Weights&);
DecoderPlan plan_gemma3(const Config&, const nn::Weights&);
DecoderPlan plan_phi3(const Config&, const nn::Weights&);
DecoderPlan plan_exaone4(const Config&, const nn::Weights&);
DecoderPlan plan_smollm3(const Config&, const nn::Weights&);

}  // namespace hanok::lm

// Qwen3 (Yang et al. 2025) as an embedder: a causal decoder whose last hidden states are pooled. RMS norm before each
// block and on every query and key head, grouped queries, rotary positions, SwiGLU. Qwen2 is the same with biases in
// place of the head norms.
#include <cmath>

#include "hanok/error.h"
#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace hanok::lm {
namespace {

struct Layer {
  std::vector<float> before_attention, before_mlp, q_norm, k_norm;  // the last two may be empty
  nn::Linear qkv, out, up, down;                                    // up gives [gate, up]
};

double rope_base(const Config& config) {
  const Config now = config.object("rope_parameters"), before = config.object("rope_scaling");
  const std::string type = now.text("rope_type", before.text("rope_type", before.text("type", "default")));
  if (type != "default")
    throw Error(Code::Unsupported, config.what() + ": rope_type is '" + type + "', this version runs default");
  return now.number("rope_theta", config.number("rope_theta", 10000));
}

class Qwen3 final : public Encoder {
 public:
  Qwen3(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision)
      : what_(config.what()),
        width_(config.size("hidden_size")),
        heads_(config.size("num_attention_heads")),
        kv_heads_(config.size("num_key_value_heads", heads_)),
        inner_(config.size("intermediate_size")),
        vocabulary_(config.size("vocab_size")),
        positions_(config.size("max_position_embeddings")),
        eps_(static_cast<float>(config.number("rms_norm_eps", 1e-6))),
        activation_(activation_of(config, "hidden_act")),
        base_(rope_base(config)) {
    if (heads_ == 0 || kv_heads_ == 0 || heads_ % kv_heads_ != 0)
      config.fail("num_key_value_heads", "a divisor of num_attention_heads");
    head_dim_ = config.size("head_dim", width_ / heads_);
    if (head_dim_ == 0 || head_dim_ % 2 != 0) config.fail("head_dim", "an even number");
    if (config.flag("use_sliding_window", false))
      throw Error(Code::Unsupported, what_ + ": use_sliding_window is true, this version runs full attention");
    const std::string p = weights.prefix_of("embed_tokens.weight", {"", "model."});
    word_ = &weights.at(p + "embed_tokens.weight", {vocabulary_, width_});
    norm_ = read_floats(weights.at(p + "norm.weight", {width_}));
    const size_t q = heads_ * head_dim_, kv = kv_heads_ * head_dim_;
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "layers." + std::to_string(i) + ".", a = l + "self_attn.", m = l + "mlp.";
      const auto head_norm = [&](const std::string& name) {
        return weights.find(name) ? read_floats(weights.at(name, {head_dim_})) : std::vector<float>{};
      };
      layers_.push_back(
          {.before_attention = read_floats(weights.at(l + "input_layernorm.weight", {width_})),
           .before_mlp = read_floats(weights.at(l + "post_attention_layernorm.weight", {width_})),
           .q_norm = head_norm(a + "q_norm.weight"),
           .k_norm = head_norm(a + "k_norm.weight"),
           .qkv = nn::Linear(weights, {a + "q_proj", a + "k_proj", a + "v_proj"}, {q, kv, kv}, width_, precision),
           .out = nn::Linear(weights, {a + "o_proj"}, {width_}, q, precision),
           .up = nn::Linear(weights, {m + "gate_proj", m + "up_proj"}, {inner_, inner_}, width_, precision),
           .down = nn::Linear(weights, {m + "down_proj"}, {width_}, inner_, precision)});
    }
  }

  size_t width() const override { return width_; }
  size_t max_positions() const override { return positions_; }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    check_batch(batch, vocabulary_, positions_, what_);
    const size_t n = batch.tokens(), w = width_;
    for (size_t t = 0; t < n; ++t) read_floats(*word_, static_cast<size_t>(batch.ids[t]) * w, w, x + t * w);
    workspace.rope[0].reserve(batch.longest(), head_dim_ / 2, base_);
    float* normed = workspace.normed.reserve(n * w);
    float* inner = workspace.inner.reserve(n * 2 * inner_);
    for (const Layer& layer : layers_) {
      normalise(layer.before_attention, n, x, normed);
      attention(layer, batch, workspace, normed, x);
      normalise(layer.before_mlp, n, x, normed);
      layer.up(normed, w, n, inner, 2 * inner_);
      for (size_t t = 0; t < n; ++t) {
        float* row = inner + t * 2 * inner_;
        math::activate(activation_, row, inner_);
        math::rows().multiply(row, row + inner_, inner_);
      }
      layer.down(inner, 2 * inner_, n, x, w, {.accumulate = true});
    }
    normalise(norm_, n, x, x);
  }

 private:
  void attention(const Layer& layer, const nn::Batch& batch, nn::Workspace& workspace, const float* from,
                 float* x) const {
    const size_t n = batch.tokens(), q = heads_ * head_dim_, kv = kv_heads_ * head_dim_, stride = q + 2 * kv;
    float* qkv = workspace.qkv.reserve(n * stride);
    float* context = workspace.context.reserve(n * q);
    layer.qkv(from, width_, n, qkv, stride);
    for (size_t s = 0; s < batch.sequences(); ++s)
      for (size_t t = batch.starts[s]; t < batch.starts[s + 1]; ++t)
        for (size_t h = 0; h < heads_ + kv_heads_; ++h) {  // queries, then keys
          float* head = qkv + t * stride + h * head_dim_;
          const auto& gain = h < heads_ ? layer.q_norm : layer.k_norm;
          if (!gain.empty()) math::rows().rms_norm(head, head_dim_, gain.data(), eps_, head);
          math::rows().rope(head, workspace.rope[0].cosine(t - batch.starts[s]),
                            workspace.rope[0].sine(t - batch.starts[s]), head_dim_ / 2);
        }
    const nn::Attention how{.heads = heads_,
                            .kv_heads = kv_heads_,
                            .head_dim = head_dim_,
                            .scale = 1 / std::sqrt(static_cast<float>(head_dim_)),
                            .causal = true};
    attend(how, batch, qkv, qkv + q, qkv + q + kv, stride, context, q);
    layer.out(context, q, n, x, width_, {.accumulate = true});
  }

  void normalise(const std::vector<float>& gain, size_t n, const float* x, float* to) const {
    for (size_t t = 0; t < n; ++t) math::rows().rms_norm(x + t * width_, width_, gain.data(), eps_, to + t * width_);
  }

  std::string what_;
  size_t width_, heads_, kv_heads_, head_dim_ = 0, inner_, vocabulary_, positions_;
  float eps_;
  math::Activation activation_;
  double base_;
  const nn::Tensor* word_ = nullptr;
  std::vector<float> norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Encoder> make_qwen3(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision) {
  return std::make_unique<Qwen3>(config, weights, precision);
}

}  // namespace hanok::lm

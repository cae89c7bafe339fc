// ModernBERT (Warner et al. 2024): rotary positions, norm before each block (the first layer's attention has none, the
// embeddings were just normalised), GeGLU, and layers that see only a window except every n-th.
#include <cmath>

#include "hanok/error.h"
#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace hanok::lm {
namespace {

struct Norm {
  std::vector<float> gain, bias;  // both empty: no norm; bias alone empty: no bias
};

struct Layer {
  Norm before_attention, before_mlp;
  nn::Linear qkv, out, up, down;  // up gives [input, gate]
  bool global = true;
};

// Files spell these in two ways: since transformers 5 nested by layer type, before at the top.
double rope_base(const Config& config, const char* layer_type, const char* old_key, double otherwise) {
  const Config nested = config.object("rope_parameters").object(layer_type);
  if (nested.text("rope_type", "default") != "default")
    throw Error(Code::Unsupported,
                config.what() + ": rope_type '" + nested.text("rope_type", "") + "' of " + layer_type);
  return nested.number("rope_theta", config.number(old_key, otherwise));
}

bool is_global(const Config& config, size_t layer) {
  if (!config.has("layer_types")) return layer % std::max<size_t>(1, config.size("global_attn_every_n_layers", 3)) == 0;
  const auto& types = config.json()["layer_types"];
  if (!types.is_array() || types.size() <= layer || !types[layer].is_string())
    config.fail("layer_types", "a type for every layer");
  return types[layer] == "full_attention";
}

class ModernBert final : public Encoder {
 public:
  ModernBert(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision)
      : what_(config.what()),
        width_(config.size("hidden_size")),
        heads_(config.size("num_attention_heads")),
        inner_(config.size("intermediate_size")),
        vocabulary_(config.size("vocab_size")),
        positions_(config.size("max_position_embeddings")),
        window_(config.size("local_attention", 128) / 2),
        eps_(static_cast<float>(config.number("norm_eps", 1e-5))),
        activation_(activation_of(config, "hidden_activation")),
        global_base_(rope_base(config, "full_attention", "global_rope_theta", 160000)),
        local_base_(
            rope_base(config, "sliding_attention", "local_rope_theta", config.number("global_rope_theta", 10000))),
        precision_(precision) {
    if (heads_ == 0 || width_ % heads_ != 0 || width_ / heads_ % 2 != 0)
      config.fail("num_attention_heads", "an even share of hidden_size");
    if (window_ == 0) config.fail("local_attention", "at least 2");  // nn::Attention reads 0 as no limit
    const std::string p = weights.prefix_of("embeddings.tok_embeddings.weight", {"", "model."});
    word_ = &weights.at(p + "embeddings.tok_embeddings.weight", {vocabulary_, width_});
    embedding_norm_ = norm(weights, p + "embeddings.norm");
    final_norm_ = norm(weights, p + "final_norm");
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "layers." + std::to_string(i) + ".";
      layers_.push_back({.before_attention = i == 0 ? Norm{} : norm(weights, l + "attn_norm"),
                         .before_mlp = norm(weights, l + "mlp_norm"),
                         .qkv = nn::Linear(weights, {l + "attn.Wqkv"}, {3 * width_}, width_, precision),
                         .out = nn::Linear(weights, {l + "attn.Wo"}, {width_}, width_, precision),
                         .up = nn::Linear(weights, {l + "mlp.Wi"}, {2 * inner_}, width_, precision),
                         .down = nn::Linear(weights, {l + "mlp.Wo"}, {width_}, inner_, precision),
                         .global = is_global(config, i)});
    }
  }

  size_t width() const override { return width_; }
  size_t max_positions() const override { return positions_; }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    check_batch(batch, vocabulary_, positions_, what_);
    const size_t n = batch.tokens(), w = width_;
    for (size_t t = 0; t < n; ++t) read_floats(*word_, static_cast<size_t>(batch.ids[t]) * w, w, x + t * w);
    normalise(embedding_norm_, n, x, x);
    workspace.rope[0].reserve(batch.longest(), w / heads_ / 2, global_base_);
    workspace.rope[1].reserve(batch.longest(), w / heads_ / 2, local_base_);
    float* normed = workspace.normed.reserve(n * w);
    float* inner = workspace.inner.reserve(n * 2 * inner_);
    for (const Layer& layer : layers_) {
      attention(layer, batch, workspace, normalise(layer.before_attention, n, x, normed), x);
      layer.up(normalise(layer.before_mlp, n, x, normed), w, n, inner, 2 * inner_);
      for (size_t t = 0; t < n; ++t) {
        float* row = inner + t * 2 * inner_;
        math::activate(activation_, row, inner_);
        math::rows().multiply(row, row + inner_, inner_);
      }
      layer.down(inner, 2 * inner_, n, x, w, {.accumulate = true});
    }
    normalise(final_norm_, n, x, x);
  }

 private:
  void attention(const Layer& layer, const nn::Batch& batch, nn::Workspace& workspace, const float* from,
                 float* x) const {
    const size_t n = batch.tokens(), w = width_, head_dim = w / heads_;
    float* qkv = workspace.qkv.reserve(n * 3 * w);
    float* context = workspace.context.reserve(n * w);
    layer.qkv(from, w, n, qkv, 3 * w);
    const nn::RopeTable& rope = workspace.rope[layer.global ? 0 : 1];
    for (size_t s = 0; s < batch.sequences(); ++s)
      for (size_t t = batch.starts[s]; t < batch.starts[s + 1]; ++t)
        for (size_t h = 0; h < 2 * heads_; ++h)  // queries, then keys
          math::rows().rope(qkv + t * 3 * w + h * head_dim, rope.cosine(t - batch.starts[s]),
                            rope.sine(t - batch.starts[s]), head_dim / 2);
    const nn::Attention how{.heads = heads_,
                            .kv_heads = heads_,
                            .head_dim = head_dim,
                            .scale = 1 / std::sqrt(static_cast<float>(head_dim)),
                            .window = layer.global ? 0 : window_,
                            .rounded = precision_ == nn::LinearPrecision::Int8};
    attend(how, batch, qkv, qkv + w, qkv + 2 * w, 3 * w, context, w);
    layer.out(context, w, n, x, w, {.accumulate = true});
  }

  Norm norm(const nn::Weights& weights, const std::string& name) const {
    Norm out{.gain = read_floats(weights.at(name + ".weight", {width_}))};
    if (weights.find(name + ".bias")) out.bias = read_floats(weights.at(name + ".bias", {width_}));
    return out;
  }

  // Where the normalised rows are: `to`, or x itself where there is no norm.
  const float* normalise(const Norm& norm, size_t n, const float* x, float* to) const {
    if (norm.gain.empty()) return x;
    for (size_t t = 0; t < n; ++t)
      math::rows().layer_norm(x + t * width_, width_, norm.gain.data(), norm.bias.empty() ? nullptr : norm.bias.data(),
                              eps_, to + t * width_);
    return to;
  }

  std::string what_;
  size_t width_, heads_, inner_, vocabulary_, positions_, window_;
  float eps_;
  math::Activation activation_;
  double global_base_, local_base_;
  const nn::Tensor* word_ = nullptr;
  nn::LinearPrecision precision_;
  Norm embedding_norm_, final_norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Encoder> make_modernbert(const Config& config, const nn::Weights& weights,
                                         nn::LinearPrecision precision) {
  return std::make_unique<ModernBert>(config, weights, precision);
}

}  // namespace hanok::lm

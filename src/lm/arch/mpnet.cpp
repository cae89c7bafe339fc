// MPNet (Song et al. 2020): BERT's block with one learned bias by distance for all layers, and no token types.
#include <cmath>

#include "hanok/error.h"
#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace hanok::lm {
namespace {

constexpr double kFarthest = 128;  // distances beyond share the last bucket; fixed in the published model

struct Norm {
  std::vector<float> gain, bias;
};

struct Layer {
  nn::Linear qkv, out, up, down;
  Norm after_attention, after_mlp;
};

// T5's buckets (Raffel et al. 2020, 2.1): half for each direction; of those, half exact and half logarithmic.
size_t bucket(int64_t distance, size_t buckets) {
  const size_t half = buckets / 2, exact = half / 2;
  const size_t offset = distance > 0 ? half : 0;
  const auto n = static_cast<size_t>(distance < 0 ? -distance : distance);
  if (n < exact) return offset + n;
  const float step = std::log(static_cast<float>(n) / static_cast<float>(exact)) /
                     static_cast<float>(std::log(kFarthest / static_cast<double>(exact)));
  return offset + std::min(half - 1, exact + static_cast<size_t>(step * static_cast<float>(half - exact)));
}

class Mpnet final : public Encoder {
 public:
  Mpnet(const Config& config, const nn::Weights& weights)
      : what_(config.what()),
        width_(config.size("hidden_size")),
        heads_(config.size("num_attention_heads")),
        inner_(config.size("intermediate_size")),
        vocabulary_(config.size("vocab_size")),
        positions_(config.size("max_position_embeddings")),
        buckets_(config.size("relative_attention_num_buckets", 32)),
        padding_(config.size("pad_token_id", 1)),
        eps_(static_cast<float>(config.number("layer_norm_eps", 1e-5))),
        activation_(activation_of(config, "hidden_act")) {
    if (heads_ == 0 || width_ % heads_ != 0) config.fail("num_attention_heads", "a divisor of hidden_size");
    if (buckets_ < 4 || buckets_ % 4 != 0) config.fail("relative_attention_num_buckets", "a multiple of 4");
    if (max_positions() == 0) config.fail("max_position_embeddings", "more than the padding id");
    const std::string p = weights.prefix_of("embeddings.word_embeddings.weight", {"", "mpnet."});
    word_ = &weights.at(p + "embeddings.word_embeddings.weight", {vocabulary_, width_});
    position_ = &weights.at(p + "embeddings.position_embeddings.weight", {positions_, width_});
    bias_ = read_floats(weights.at(p + "encoder.relative_attention_bias.weight", {buckets_, heads_}));
    embedding_norm_ = norm(weights, p + "embeddings.LayerNorm");
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "encoder.layer." + std::to_string(i) + ".", a = l + "attention.attn.";
      layers_.push_back({.qkv = nn::Linear(weights, {a + "q", a + "k", a + "v"}, {width_, width_, width_}, width_),
                         .out = nn::Linear(weights, {a + "o"}, {width_}, width_),
                         .up = nn::Linear(weights, {l + "intermediate.dense"}, {inner_}, width_),
                         .down = nn::Linear(weights, {l + "output.dense"}, {width_}, inner_),
                         .after_attention = norm(weights, l + "attention.LayerNorm"),
                         .after_mlp = norm(weights, l + "output.LayerNorm")});
    }
  }

  size_t width() const override { return width_; }
  size_t max_positions() const override { return positions_ > padding_ + 1 ? positions_ - padding_ - 1 : 0; }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    check_batch(batch, vocabulary_, max_positions(), what_);
    embed(batch, x);
    const size_t n = batch.tokens(), w = width_, reach = batch.longest();
    relative(reach, workspace.relative);
    float* qkv = workspace.qkv.reserve(n * 3 * w);
    float* context = workspace.context.reserve(n * w);
    float* inner = workspace.inner.reserve(n * inner_);
    const nn::Attention attention{.heads = heads_,
                                  .kv_heads = heads_,
                                  .head_dim = w / heads_,
                                  .scale = 1 / std::sqrt(static_cast<float>(w / heads_)),
                                  .relative = workspace.relative.data(),
                                  .reach = reach};
    for (const Layer& layer : layers_) {
      layer.qkv(x, w, n, qkv, 3 * w);
      attend(attention, batch, qkv, qkv + w, qkv + 2 * w, 3 * w, context, w);
      layer.out(context, w, n, x, w, {.accumulate = true});
      normalise(layer.after_attention, n, x);
      layer.up(x, w, n, inner, inner_, {.activation = activation_});
      layer.down(inner, inner_, n, x, w, {.accumulate = true});
      normalise(layer.after_mlp, n, x);
    }
  }

 private:
  Norm norm(const nn::Weights& weights, const std::string& name) const {
    return {read_floats(weights.at(name + ".weight", {width_})), read_floats(weights.at(name + ".bias", {width_}))};
  }

  void normalise(const Norm& norm, size_t n, float* x) const {
    for (size_t t = 0; t < n; ++t)
      math::rows().layer_norm(x + t * width_, width_, norm.gain.data(), norm.bias.data(), eps_, x + t * width_);
  }

  // out [heads, 2 * reach + 1] by key position - query position.
  void relative(size_t reach, std::vector<float>& out) const {
    const size_t span = 2 * reach + 1;
    out.resize(heads_ * span);
    for (size_t i = 0; i < span; ++i) {
      const size_t b = bucket(static_cast<int64_t>(i) - static_cast<int64_t>(reach), buckets_);
      for (size_t h = 0; h < heads_; ++h) out[h * span + i] = bias_[b * heads_ + h];
    }
  }

  void embed(const nn::Batch& batch, float* x) const {
    std::vector<float> position(width_);
    for (size_t s = 0; s < batch.sequences(); ++s) {
      size_t at = padding_ + 1;
      for (size_t t = batch.starts[s]; t < batch.starts[s + 1]; ++t) {
        float* row = x + t * width_;
        read_floats(*word_, static_cast<size_t>(batch.ids[t]) * width_, width_, row);
        const bool pad = static_cast<size_t>(batch.ids[t]) == padding_;  // as RoBERTa: does not count
        read_floats(*position_, (pad ? padding_ : at++) * width_, width_, position.data());
        math::rows().add(row, position.data(), width_);
      }
    }
    normalise(embedding_norm_, batch.tokens(), x);
  }

  std::string what_;
  size_t width_, heads_, inner_, vocabulary_, positions_, buckets_, padding_;
  float eps_;
  math::Activation activation_;
  const nn::Tensor *word_ = nullptr, *position_ = nullptr;
  std::vector<float> bias_;  // [buckets, heads]
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Encoder> make_mpnet(const Config& config, const nn::Weights& weights) {
  return std::make_unique<Mpnet>(config, weights);
}

}  // namespace hanok::lm

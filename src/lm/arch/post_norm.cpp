#include "lm/arch/post_norm.h"

#include <cmath>

namespace hanok::lm {

LayerNorm::LayerNorm(const nn::Weights& weights, const std::string& name, size_t width, float eps_)
    : gain(read_floats(weights.at(name + ".weight", {width}))),
      bias(read_floats(weights.at(name + ".bias", {width}))),
      eps(eps_) {}

void LayerNorm::apply(size_t n, float* x) const {
  const size_t width = gain.size();
  for (size_t t = 0; t < n; ++t)
    math::rows().layer_norm(x + t * width, width, gain.data(), bias.data(), eps, x + t * width);
}

PostNorm::PostNorm(const Config& config, double default_eps, int64_t padding, nn::LinearPrecision precision)
    : what_(config.what()),
      width_(config.size("hidden_size")),
      heads_(config.size("num_attention_heads")),
      inner_(config.size("intermediate_size")),
      vocabulary_(config.size("vocab_size")),
      positions_(config.size("max_position_embeddings")),
      eps_(static_cast<float>(config.number("layer_norm_eps", default_eps))),
      activation_(activation_of(config, "hidden_act")),
      padding_(padding),
      precision_(precision) {
  if (heads_ == 0 || width_ % heads_ != 0) config.fail("num_attention_heads", "a divisor of hidden_size");
  if (positions() == 0) config.fail("max_position_embeddings", "more than the padding id");
}

size_t PostNorm::positions() const {
  const auto skipped = static_cast<size_t>(padding_ + 1);
  return positions_ > skipped ? positions_ - skipped : 0;
}

void PostNorm::read_embeddings(const nn::Weights& weights, const std::string& prefix) {
  word_ = &weights.at(prefix + "embeddings.word_embeddings.weight", {vocabulary_, width_});
  position_ = &weights.at(prefix + "embeddings.position_embeddings.weight", {positions_, width_});
  embedding_norm_ = LayerNorm(weights, prefix + "embeddings.LayerNorm", width_, eps_);
}

void PostNorm::read_layer(const nn::Weights& weights, const Names& names) {
  layers_.push_back(
      {.qkv = nn::Linear(weights, {names.query, names.key, names.value}, {width_, width_, width_}, width_, precision_),
       .out = nn::Linear(weights, {names.out}, {width_}, width_, precision_),
       .up = nn::Linear(weights, {names.up}, {inner_}, width_, precision_),
       .down = nn::Linear(weights, {names.down}, {width_}, inner_, precision_),
       .after_attention = LayerNorm(weights, names.out_norm, width_, eps_),
       .after_mlp = LayerNorm(weights, names.down_norm, width_, eps_)});
}

void PostNorm::embed(const nn::Batch& batch, float* x) const {
  check_batch(batch, vocabulary_, positions(), what_);
  std::vector<float> position(width_);
  for (size_t s = 0; s < batch.sequences(); ++s) {
    int64_t at = padding_ + 1;
    for (size_t t = batch.starts[s]; t < batch.starts[s + 1]; ++t) {
      float* row = x + t * width_;
      read_floats(*word_, static_cast<size_t>(batch.ids[t]) * width_, width_, row);
      const bool pad = padding_ >= 0 && batch.ids[t] == padding_;
      read_floats(*position_, static_cast<size_t>(pad ? padding_ : at++) * width_, width_, position.data());
      math::rows().add(row, position.data(), width_);
    }
  }
}

void PostNorm::run(const nn::Batch& batch, nn::Workspace& workspace, float* x, const float* relative,
                   size_t reach) const {
  const size_t n = batch.tokens(), w = width_;
  float* qkv = workspace.qkv.reserve(n * 3 * w);
  float* context = workspace.context.reserve(n * w);
  float* inner = workspace.inner.reserve(n * inner_);
  const nn::Attention attention{.heads = heads_,
                                .kv_heads = heads_,
                                .head_dim = w / heads_,
                                .scale = 1 / std::sqrt(static_cast<float>(w / heads_)),
                                .relative = relative,
                                .rounded = precision_ == nn::LinearPrecision::Int8,
                                .reach = reach};
  for (const Layer& layer : layers_) {
    layer.qkv(x, w, n, qkv, 3 * w);
    attend(attention, batch, qkv, qkv + w, qkv + 2 * w, 3 * w, context, w);
    layer.out(context, w, n, x, w, {.accumulate = true});
    layer.after_attention.apply(n, x);
    layer.up(x, w, n, inner, inner_, {.activation = activation_});
    layer.down(inner, inner_, n, x, w, {.accumulate = true});
    layer.after_mlp.apply(n, x);
  }
}

}  // namespace hanok::lm

// BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020): learned positions, norm after
// each residual sum. RoBERTa's positions start behind the padding id; its other differences are in training and
// tokenizer.
#include <cmath>

#include "hanok/error.h"
#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace hanok::lm {
namespace {

struct Norm {
  std::vector<float> gain, bias;
};

struct Layer {
  nn::Linear qkv, out, up, down;
  Norm after_attention, after_mlp;
};

class Bert final : public Encoder {
 public:
  Bert(const Config& config, const nn::Weights& weights, bool roberta)
      : what_(config.what()),
        width_(config.size("hidden_size")),
        heads_(config.size("num_attention_heads")),
        inner_(config.size("intermediate_size")),
        vocabulary_(config.size("vocab_size")),
        positions_(config.size("max_position_embeddings")),
        types_(config.size("type_vocab_size", 2)),
        eps_(static_cast<float>(config.number("layer_norm_eps", 1e-12))),
        activation_(activation_of(config, "hidden_act")),
        padding_(roberta ? static_cast<int64_t>(config.size("pad_token_id", 1)) : -1) {
    if (heads_ == 0 || width_ % heads_ != 0) config.fail("num_attention_heads", "a divisor of hidden_size");
    if (max_positions() == 0) config.fail("max_position_embeddings", "more than the padding id");
    if (config.text("position_embedding_type", "absolute") != "absolute")
      throw Error(Code::Unsupported, what_ + ": position_embedding_type is '" +
                                         config.text("position_embedding_type", "") + "', this version runs absolute");
    const std::string p = weights.prefix_of("embeddings.word_embeddings.weight", {"", "bert.", "roberta.", "model."});
    word_ = &weights.at(p + "embeddings.word_embeddings.weight", {vocabulary_, width_});
    position_ = &weights.at(p + "embeddings.position_embeddings.weight", {positions_, width_});
    if (types_) type_ = read_floats(weights.at(p + "embeddings.token_type_embeddings.weight", {types_, width_}));
    embedding_norm_ = norm(weights, p + "embeddings.LayerNorm");
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "encoder.layer." + std::to_string(i) + ".", a = l + "attention.self.";
      layers_.push_back(
          {.qkv = nn::Linear(weights, {a + "query", a + "key", a + "value"}, {width_, width_, width_}, width_),
           .out = nn::Linear(weights, {l + "attention.output.dense"}, {width_}, width_),
           .up = nn::Linear(weights, {l + "intermediate.dense"}, {inner_}, width_),
           .down = nn::Linear(weights, {l + "output.dense"}, {width_}, inner_),
           .after_attention = norm(weights, l + "attention.output.LayerNorm"),
           .after_mlp = norm(weights, l + "output.LayerNorm")});
    }
  }

  size_t width() const override { return width_; }
  size_t max_positions() const override {
    const auto skipped = static_cast<size_t>(padding_ + 1);
    return positions_ > skipped ? positions_ - skipped : 0;
  }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    check_batch(batch, vocabulary_, max_positions(), what_);
    embed(batch, x);
    const size_t n = batch.tokens(), w = width_;
    float* qkv = workspace.qkv.reserve(n * 3 * w);
    float* context = workspace.context.reserve(n * w);
    float* inner = workspace.inner.reserve(n * inner_);
    const nn::Attention attention{.heads = heads_,
                                  .kv_heads = heads_,
                                  .head_dim = w / heads_,
                                  .scale = 1 / std::sqrt(static_cast<float>(w / heads_))};
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

  void embed(const nn::Batch& batch, float* x) const {
    std::vector<float> position(width_);
    for (size_t s = 0; s < batch.sequences(); ++s) {
      int64_t at = padding_ + 1;
      for (size_t t = batch.starts[s]; t < batch.starts[s + 1]; ++t) {
        float* row = x + t * width_;
        read_floats(*word_, static_cast<size_t>(batch.ids[t]) * width_, width_, row);
        // RoBERTa: a padding token that is written in the text stands at the padding position and does not count.
        const bool pad = padding_ >= 0 && batch.ids[t] == padding_;
        read_floats(*position_, static_cast<size_t>(pad ? padding_ : at++) * width_, width_, position.data());
        if (types_) math::rows().add(row, type_row(batch, t), width_);
        math::rows().add(row, position.data(), width_);
      }
    }
    normalise(embedding_norm_, batch.tokens(), x);
  }

  const float* type_row(const nn::Batch& batch, size_t t) const {
    const auto type = static_cast<size_t>(batch.types.empty() ? 0 : batch.types[t]);
    return type_.data() + (type < types_ ? type : 0) * width_;  // XLM-R has one type and is given none
  }

  std::string what_;
  size_t width_, heads_, inner_, vocabulary_, positions_, types_;
  float eps_;
  math::Activation activation_;
  int64_t padding_;  // id of the padding token where positions start behind it (RoBERTa); -1 where they start at 0
  const nn::Tensor *word_ = nullptr, *position_ = nullptr;  // stay in the mapped file; rows are widened when looked up
  std::vector<float> type_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Encoder> make_bert(const Config& config, const nn::Weights& weights) {
  return std::make_unique<Bert>(config, weights, false);
}
std::unique_ptr<Encoder> make_roberta(const Config& config, const nn::Weights& weights) {
  return std::make_unique<Bert>(config, weights, true);
}

}  // namespace hanok::lm

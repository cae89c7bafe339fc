// BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020). RoBERTa's positions start
// behind the padding id; its other differences are in training and tokenizer.
#include "hanok/error.h"
#include "lm/arch/post_norm.h"

namespace hanok::lm {
namespace {

class Bert final : public Encoder {
 public:
  Bert(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision, bool roberta)
      : body_(config, 1e-12, roberta ? static_cast<int64_t>(config.size("pad_token_id", 1)) : -1, precision),
        types_(config.size("type_vocab_size", 2)) {
    if (config.text("position_embedding_type", "absolute") != "absolute")
      throw Error(Code::Unsupported, config.what() + ": position_embedding_type is '" +
                                         config.text("position_embedding_type", "") + "', this version runs absolute");
    const std::string p = weights.prefix_of("embeddings.word_embeddings.weight", {"", "bert.", "roberta.", "model."});
    body_.read_embeddings(weights, p);
    if (types_) type_ = read_floats(weights.at(p + "embeddings.token_type_embeddings.weight", {types_, width()}));
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "encoder.layer." + std::to_string(i) + ".", a = l + "attention.self.";
      body_.read_layer(weights, {.query = a + "query",
                                 .key = a + "key",
                                 .value = a + "value",
                                 .out = l + "attention.output.dense",
                                 .out_norm = l + "attention.output.LayerNorm",
                                 .up = l + "intermediate.dense",
                                 .down = l + "output.dense",
                                 .down_norm = l + "output.LayerNorm"});
    }
  }

  size_t width() const override { return body_.width(); }
  size_t max_positions() const override { return body_.positions(); }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    body_.embed(batch, x);
    if (types_)
      for (size_t t = 0; t < batch.tokens(); ++t) math::rows().add(x + t * width(), type_row(batch, t), width());
    body_.normalise_embeddings(batch, x);
    body_.run(batch, workspace, x);
  }

 private:
  const float* type_row(const nn::Batch& batch, size_t t) const {
    const auto type = static_cast<size_t>(batch.types.empty() ? 0 : batch.types[t]);
    return type_.data() + (type < types_ ? type : 0) * width();  // XLM-R has one type and is given none
  }

  PostNorm body_;
  size_t types_;
  std::vector<float> type_;
};

}  // namespace

std::unique_ptr<Encoder> make_bert(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision) {
  return std::make_unique<Bert>(config, weights, precision, false);
}
std::unique_ptr<Encoder> make_roberta(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision) {
  return std::make_unique<Bert>(config, weights, precision, true);
}

}  // namespace hanok::lm

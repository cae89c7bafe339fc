// MPNet (Song et al. 2020): BERT's block with one learned bias by distance for all layers, and no token types.
#include <cmath>

#include "lm/arch/post_norm.h"

namespace hanok::lm {
namespace {

constexpr double kFarthest = 128;  // distances beyond share the last bucket; fixed in the published model

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
  Mpnet(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision)
      : body_(config, 1e-5, static_cast<int64_t>(config.size("pad_token_id", 1)), precision),
        buckets_(config.size("relative_attention_num_buckets", 32)) {
    if (buckets_ < 4 || buckets_ % 4 != 0) config.fail("relative_attention_num_buckets", "a multiple of 4");
    const std::string p = weights.prefix_of("embeddings.word_embeddings.weight", {"", "mpnet."});
    body_.read_embeddings(weights, p);
    bias_ = read_floats(weights.at(p + "encoder.relative_attention_bias.weight", {buckets_, body_.heads()}));
    for (size_t i = 0; i < config.size("num_hidden_layers"); ++i) {
      const std::string l = p + "encoder.layer." + std::to_string(i) + ".", a = l + "attention.attn.";
      body_.read_layer(weights, {.query = a + "q",
                                 .key = a + "k",
                                 .value = a + "v",
                                 .out = a + "o",
                                 .out_norm = l + "attention.LayerNorm",
                                 .up = l + "intermediate.dense",
                                 .down = l + "output.dense",
                                 .down_norm = l + "output.LayerNorm"});
    }
  }

  size_t width() const override { return body_.width(); }
  size_t max_positions() const override { return body_.positions(); }

  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x) const override {
    body_.embed(batch, x);
    body_.normalise_embeddings(batch, x);
    const size_t reach = batch.longest();
    relative(reach, workspace.relative);
    body_.run(batch, workspace, x, workspace.relative.data(), reach);
  }

 private:
  // out [heads, 2 * reach + 1] by key position - query position.
  void relative(size_t reach, std::vector<float>& out) const {
    const size_t span = 2 * reach + 1;
    out.resize(body_.heads() * span);
    for (size_t i = 0; i < span; ++i) {
      const size_t b = bucket(static_cast<int64_t>(i) - static_cast<int64_t>(reach), buckets_);
      for (size_t h = 0; h < body_.heads(); ++h) out[h * span + i] = bias_[b * body_.heads() + h];
    }
  }

  PostNorm body_;
  size_t buckets_;
  std::vector<float> bias_;  // [buckets, heads]
};

}  // namespace

std::unique_ptr<Encoder> make_mpnet(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision) {
  return std::make_unique<Mpnet>(config, weights, precision);
}

}  // namespace hanok::lm

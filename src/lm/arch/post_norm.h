// What BERT and its kin share: learned positions, and a block that normalises after each residual sum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace hanok::lm {

/// Layer norm (Ba et al. 2016) of a gain and a bias.
struct LayerNorm {
  std::vector<float> gain, bias;
  float eps = 0;
  LayerNorm() = default;
  LayerNorm(const nn::Weights& weights, const std::string& name, size_t width, float eps);
  /// x [n, width], in place.
  void apply(size_t n, float* x) const;
};

class PostNorm {
 public:
  /// Names of a layer's tensors, without ".weight" and ".bias".
  struct Names {
    std::string query, key, value, out, out_norm, up, down, down_norm;
  };
  /// Reads the sizes that every model of the kind states. `padding`: id of the padding token where positions start
  /// behind it (RoBERTa, MPNet), -1 where they start at 0.
  PostNorm(const Config& config, double default_eps, int64_t padding, nn::LinearPrecision precision);

  size_t width() const { return width_; }
  size_t heads() const { return heads_; }
  float eps() const { return eps_; }
  /// Tokens that positions reach.
  size_t positions() const;

  /// Word and position tables and the norm after their sum, under prefix + "embeddings.".
  void read_embeddings(const nn::Weights& weights, const std::string& prefix);
  void read_layer(const nn::Weights& weights, const Names& names);

  /// x [tokens, width]: word + position. A padding token that is written in the text stands at the padding position and
  /// does not count. The caller may add to the sum before normalise_embeddings().
  void embed(const nn::Batch& batch, float* x) const;
  void normalise_embeddings(const nn::Batch& batch, float* x) const { embedding_norm_.apply(batch.tokens(), x); }
  /// All layers. relative [heads, 2 * reach + 1]: a bias by distance, or null.
  void run(const nn::Batch& batch, nn::Workspace& workspace, float* x, const float* relative = nullptr,
           size_t reach = 0) const;

 private:
  struct Layer {
    nn::Linear qkv, out, up, down;
    LayerNorm after_attention, after_mlp;
  };

  std::string what_;
  size_t width_, heads_, inner_, vocabulary_, positions_;
  float eps_;
  math::Activation activation_;
  int64_t padding_;
  nn::LinearPrecision precision_;
  const nn::Tensor *word_ = nullptr, *position_ = nullptr;  // stay in the mapped file; rows are widened when looked up
  LayerNorm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace hanok::lm

// What every text encoder does: token ids to one hidden vector a token. One file a family beside this one; make_encoder
// finds the family in a table by config.json's model_type.
#pragma once

#include <memory>

#include "lm/config.h"
#include "nn/batch.h"
#include "nn/linear.h"
#include "nn/weights.h"

namespace hanok::lm {

/// Weights are read only; several threads may run the same encoder, each with its own workspace.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual size_t width() const = 0;
  /// Tokens that one sequence may have (learned positions end there).
  virtual size_t max_positions() const = 0;
  /// hidden [batch.tokens(), width()]: the last hidden states. Throws Invalid for an id outside the vocabulary or a
  /// sequence longer than max_positions().
  virtual void run(const nn::Batch& batch, nn::Workspace& workspace, float* hidden) const = 0;
};

/// precision: of the linear layers. `weights` must outlive the encoder. Throws Unsupported for a model_type that no
/// file here knows, naming those it does.
std::unique_ptr<Encoder> make_encoder(const Config& config, const nn::Weights& weights,
                                      nn::LinearPrecision precision = nn::LinearPrecision::Float32);

/// "gelu", "gelu_new", "relu", "silu", ...; Unsupported for others.
math::Activation activation_of(const Config& config, std::string_view key);
/// Throws Invalid unless all ids are in [0, vocabulary) and all sequences at most `longest`.
void check_batch(const nn::Batch& batch, size_t vocabulary, size_t longest, const std::string& what);

std::unique_ptr<Encoder> make_bert(const Config&, const nn::Weights&, nn::LinearPrecision);
std::unique_ptr<Encoder> make_roberta(const Config&, const nn::Weights&, nn::LinearPrecision);
std::unique_ptr<Encoder> make_mpnet(const Config&, const nn::Weights&, nn::LinearPrecision);
std::unique_ptr<Encoder> make_modernbert(const Config&, const nn::Weights&, nn::LinearPrecision);
std::unique_ptr<Encoder> make_qwen3(const Config&, const nn::Weights&, nn::LinearPrecision);

}  // namespace hanok::lm

// LoRA adapters (Hu et al. 2021) as PEFT writes them, beside a base model: y = W x + s B (A x), s = alpha / r, or
// alpha / sqrt(r) (rsLoRA, Kalajdzievski 2023).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "lm/arch/decoder.h"

namespace hanok::lm {

/// Reading is safe from several threads.
class Adapter {
 public:
  /// The products of a layer that an adapter may add to.
  enum class Part : uint8_t { Qkv, Out, GateUp, Down };

  /// A folder with adapter_config.json and adapter_model.safetensors. Throws NotFound; Unsupported for other methods
  /// than LoRA, for DoRA, biases, embeddings, experts and saved modules but lm_head; Corrupt, naming the key, for a
  /// tensor that the configuration promises and the file lacks, for one that belongs to no matrix of this model, and
  /// for shapes that do not fit.
  static Adapter load(const base::fs::path& folder, const DecoderPlan& plan);

  /// y [m, ...] += s B A x for rows of x [m, in].
  void add(size_t layer, Part part, const float* x, size_t ldx, size_t m, float* y, size_t ldy,
           AdapterMemory& memory) const;
  /// Of the output matrix: in its place where the adapter brings one (true), or added to it.
  bool replaces_output() const { return output_.out() > 0; }
  void output(const float* x, size_t ldx, size_t m, float* y, size_t ldy, DecodeMemory& memory) const;

  size_t parameters() const { return parameters_; }

 private:
  struct Delta {
    math::PackedWeights a, b;  // [r, in], [out, r] times s
    size_t first = 0;          // column of y
  };
  struct Layer {
    std::array<std::vector<Delta>, 4> parts;
  };
  struct Loader;
  static void apply(const Delta& delta, const math::Activations& x, size_t m, float* y, size_t ldy,
                    AdapterMemory& memory);
  std::vector<Layer> layers_;
  std::vector<Delta> head_;
  nn::WeightLinear output_;
  size_t parameters_ = 0;
};

}  // namespace hanok::lm

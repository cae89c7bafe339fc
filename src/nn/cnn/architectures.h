// From tensors' names to layers: one function a family of nets.
#pragma once

#include <string>

#include "nn/cnn/layers.h"

namespace hanok::nn {

struct Family {
  std::string name;  // names of models begin with it
  /// Whether these are its tensors.
  bool (*is)(const Weights& weights);
  /// model: the name in model.json, for nets that have the same tensors; "" where there is none.
  Layers (*build)(const Weights& weights, Shape in, const std::string& model);
};

/// Throws Unsupported for tensors of another net, naming the families there are.
const Family& family_of(const Weights& weights);

}  // namespace hanok::nn

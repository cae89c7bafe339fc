// What a model is made of, in figures: counted on the model itself, none typed in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vision/models/models.h"

namespace hanok::vision {

struct LayerFigures {
  std::string name;             // "layer1.0.conv1"; "" for what has no name of its own
  std::string kind;             // "conv 3x3", "conv 7x7 stride 2", "linear", "max pool 3x3 stride 2", "relu"
  std::vector<int64_t> output;  // of one picture: [C, H, W] or [C]
  uint64_t parameters = 0;
  uint64_t multiply_adds = 0;
};

struct ModelFigures {
  uint64_t parameters = 0;     // numbers that are learned
  size_t layers = 0;           // with weights, from input to output, without the projections beside residual blocks
  uint64_t multiply_adds = 0;  // of convolutions and linear layers for one picture; what many papers call FLOPs
  std::string filters;         // sizes of the convolutions' kernels: "11x11 5x5 3x3"
  std::string activation;      // "relu", "tanh"
  uint64_t activations = 0;    // values that all layers give for one picture: what training keeps in memory
  std::vector<LayerFigures> rows;

  uint64_t flops() const { return 2 * multiply_adds; }  // a multiplication and an addition are two
};

/// Figures of the net for one picture. Nothing is trained or computed: convolutions only give their shapes.
ModelFigures figures(Net& net, const ImageShape& input);
/// The same for a model that is made for it, without drawing its weights.
ModelFigures figures(const ModelOptions& options);

}  // namespace hanok::vision

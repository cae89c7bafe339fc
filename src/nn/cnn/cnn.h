// Nets for pictures, run from their weights: LeNet-5, AlexNet, VGG, ResNet and a small one, as published and in the
// variants for 32x32. What a net is is read from its tensors, which have torchvision's names; a run folder's model.json
// (docs/formats/vision-run.md) adds what it was trained on.
//
//   const Cnn net = Cnn::open("runs/fashion");
//   const CnnResult result = net.run(pixels, 1);     // pixels [1, H, W, C], normalised
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nn/cnn/layers.h"
#include "nn/vision_run.h"

namespace hanok::nn {

struct CnnResult {
  std::vector<float> logits;    // [N, classes]
  std::vector<float> features;  // [N, F]: what the last linear layer is given
};

/// Immutable; safe to run from several threads.
class Cnn {
 public:
  /// A run folder (model.json, model.safetensors), or a file of weights (nn/weights.h) by itself: then the input is
  /// taken to be ImageNet's (224 x 224, its mean and deviation; 28 x 28 for LeNet) and classes are numbers. Throws
  /// NotFound, Corrupt (damaged, tensors that do not fit one another or model.json), Unsupported (another net).
  static Cnn open(const std::filesystem::path& path);
  /// The net of these weights, for pictures of the size that `run` says.
  Cnn(const Weights& weights, VisionRun run);

  const VisionRun& description() const { return run_; }
  Shape in_shape() const { return in_; }
  size_t classes() const { return classes_; }
  size_t feature_size() const { return features_; }
  /// Of one picture, as the papers count them: convolutions and linear layers.
  uint64_t multiply_adds() const;

  /// x: `count` pictures [N, H, W, C], (value in [0, 1] - mean) / std. A picture's result is the same bits alone or
  /// among others, with one thread or many.
  CnnResult run(std::span<const float> x, size_t count) const;

 private:
  Values maps(const float* x, size_t count, Workspace& space) const;

  VisionRun run_;
  Shape in_;
  Layers layers_;    // the last is the linear layer that gives logits
  size_t head_ = 0;  // where linear layers begin
  size_t classes_ = 0, features_ = 0, largest_ = 0;
};

}  // namespace hanok::nn

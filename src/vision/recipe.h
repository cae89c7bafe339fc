// How a net is trained: everything but the net and the data. No libtorch in it.
#pragma once

#include <string>
#include <vector>

#include "train/schedule.h"
#include "vision/data/augment.h"

namespace hanok::vision {

struct Recipe {
  std::string name, about;
  size_t batch = 128;
  double epochs = 10;

  std::string optimizer = "sgd";  // sgd (Nesterov), adamw, muon
  double learning_rate = 0.1, momentum = 0.9, weight_decay = 0;
  /// Of muon, for what is no convolution: biases and norms, and the last layer; by SGD with Nesterov momentum.
  double bias_rate = 0, head_rate = 0, bias_decay = 0, head_decay = 0, other_momentum = 0.85;
  bool sum_loss = false;  // gradients of the sum over a batch, not of its mean
  double label_smoothing = 0;
  double clip = 0;
  train::Schedule schedule;
  AugmentOptions augment;
  std::string averaging = "none";  // none, ema, lookahead
  double averaging_decay = 0.999;
  size_t averaging_every = 1;
  /// Until `small_until` of the run (0 to 1) the sides of pictures are `small_share` of what they are: what is learned
  /// first needs no fine lines, and a step costs the square of the side (Tan and Le 2021, section 4).
  double small_share = 1, small_until = 0;
  bool views = false;  // the last evaluation looks at each picture mirrored and shifted by a pixel, too (six views)
};

/// Those that --recipe takes.
const std::vector<Recipe>& recipes();
/// Throws NotFound, naming those there are.
const Recipe& recipe(const std::string& name);
/// The one that suits a model of this name.
const Recipe& recipe_for(const std::string& model);

}  // namespace hanok::vision

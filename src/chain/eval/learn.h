// Learning the weights of answers: a linear model that ranks candidates, and a logistic one that says how sure it is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hanok::chain::learn {

/// One candidate: its features by number, and whether it is a right choice.
struct Choice {
  std::vector<std::pair<uint32_t, float>> features;
  bool right = false;
};
using List = std::vector<Choice>;

struct RankOptions {
  int epochs = 30;
  double rate = 0.1;    // AdaGrad's
  double decay = 1e-4;  // L2, a step
};

/// Weights w that maximise the mean log of the softmax probability of the right choices. Lists without any are left
/// out. AdaGrad (Duchi et al. 2011) over the lists in order, so the same lists give the same weights.
std::vector<double> rank_weights(std::span<const List> lists, size_t features, const RankOptions& options = {});

/// What a logistic model learns from: features, whether it is right, and how often the row counts.
struct Row {
  std::vector<double> features;
  bool right = false;
  double times = 1;
};

/// Logistic regression by Newton's method with an L2 penalty: the last weight is the constant.
std::vector<double> logistic_weights(const std::vector<Row>& rows, double penalty = 1);

}  // namespace hanok::chain::learn

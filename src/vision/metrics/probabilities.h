// How good a classifier's probabilities are: what is right among the first k, how honest confidence is, how well one
// class is told from the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hanok::vision {

/// One probability for every class and picture, rows summing to 1.
struct Probabilities {
  size_t classes = 0;
  std::vector<double> values;  // [n, classes]

  size_t rows() const { return classes ? values.size() / classes : 0; }
  std::span<const double> row(size_t i) const { return std::span(values).subspan(i * classes, classes); }
};

/// softmax of each row of logits [n, classes], in float64. Throws Invalid, naming row and class, for NaN and infinity,
/// and where the numbers are no whole rows.
Probabilities softmax(std::span<const float> logits, size_t classes);

/// The most probable class of each row; the lowest number among equals.
std::vector<uint32_t> most_probable(const Probabilities& p);

// truth  [n], one class below p.classes for each row; else Invalid.

/// Share of rows whose true class is among the k most probable. Among equals the lower class comes first.
double top_k_accuracy(const Probabilities& p, std::span<const uint32_t> truth, size_t k);

/// Mean of -log p(true class), in nats. p is kept off 0 by the smallest normal number, so a class that was ruled out
/// costs 708.
double log_loss(const Probabilities& p, std::span<const uint32_t> truth);

/// Of the rows whose highest probability is in (lower, upper].
struct CalibrationBin {
  double lower = 0, upper = 0;
  size_t count = 0;
  double confidence = 0, accuracy = 0;  // means; 0 where there are none
};
std::vector<CalibrationBin> calibration(const Probabilities& p, std::span<const uint32_t> truth, size_t bins = 15);
/// Expected calibration error (Guo et al. 2017, equation 3): mean of |accuracy - confidence| over rows, by bins.
double expected_calibration_error(std::span<const CalibrationBin> bins);

// One class against the rest. score [n] high for members; member [n]. Rows with equal scores are not told apart.

/// Probability that a member scores higher than a non-member, ties half. 0.5 where one of both kinds is missing.
double roc_auc(std::span<const double> score, const std::vector<bool>& member);
/// Sum over thresholds of (recall - recall before) * precision. 0 without members.
double average_precision(std::span<const double> score, const std::vector<bool>& member);

/// The above for class c of p.
double roc_auc(const Probabilities& p, std::span<const uint32_t> truth, size_t c);
double average_precision(const Probabilities& p, std::span<const uint32_t> truth, size_t c);

}  // namespace hanok::vision

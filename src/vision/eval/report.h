// What there is to say of a net's answers about many pictures. No libtorch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hanok/image.h"
#include "vision/metrics/classification.h"
#include "vision/metrics/probabilities.h"

namespace hanok::vision {

struct Mistake {
  size_t picture = 0;
  uint32_t truth = 0, predicted = 0;
  double confidence = 0;  // the probability of what was predicted
};

struct Report {
  size_t pictures = 0;
  Confusion counts;
  ClassificationScores scores;
  size_t top_k = 5;  // fewer where there are fewer classes
  double top_k_accuracy = 0, log_loss = 0, calibration_error = 0;
  std::vector<CalibrationBin> bins;
  std::vector<double> auc, average_precision;  // one a class, against the rest
  std::vector<Mistake> worst;                  // wrong ones, the surest first
};

/// logits [N, classes]; truth [N]. Throws Invalid where there are none, and for numbers that are not finite.
Report make_report(std::span<const float> logits, std::span<const uint32_t> truth, size_t classes, size_t worst = 25);

/// Pictures that were taken for something else, each with "truth > predicted 98%" below it. pictures: those of
/// `mistakes`, in their order. Class names that cannot be written are numbers.
image::Image mistakes_sheet(std::span<const Mistake> mistakes, std::span<const image::Image> pictures,
                            const std::vector<std::string>& class_names);

/// The confusion matrix with class names beside it, where they can be written.
image::Image confusion_sheet(const Confusion& counts, const std::vector<std::string>& class_names);

}  // namespace hanok::vision

#include "vision/metrics/classification.h"

#include <cmath>
#include <string>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }
double number(uint64_t n) { return static_cast<double>(n); }

ClassScore class_score(const Confusion& counts, size_t c) {
  const double hits = number(counts.at(c, c)), predicted = number(counts.of_predicted(c)),
               truth = number(counts.of_truth(c));
  return {ratio(hits, predicted), ratio(hits, truth), ratio(2 * hits, predicted + truth)};
}

void add(ClassScore& sum, const ClassScore& one, double weight) {
  sum.precision += weight * one.precision;
  sum.recall += weight * one.recall;
  sum.f1 += weight * one.f1;
}

}  // namespace

uint64_t Confusion::total() const {
  uint64_t sum = 0;
  for (const uint64_t n : counts) sum += n;
  return sum;
}

uint64_t Confusion::of_truth(size_t c) const {
  uint64_t sum = 0;
  for (size_t p = 0; p < classes; ++p) sum += at(c, p);
  return sum;
}

uint64_t Confusion::of_predicted(size_t c) const {
  uint64_t sum = 0;
  for (size_t t = 0; t < classes; ++t) sum += at(t, c);
  return sum;
}

uint64_t Confusion::right() const {
  uint64_t sum = 0;
  for (size_t c = 0; c < classes; ++c) sum += at(c, c);
  return sum;
}

Confusion confusion(std::span<const uint32_t> truth, std::span<const uint32_t> predicted, size_t classes) {
  if (truth.size() != predicted.size())
    throw Error(Code::Invalid, "confusion matrix: " + std::to_string(truth.size()) + " true classes and " +
                                   std::to_string(predicted.size()) + " predicted ones, expected one for each");
  Confusion out{classes, std::vector<uint64_t>(classes * classes)};
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] >= classes || predicted[i] >= classes)
      throw Error(Code::Invalid, "confusion matrix: entry " + std::to_string(i) + " is class " +
                                     std::to_string(std::max(truth[i], predicted[i])) + ", there are " +
                                     std::to_string(classes));
    ++out.counts[truth[i] * classes + predicted[i]];
  }
  return out;
}

ClassificationScores score(const Confusion& counts) {
  const double n = number(counts.total());
  if (n == 0) throw Error(Code::Invalid, "scores of a classifier: no prediction to score, expected at least one");
  ClassificationScores out;
  double occurring = 0, chance = 0, truth_squared = 0, predicted_squared = 0;
  for (size_t c = 0; c < counts.classes; ++c) {
    const double truth = number(counts.of_truth(c)), predicted = number(counts.of_predicted(c));
    out.per_class.push_back(class_score(counts, c));
    add(out.macro, out.per_class.back(), 1 / number(counts.classes));
    add(out.weighted, out.per_class.back(), truth / n);
    if (truth > 0) {
      out.balanced_accuracy += out.per_class.back().recall;
      ++occurring;
    }
    chance += truth * predicted;
    truth_squared += truth * truth;
    predicted_squared += predicted * predicted;
  }
  const double right = number(counts.right());
  out.accuracy = right / n;
  out.micro = {out.accuracy, out.accuracy, out.accuracy};
  out.balanced_accuracy /= occurring;
  out.kappa = ratio(out.accuracy - chance / (n * n), 1 - chance / (n * n));
  out.matthews = ratio(right * n - chance, std::sqrt((n * n - predicted_squared) * (n * n - truth_squared)));
  return out;
}

}  // namespace hanok::vision

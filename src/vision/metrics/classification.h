// How well predicted classes fit the true ones. Names and conventions are scikit-learn's; 0/0 counts as 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hanok::vision {

struct ClassScore {
  double precision = 0;  // of those predicted as this class, the share that is
  double recall = 0;     // of those of this class, the share that was found
  double f1 = 0;         // harmonic mean of both
};

/// How often each true class was taken for each other one.
struct Confusion {
  size_t classes = 0;
  std::vector<uint64_t> counts;  // [classes, classes], rows true, columns predicted

  uint64_t at(size_t truth, size_t predicted) const { return counts[truth * classes + predicted]; }
  uint64_t total() const;
  uint64_t of_truth(size_t c) const;      // a row's sum: the support
  uint64_t of_predicted(size_t c) const;  // a column's sum
  uint64_t right() const;                 // the diagonal's sum
};

/// truth, predicted  [n] class numbers below `classes`. Throws Invalid (which entry) for others, and for lengths that
/// differ.
Confusion confusion(std::span<const uint32_t> truth, std::span<const uint32_t> predicted, size_t classes);

/// All of them are in [0, 1], but kappa and matthews, which are in [-1, 1] and 0 for guessing.
struct ClassificationScores {
  double accuracy = 0;
  double balanced_accuracy = 0;       // mean recall of the classes that occur
  double kappa = 0;                   // Cohen 1960: agreement beyond that of chance
  double matthews = 0;                // Gorodkin 2004, equation 8: correlation for several classes
  std::vector<ClassScore> per_class;  // [classes]
  ClassScore macro;                   // mean over classes
  ClassScore micro;                   // from all counts together: each is the accuracy
  ClassScore weighted;                // mean over classes, weighted by how often each occurs
};
/// Throws Invalid where nothing was counted.
ClassificationScores score(const Confusion& counts);

}  // namespace hanok::vision

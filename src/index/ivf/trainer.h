// Makes the model of an IVF index from a sample. Models that differ in their number of codes share what costs most: the
// axes, the projections and the cells.
//
//   IvfTrainer trainer(sample, dim, Metric::L2, {.cells = 256, .codes = {48, 64, 96}});
//   IvfModel model = trainer.model(48);
//   if (trainer.told_apart(model, 40) < 0.98) model = trainer.model(64);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/ivf/model.h"

namespace hanok::index {

class IvfTrainer {
 public:
  struct Options {
    size_t cells = 0;
    std::vector<size_t> codes;  // the numbers of 4-bit codes that models may be asked for; none: cells alone
    bool one_bit = false;       // instead of them one bit an axis
    uint64_t seed = 1;
    size_t threads = 0;
  };
  /// sample: [n, dim] as given by the user; must outlive this.
  IvfTrainer(std::span<const float> sample, size_t dim, Metric metric, const Options& options);

  /// codes: at most so many a vector, one of the options'; 0 for none of them.
  IvfModel model(size_t codes) const;

  /// How well the codes of a model of this trainer tell neighbours apart: of the ten nearest of some of the sample's
  /// vectors, the share that is among the `kept` which look nearest by code.
  double told_apart(const IvfModel& model, size_t kept);

 private:
  std::vector<float> leading_axes() const;
  void find_neighbours();
  size_t axes_for(size_t codes) const;

  std::span<const float> sample_;
  Options options_;
  size_t n_ = 0;
  IvfModel most_;                     // of all axes, without codes
  std::vector<float> projected_;      // [n, axes of most_]
  std::vector<uint32_t> assignment_;  // [n]: cells
  // Vectors that told_apart() looks at, and the nearest of its queries among them.
  std::vector<size_t> judged_;
  std::vector<std::vector<uint32_t>> neighbours_;
};

}  // namespace hanok::index

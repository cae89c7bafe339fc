// What the vectors of each script's passages have in common.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "hanok/store.h"
#include "store/dense_index.h"
#include "store/scripts.h"

namespace hanok::store {

// Of more passages in a script this many, evenly spread over their ids, stand for all. The cosines of one question with
// passages of one language deviate by .02, so a mean of 1,024 is right to .0006; what that costs is some 10 ms where
// the vectors of a million passages come from the disk.
constexpr size_t kMeanSample = 1024;

/// Of one generation of a collection. Safe to use from several threads.
class ScriptMeans {
 public:
  /// vectors: nullptr where there are none.
  ScriptMeans(Scripts scripts, std::shared_ptr<const DenseIndex> vectors)
      : scripts_(std::move(scripts)), vectors_(std::move(vectors)) {}
  const Scripts& scripts() const { return scripts_; }
  /// By number of the script; only those with vectors. Measured at the first call: a collection in one script never
  /// asks.
  std::span<const ScriptMean> means() const;

 private:
  Scripts scripts_;
  std::shared_ptr<const DenseIndex> vectors_;
  mutable std::once_flag once_;
  mutable std::vector<ScriptMean> means_;
};

}  // namespace hanok::store

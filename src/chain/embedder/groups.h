// Texts that belong together, by their vectors.
#pragma once

#include <optional>
#include <vector>

#include "hanok/lm.h"

namespace hanok::chain {

/// k-means of a few texts in some hundred dimensions follows chance: most of the distance between two texts lies in
/// dimensions that tell no groups apart. k groups differ within the first k - 1 principal axes (Ding and He 2004), so
/// up to 500 rows are put into groups there. The best of several starts.
class Grouping {
 public:
  /// Of up to `most` groups. rows outlive this.
  Grouping(const Matrix& rows, size_t most);
  /// Each row's group of k, 1 <= k <= most and the number of rows.
  std::vector<uint32_t> groups(size_t k) const;
  /// The number of groups with the best silhouette.
  size_t suggested() const;

 private:
  const Matrix& rows_;
  size_t most_;
  std::optional<Matrix> axes_;  // [rows, most - 1]
};

}  // namespace hanok::chain

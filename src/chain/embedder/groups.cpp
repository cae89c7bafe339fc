#include "chain/embedder/groups.h"

#include <algorithm>

#include "hanok/index.h"
#include "hanok/similarity.h"

namespace hanok::chain {
namespace {

constexpr size_t kProjected = 500;                 // rows; of more, axes take seconds, and groups are found without
constexpr size_t kStarts = 10, kRowsInAll = 5000;  // several starts where they cost little

Matrix first_columns(const Matrix& from, size_t columns) {
  Matrix out{from.rows, columns, {}};
  for (size_t i = 0; i < from.rows; ++i) {
    const auto row = from.row(i).first(columns);
    out.data.insert(out.data.end(), row.begin(), row.end());
  }
  return out;
}

}  // namespace

Grouping::Grouping(const Matrix& rows, size_t most) : rows_(rows), most_(std::min(most, rows.rows)) {
  if (most_ >= 2 && rows.rows <= kProjected) axes_ = lm::principal_components(rows, std::min(most_ - 1, rows.dim));
}

std::vector<uint32_t> Grouping::groups(size_t k) const {
  if (k <= 1) return std::vector<uint32_t>(rows_.rows, 0);
  const Matrix projected = axes_ ? first_columns(*axes_, std::min(k - 1, axes_->dim)) : Matrix();
  const Matrix& from = axes_ ? projected : rows_;
  const size_t starts = std::clamp<size_t>(kRowsInAll / rows_.rows, 1, kStarts);
  std::optional<index::Clusters> best;
  for (size_t seed = 1; seed <= starts; ++seed) {
    auto found = index::cluster(from.data, from.dim, k, seed);
    if (!best || found.inertia < best->inertia) best = std::move(found);
  }
  return best->assignment;
}

size_t Grouping::suggested() const {
  if (most_ < 2) return 1;
  return lm::suggest_clusters(rows_, most_, [this](size_t k) { return groups(k); });
}

}  // namespace hanok::chain

#include "store/dense_index.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "index/exact_scan.h"
#include "math/distance.h"
#include "store/better.h"

namespace hanok::store {
namespace {

constexpr size_t kGrainFloats = 1 << 18;  // a megabyte of rows: some 50 us of work for a thread

// How many of the set lie in [first, last].
uint64_t in_range(const Bitmap& set, ChunkId first, ChunkId last) {
  return set.rank(last) - (first == 0 ? 0 : set.rank(first - 1));
}

std::vector<float> unit(std::span<const float> query) {
  std::vector<float> out(query.begin(), query.end());
  normalise(out);
  return out;
}

// A query, ready to be compared with rows as they are kept.
class Query {
 public:
  Query(std::span<const float> query, Metric metric)
      : values_(metric == Metric::Cosine ? unit(query) : std::vector<float>(query.begin(), query.end())),
        kernel_(metric == Metric::L2 ? math::distance().l2_f32 : math::distance().ip_f32),
        sign_(metric == Metric::L2 ? -1.0f : 1.0f) {}
  float score(const float* row) const { return sign_ * kernel_(values_.data(), row, values_.size()); }

 private:
  std::vector<float> values_;
  decltype(math::distance().ip_f32) kernel_;
  float sign_;
};

}  // namespace

void DenseIndex::add(VectorRows rows, std::shared_ptr<const void> owner, Bitmap skip) {
  if (!rows.ids.empty()) pieces_.push_back({rows, std::move(owner), std::move(skip)});
}

size_t DenseIndex::rows() const {
  size_t out = 0;
  for (const auto& p : pieces_) out += p.rows.ids.size() - std::min<size_t>(p.skip.cardinality(), p.rows.ids.size());
  return out;
}

std::vector<uint32_t> DenseIndex::candidates(const Piece& piece, const Bitmap* allowed) const {
  const auto ids = piece.rows.ids;
  std::vector<uint32_t> out;
  const uint64_t inside = allowed ? in_range(*allowed, ids.front(), ids.back()) : ids.size();
  if (inside == 0) return out;
  if (allowed && inside < ids.size() / 16) {  // few: look each one up
    auto id = allowed->begin();
    for (id.equalorlarger(ids.front()); id != allowed->end() && *id <= ids.back(); ++id) {
      const auto at = std::lower_bound(ids.begin(), ids.end(), *id);
      if (*at == *id && !piece.skip.contains(*id)) out.push_back(static_cast<uint32_t>(at - ids.begin()));
    }
    return out;
  }
  out.reserve(ids.size());
  for (uint32_t i = 0; i < ids.size(); ++i)
    if ((!allowed || allowed->contains(ids[i])) && !piece.skip.contains(ids[i])) out.push_back(i);
  return out;
}

std::vector<Match> DenseIndex::search(std::span<const float> query, size_t k, const Bitmap* allowed) const {
  const Query q(query, metric_);
  Best best(k);
  for (const auto& piece : pieces_) {
    const bool every = !allowed && piece.skip.isEmpty();
    const auto rows = every ? std::vector<uint32_t>() : candidates(piece, allowed);
    index::exact_scan(every ? piece.rows.ids.size() : rows.size(), std::max<size_t>(1, kGrainFloats / dim_), 0, best,
                      Better(), [&](size_t i, Best& own) {
                        const size_t row = every ? i : rows[i];
                        own.offer({piece.rows.ids[row], q.score(piece.rows.rows.data() + row * dim_)});
                      });
  }
  return best.take();
}

template <class Visit>
void DenseIndex::each_of(std::span<const ChunkId> ids, Visit visit) const {
  for (const auto& piece : pieces_) {
    const auto& have = piece.rows.ids;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < have.front() || ids[i] > have.back()) continue;
      const auto at = std::lower_bound(have.begin(), have.end(), ids[i]);
      if (at == have.end() || *at != ids[i] || piece.skip.contains(ids[i])) continue;
      visit(i, piece.rows.rows.data() + static_cast<size_t>(at - have.begin()) * dim_);
    }
  }
}

std::vector<float> DenseIndex::scores(std::span<const float> query, std::span<const ChunkId> ids) const {
  const Query q(query, metric_);
  std::vector<float> out(ids.size(), std::numeric_limits<float>::quiet_NaN());
  each_of(ids, [&](size_t i, const float* row) { out[i] = q.score(row); });
  return out;
}

std::vector<float> DenseIndex::cosines(std::span<const float> query, std::span<const ChunkId> ids) const {
  if (metric_ == Metric::Cosine) return scores(query, ids);
  const Query q(query, Metric::Cosine);
  std::vector<float> out(ids.size(), std::numeric_limits<float>::quiet_NaN());
  each_of(ids, [&](size_t i, const float* row) { out[i] = q.score(unit({row, dim_}).data()); });
  return out;
}

DenseIndex::Mean DenseIndex::mean(std::span<const ChunkId> ids) const {
  std::vector<double> sum(dim_);
  Mean out;
  each_of(ids, [&](size_t, const float* row) {
    ++out.rows;
    const double norm = metric_ == Metric::Cosine ? 1 : std::sqrt(math::distance().ip_f32(row, row, dim_));
    for (size_t d = 0; d < dim_ && norm > 0; ++d) sum[d] += row[d] / norm;
  });
  for (double& x : sum) x /= static_cast<double>(std::max<size_t>(1, out.rows));
  out.mean.assign(sum.begin(), sum.end());
  return out;
}

}  // namespace hanok::store

#include "store/dense_index.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "index/exact_scan.h"
#include "math/distance.h"
#include "store/code_scan.h"

namespace hanok::store {
namespace {

constexpr size_t kGrainFloats = 1 << 18;  // a megabyte of rows: some 50 us of work for a thread
constexpr size_t kListedShare = 16;       // of a piece's rows: fewer are looked up one by one

// How many of the set lie in [first, last].
uint64_t in_range(const Bitmap& set, ChunkId first, ChunkId last) {
  return set.rank(last) - (first == 0 ? 0 : set.rank(first - 1));
}

std::vector<float> unit(std::span<const float> query) {
  std::vector<float> out(query.begin(), query.end());
  normalise(out);
  return out;
}

}  // namespace

void DenseIndex::add(VectorRows rows, std::shared_ptr<const void> owner, Bitmap skip, std::shared_ptr<RowCodes> codes) {
  if (!rows.ids.empty()) pieces_.push_back({rows, std::move(owner), std::move(skip), std::move(codes)});
}

size_t DenseIndex::rows() const {
  size_t out = 0;
  for (const auto& p : pieces_) out += p.rows.ids.size() - std::min<size_t>(p.skip.cardinality(), p.rows.ids.size());
  return out;
}

std::vector<uint32_t> DenseIndex::candidates(const Piece& piece, size_t first, const Bitmap* allowed) const {
  const auto ids = piece.rows.ids;
  std::vector<uint32_t> out;
  if (first == ids.size()) return out;
  const uint64_t inside = allowed ? in_range(*allowed, ids[first], ids.back()) : ids.size() - first;
  if (inside == 0) return out;
  if (allowed && inside < ids.size() / kListedShare) {
    auto id = allowed->begin();
    for (id.equalorlarger(ids[first]); id != allowed->end() && *id <= ids.back(); ++id) {
      const auto at = std::lower_bound(ids.begin(), ids.end(), *id);
      if (*at == *id && !piece.skip.contains(*id)) out.push_back(static_cast<uint32_t>(at - ids.begin()));
    }
    return out;
  }
  out.reserve(ids.size() - first);
  for (size_t i = first; i < ids.size(); ++i)
    if ((!allowed || allowed->contains(ids[i])) && !piece.skip.contains(ids[i]))
      out.push_back(static_cast<uint32_t>(i));
  return out;
}

std::vector<Match> DenseIndex::search(std::span<const float> query, size_t k, const Bitmap* allowed) const {
  const RowQuery q(query, metric_);
  Best best(k);
  for (const auto& piece : pieces_) scan(piece, q, allowed, best);
  return best.take();
}

// By codes where there are some and many rows are looked at, else row by row.
void DenseIndex::scan(const Piece& piece, const RowQuery& query, const Bitmap* allowed, Best& best) const {
  const auto ids = piece.rows.ids;
  size_t first = 0;
  if (piece.codes && query.length() <= RowCodes::kLongest &&
      (!allowed || in_range(*allowed, ids.front(), ids.back()) >= ids.size() / kListedShare)) {
    if (piece.codes->scanned() > 0) {
      CodeScan wanted{piece.rows, query, allowed, piece.skip, best};
      piece.codes->run(wanted);
      first = wanted.coded;
    }
  }
  const bool every = !allowed && piece.skip.isEmpty();
  const auto rows = every ? std::vector<uint32_t>() : candidates(piece, first, allowed);
  index::exact_scan(every ? ids.size() - first : rows.size(), std::max<size_t>(1, kGrainFloats / dim_), 0, best,
                    Better(), [&](size_t i, Best& own) {
                      const size_t row = every ? first + i : rows[i];
                      own.offer({ids[row], query.score(piece.rows.rows.data() + row * dim_)});
                    });
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
  const RowQuery q(query, metric_);
  std::vector<float> out(ids.size(), std::numeric_limits<float>::quiet_NaN());
  each_of(ids, [&](size_t i, const float* row) { out[i] = q.score(row); });
  return out;
}

bool DenseIndex::row(ChunkId id, float* out) const {
  bool found = false;
  each_of({&id, 1}, [&](size_t, const float* row) {
    std::copy_n(row, dim_, out);
    found = true;
  });
  return found;
}

std::vector<float> DenseIndex::cosines(std::span<const float> query, std::span<const ChunkId> ids) const {
  if (metric_ == Metric::Cosine) return scores(query, ids);
  const RowQuery q(query, Metric::Cosine);
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

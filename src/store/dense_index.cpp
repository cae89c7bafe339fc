#include "store/dense_index.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "index/exact_scan.h"
#include "index/flat/pursuit.h"
#include "math/distance.h"

namespace hanok::store {
namespace {

constexpr size_t kGrainFloats = 1 << 18;  // a megabyte of rows: some 50 us of work for a thread
constexpr size_t kListedShare = 16;       // of a piece's rows: fewer are looked up one by one
constexpr double kSmallest = 1e-30;       // products of floats below lose digits

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

// A query, ready to be compared with rows as they are kept.
class DenseIndex::Query {
 public:
  Query(std::span<const float> query, Metric metric)
      : values_(metric == Metric::Cosine ? unit(query) : std::vector<float>(query.begin(), query.end())),
        kernel_(metric == Metric::L2 ? math::distance().l2_f32 : math::distance().ip_f32),
        sign_(metric == Metric::L2 ? -1.0f : 1.0f),
        length_(std::sqrt(index::exact_kernels().ip(values_.data(), values_.data(), values_.size()))) {}
  float score(const float* row) const { return sign_ * kernel_(values_.data(), row, values_.size()); }
  std::span<const float> values() const { return values_; }
  double length() const { return length_; }

  /// A row no longer than `longest` with this or a higher score() has no exact score below the result: kernels round
  /// (math/distance.h says how much).
  float reach(float score, double longest) const {
    const double error = 1.01 * static_cast<double>(values_.size() + 32) * 0x1p-24;
    const double exact = sign_ < 0 ? score / (1 - error) : score - error * length_ * longest;
    return std::nextafter(static_cast<float>(exact - kSmallest), -INFINITY);
  }

 private:
  std::vector<float> values_;
  decltype(math::distance().ip_f32) kernel_;
  float sign_;
  double length_;
};

// What a thread's scan of a piece's codes knows of the answer. floor: a threshold that holds for all threads.
class DenseIndex::Sought {
 public:
  Sought(const Piece& piece, const Query& query, Best& best, std::atomic<float>& floor)
      : piece_(piece), query_(query), longest_(piece.codes->longest()), best_(best), floor_(floor) {
    raise();
  }

  float threshold() const {
    const float own = best_.full() && best_.k() > 0 ? query_.reach(best_.worst().score, longest_) : -INFINITY;
    return std::max(own, floor_.load(std::memory_order_relaxed));
  }
  void raise() {
    const float own = threshold();
    for (float floor = floor_; floor < own && !floor_.compare_exchange_weak(floor, own);) {
    }
  }
  void score(size_t row) { best_.offer({piece_.rows.ids[row], query_.score(at(row))}); }
  void fetch(size_t row) const {
    for (size_t i = 0; i < query_.values().size(); i += 16) __builtin_prefetch(at(row) + i);
  }

 private:
  const float* at(size_t row) const { return piece_.rows.rows.data() + row * query_.values().size(); }

  const Piece& piece_;
  const Query& query_;
  double longest_;
  Best& best_;
  std::atomic<float>& floor_;
};

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
  const Query q(query, metric_);
  Best best(k);
  for (const auto& piece : pieces_) scan(piece, q, allowed, best);
  return best.take();
}

// By codes where there are some and many rows are looked at, else row by row.
void DenseIndex::scan(const Piece& piece, const Query& query, const Bitmap* allowed, Best& best) const {
  const auto ids = piece.rows.ids;
  size_t first = 0;
  if (piece.codes && query.length() <= RowCodes::kLongest &&
      (!allowed || in_range(*allowed, ids.front(), ids.back()) >= ids.size() / kListedShare)) {
    first = piece.codes->scanned();
    if (first > 0) scan_codes(piece, first, query, allowed, best);
  }
  const bool every = !allowed && piece.skip.isEmpty();
  const auto rows = every ? std::vector<uint32_t>() : candidates(piece, first, allowed);
  index::exact_scan(every ? ids.size() - first : rows.size(), std::max<size_t>(1, kGrainFloats / dim_), 0, best,
                    Better(), [&](size_t i, Best& own) {
                      const size_t row = every ? first + i : rows[i];
                      own.offer({ids[row], query.score(piece.rows.rows.data() + row * dim_)});
                    });
}

// The first `rows` rows. A thread keeps what it has found from slice to slice.
void DenseIndex::scan_codes(const Piece& piece, size_t rows, const Query& query, const Bitmap* allowed,
                            Best& best) const {
  if (best.k() == 0) return;
  const auto& codes = piece.codes->codes();
  const auto prepared = codes.prepare(query.values());
  const size_t threads = base::default_threads(), blocks = (rows + index::kScanRows - 1) / index::kScanRows;
  std::atomic<float> floor{-INFINITY};
  Sought(piece, query, best, floor);  // of the pieces before
  std::vector<Best> found(threads, Best(best.k()));
  base::parallel_for(
      blocks, piece.codes->slice_rows() / index::kScanRows,
      [&](size_t begin, size_t end, size_t worker) {
        Sought sought(piece, query, found[worker], floor);
        index::Pursuit pursuit(sought, best.k());
        float threshold = sought.threshold();
        codes.scan_blocks(
            begin, end, prepared, {&threshold, 1},
            [&](size_t, size_t first, uint32_t mask, const float* scores, const float* upper) {
              for (; mask; mask &= mask - 1) {
                const auto r = static_cast<size_t>(__builtin_ctz(mask));
                const ChunkId id = piece.rows.ids[first + r];
                if ((!allowed || allowed->contains(id)) && !piece.skip.contains(id))
                  pursuit.offer(first + r, scores[r], upper[r]);
              }
            },
            [&](size_t) {
              pursuit.settle();
              sought.raise();
              threshold = sought.threshold();
            });
        pursuit.finish();
        sought.raise();
      },
      threads);
  for (const Best& one : found)
    for (const Match& m : one.found()) best.offer(m);
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

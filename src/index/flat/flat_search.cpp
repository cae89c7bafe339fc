// Searches of kind "flat": by rows, or by the codes of scan.h and the rows that these cannot exclude.
#include <algorithm>
#include <cmath>
#include <new>

#include "base/threads.h"
#include "index/exact_scan.h"
#include "index/flat/flat.h"
#include "index/flat/pursuit.h"
#include "index/flat/scored.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kQueriesAtOnce = 256;  // a thread's share of a batch: its tiles stay in the cache
// Reading listed rows one by one costs about this many times a row's part of a scan over codes.
constexpr size_t kListedRowCost = 6;
constexpr float kSmallest = 1e-30f;  // float distances below lose digits

bool accepted(const IdFilter* filter, Id id) { return !filter || filter->accepts(id); }

}  // namespace

struct Flat::Seeker {
  const float* query = nullptr;
  double norm = 0;  // of the query, for Cosine
  BestRows best{0};
  std::vector<uint8_t> bytes = {};  // the query, where rows are bytes and it is too
};

double Flat::score(const Seeker& seeker, size_t row, float* scratch) const {
  if (!seeker.bytes.empty())  // whole numbers below 2^32: the same number as in float64
    return metric() == Metric::L2
               ? -static_cast<double>(math::distance().l2_u8(seeker.bytes.data(), rows_.raw(row), dim()))
               : math::distance().ip_u8(seeker.bytes.data(), rows_.raw(row), dim());
  if (rows_.storage() == Storage::U8 && metric() != Metric::Cosine)
    return metric() == Metric::L2 ? -exact_kernels().l2_bytes(seeker.query, rows_.raw(row), dim())
                                  : exact_kernels().ip_bytes(seeker.query, rows_.raw(row), dim());
  const float* x = rows_.floats(row, scratch);
  const double norm = metric() == Metric::Cosine ? std::sqrt(exact_kernels().ip(x, x, dim())) : 1;
  return exact_score(metric(), seeker.query, x, dim(), seeker.norm, norm);
}

// A row that float32 alone, with the error that math/distance.h promises, tells to be farther than the threshold.
bool Flat::surely_beyond(const Seeker& seeker, size_t row, float threshold) const {
  if (rows_.storage() != Storage::F32 || metric() != Metric::L2 || threshold == -INFINITY) return false;
  const float error = 1.01f * static_cast<float>(dim() + 32) * 0x1p-24f,  // and what the second order adds
      distance = math::distance().l2_f32(seeker.query, rows_.floats(row, nullptr), dim());
  return std::isfinite(distance) && distance * (1 - error) + threshold > kSmallest;
}

// visit(row, best) for every row that the filter lets through, in float64.
template <typename Visit>
void Flat::visit_rows(const IdFilter* filter, BestRows& best, const Visit& visit) const {
  constexpr size_t kOneThread = 1;  // a batch shares its queries out, and not the rows of each
  const std::less<Scored> better;
  if (filter && filter->listed()) {
    const auto ids = *filter->listed();
    return exact_scan(ids.size(), ids.size(), kOneThread, best, better, [&](size_t i, BestRows& own) {
      if (const uint32_t row = slot(ids[i]); row != IdMap::kNone && filter->accepts_listed(ids[i])) visit(row, own);
    });
  }
  exact_scan(ids_.size(), ids_.size(), kOneThread, best, better, [&](size_t row, BestRows& own) {
    if (accepted(filter, ids_[row])) visit(row, own);
  });
}

// What a coded scan knows of one query's answer.
class Flat::Sought {
 public:
  Sought(const Flat& flat, const float* query, size_t k)
      : flat_(flat), seeker_{query, 0, BestRows(k)}, scratch_(flat.dim()) {
    seeker_.norm = std::sqrt(exact_kernels().ip(query, query, flat.dim()));
    if (flat.rows_.storage() == Storage::U8 && flat.metric() != Metric::Cosine && all_bytes({query, flat.dim()}))
      seeker_.bytes.assign(query, query + flat.dim());
  }

  float threshold() const {
    const double exact = threshold_of(seeker_.best);
    return std::isinf(exact) ? static_cast<float>(exact) : std::nextafter(static_cast<float>(exact), -INFINITY);
  }
  void score(size_t row) {
    if (flat_.surely_beyond(seeker_, row, threshold())) return;
    seeker_.best.offer({flat_.score(seeker_, row, scratch_.data()), flat_.ids_[row]});
  }
  void fetch(size_t row) const { flat_.rows_.prefetch(row); }
  std::vector<Match> take() { return to_matches(flat_.metric(), seeker_.best.take()); }

 private:
  const Flat& flat_;
  Seeker seeker_;
  std::vector<float> scratch_;
};

void Flat::search_coded(const ScanCodes& codes, std::span<const float> queries, std::span<std::vector<Match>> out,
                        size_t k, const SearchOptions& options) const {
  const size_t n = queries.size() / dim();
  std::vector<Sought> sought;
  std::vector<Pursuit<Sought>> pursuits;
  sought.reserve(n);
  for (size_t q = 0; q < n; ++q) {
    sought.emplace_back(*this, queries.data() + q * dim(), std::min(k, ids_.size()));
    pursuits.emplace_back(sought.back(), std::min(k, ids_.size()));
  }
  std::vector<float> thresholds(n, -INFINITY);
  codes.scan(
      codes.prepare(queries), thresholds,
      [&](size_t q, size_t first, uint32_t mask, const float* scores, const float* upper) {
        for (; mask; mask &= mask - 1) {
          const auto r = static_cast<size_t>(__builtin_ctz(mask));
          if (accepted(options.filter, ids_[first + r])) pursuits[q].offer(first + r, scores[r], upper[r]);
        }
      },
      [&](size_t q) {
        pursuits[q].settle();
        thresholds[q] = sought[q].threshold();
      });
  for (size_t q = 0; q < n; ++q) {
    pursuits[q].finish();
    out[q] = sought[q].take();
  }
}

bool Flat::lists_few(const IdFilter* filter) const {
  return filter && filter->listed() && filter->listed()->size() < ids_.size() / kListedRowCost;
}

std::vector<Match> Flat::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  check_query(query);
  return std::move(search_batch(query, k, options)[0]);
}

std::vector<std::vector<Match>> Flat::search_batch(std::span<const float> queries, size_t k,
                                                   const SearchOptions& options) const {
  check_queries(queries);
  const size_t n = queries.size() / dim();
  std::vector<std::vector<Match>> out(n);
  Gate::Reader reader(gate_);
  if (k == 0 || ids_.empty()) return out;
  const bool few = lists_few(options.filter);
  const ScanCodes* coded = few ? nullptr : codes(n);
  const size_t threads = options.threads ? options.threads : base::default_threads();
  const size_t share = (n + threads - 1) / threads;
  const size_t grain =
      coded ? std::clamp((share + kScanQueries - 1) / kScanQueries * kScanQueries, kScanQueries, kQueriesAtOnce) : 1;
  base::parallel_for(
      n, grain,
      [&](size_t begin, size_t end, size_t) {
        const auto own = queries.subspan(begin * dim(), (end - begin) * dim());
        if (coded) return search_coded(*coded, own, std::span(out).subspan(begin, end - begin), k, options);
        for (size_t q = begin; q < end; ++q) {
          Seeker seeker{queries.data() + q * dim(), 0, BestRows(std::min(k, ids_.size()))};
          seeker.norm = std::sqrt(exact_kernels().ip(seeker.query, seeker.query, dim()));
          std::vector<float> scratch(dim());
          visit_rows(options.filter, seeker.best, [&](size_t row, BestRows& best) {
            best.offer({score(seeker, row, scratch.data()), ids_[row]});
          });
          out[q] = to_matches(metric(), seeker.best.take());
        }
      },
      threads);
  return out;
}

std::vector<Match> Flat::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_range(query, radius);
  Gate::Reader reader(gate_);
  const double least = metric() == Metric::L2 ? -static_cast<double>(radius) : radius;
  const Seeker seeker{query.data(), std::sqrt(exact_kernels().ip(query.data(), query.data(), dim())), BestRows(0)};
  std::vector<Scored> found;
  std::vector<float> scratch(dim());
  const auto visit = [&](size_t row) {
    const double s = score(seeker, row, scratch.data());
    if (s >= least) found.push_back({s, ids_[row]});
  };
  if (const ScanCodes* coded = lists_few(options.filter) ? nullptr : codes(1)) {
    const auto prepared = coded->prepare(query);
    const float threshold = std::nextafter(static_cast<float>(least), -INFINITY);  // rounding may not exclude a row
    coded->scan(
        prepared, {&threshold, 1},
        [&](size_t, size_t first, uint32_t mask, const float*, const float*) {
          for (; mask; mask &= mask - 1) {
            const size_t row = first + static_cast<size_t>(__builtin_ctz(mask));
            if (accepted(options.filter, ids_[row])) visit(row);
          }
        },
        [](size_t) {});
  } else {
    BestRows unused(ids_.size());
    visit_rows(options.filter, unused, [&](size_t row, BestRows&) { visit(row); });
  }
  std::sort(found.begin(), found.end());
  return to_matches(metric(), found);
}

}  // namespace hanok::index

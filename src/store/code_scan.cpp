#include "store/code_scan.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/threads.h"
#include "index/flat/pursuit.h"

namespace hanok::store {
namespace {

// What a thread knows of one scan's answer. floor: a threshold that holds for all threads.
class Sought {
 public:
  Sought(const CodeScan& scan, double longest, Best& best, std::atomic<float>& floor)
      : rows_(scan.rows), query_(scan.query), longest_(longest), best_(best), floor_(floor) {
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
  void score(size_t row) { best_.offer({rows_.ids[row], query_.score(at(row))}); }
  void fetch(size_t row) const {
    for (size_t i = 0; i < query_.values().size(); i += 16) __builtin_prefetch(at(row) + i);
  }

 private:
  const float* at(size_t row) const { return rows_.rows.data() + row * query_.values().size(); }

  const VectorRows& rows_;
  const RowQuery& query_;
  double longest_;
  Best& best_;
  std::atomic<float>& floor_;
};

// One pass for several scans, by several threads. A thread keeps what it has found from slice to slice.
class Pass {
 public:
  Pass(const RowCodes& codes, std::span<CodeScan* const> scans)
      : codes_(codes), scans_(scans), longest_(codes.longest()), floors_(scans.size()) {
    std::vector<float> queries;
    for (size_t q = 0; q < scans.size(); ++q) {
      queries.insert(queries.end(), scans[q]->query.values().begin(), scans[q]->query.values().end());
      floors_[q] = -INFINITY;
      Sought(*scans[q], longest_, scans[q]->best, floors_[q]);  // of the pieces before
    }
    prepared_ = codes.codes().prepare(queries);
  }

  void run(size_t rows) {
    const size_t threads = base::default_threads(), blocks = (rows + index::kScanRows - 1) / index::kScanRows;
    for (size_t i = 0; i < threads; ++i)
      for (const CodeScan* scan : scans_) found_.emplace_back(scan->best.k());
    base::parallel_for(
        blocks, codes_.slice_rows() / index::kScanRows,
        [&](size_t begin, size_t end, size_t worker) { slice(begin, end, &found_[worker * scans_.size()]); }, threads);
    for (size_t i = 0; i < found_.size(); ++i)
      for (const Match& m : found_[i].found()) scans_[i % scans_.size()]->best.offer(m);
  }

 private:
  // found: this thread's answers so far, one a scan.
  void slice(size_t begin, size_t end, Best* found) {
    const size_t n = scans_.size();
    std::vector<Sought> sought;
    std::vector<index::Pursuit<Sought>> pursuits;
    std::vector<float> thresholds(n);
    sought.reserve(n);
    pursuits.reserve(n);
    for (size_t q = 0; q < n; ++q) {
      pursuits.emplace_back(sought.emplace_back(*scans_[q], longest_, found[q], floors_[q]), found[q].k());
      thresholds[q] = sought[q].threshold();
    }
    codes_.codes().scan_blocks(
        begin, end, prepared_, thresholds,
        [&](size_t q, size_t first, uint32_t mask, const float* scores, const float* upper) {
          const CodeScan& scan = *scans_[q];
          for (; mask; mask &= mask - 1) {
            const auto r = static_cast<size_t>(__builtin_ctz(mask));
            const ChunkId id = scan.rows.ids[first + r];
            if ((!scan.allowed || scan.allowed->contains(id)) && !scan.skip.contains(id))
              pursuits[q].offer(first + r, scores[r], upper[r]);
          }
        },
        [&](size_t q) {
          pursuits[q].settle();
          sought[q].raise();
          thresholds[q] = sought[q].threshold();
        });
    for (size_t q = 0; q < n; ++q) {
      pursuits[q].finish();
      sought[q].raise();
    }
  }

  const RowCodes& codes_;
  const std::span<CodeScan* const> scans_;
  const double longest_;
  std::vector<std::atomic<float>> floors_;  // one a scan
  index::ScanCodes::Queries prepared_;
  std::vector<Best> found_;  // [threads, scans]
};

}  // namespace

void scan_codes(const RowCodes& codes, std::span<CodeScan* const> scans) {
  const size_t rows = codes.ready();
  std::vector<CodeScan*> wanted;
  for (CodeScan* scan : scans) {
    scan->coded = rows;
    if (scan->best.k() > 0) wanted.push_back(scan);
  }
  if (rows > 0 && !wanted.empty()) Pass(codes, wanted).run(rows);
}

}  // namespace hanok::store

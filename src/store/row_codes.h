// Codes of eight bits beside the rows of one piece of vectors: a scan of all looks at these, and reads the rows that
// their bound does not exclude (index/flat/scan.h, docs/index/flat.md). The answer is that of a scan of the rows.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>

#include "base/together.h"
#include "hanok/records.h"
#include "index/flat/scan.h"
#include "store/vector_file.h"

namespace hanok::store {

struct CodeScan;

/// Made while scans are asked for: after some of them each codes one slice of the rows, so that none waits long. All
/// methods may be called from any thread.
class RowCodes {
 public:
  /// Of rows that are kept for as long as this is used.
  RowCodes(VectorRows rows, Metric metric) : rows_(rows), metric_(metric) {}
  RowCodes(const RowCodes&) = delete;
  RowCodes& operator=(const RowCodes&) = delete;

  /// Counts a scan, which may make some codes: so many rows from the first on have them now, whole slices or all.
  size_t scanned();
  /// Makes all that can be made: for who is about to measure what a scan takes.
  void finish();
  /// Rows that one thread codes or scans at a time; whole blocks of codes.
  size_t slice_rows() const;

  /// Looks for what a caller wants among the rows that have codes, together with what others want meanwhile.
  void run(CodeScan& wanted);

  /// So many rows from the first on have codes.
  size_t ready() const { return ready_.load(std::memory_order_acquire); }
  /// Only where ready() is not 0.
  const index::ScanCodes& codes() const { return *codes_; }
  /// >= the length of every row that has codes, and at most kLongest.
  double longest() const { return longest_.load(); }
  /// Beyond this length sums in float may overflow: such rows have no codes.
  static constexpr double kLongest = 1e15;

 private:
  size_t dim() const { return rows_.rows.size() / rows_.ids.size(); }
  void code_slice();

  const VectorRows rows_;
  const Metric metric_;
  std::mutex making_;  // of what follows
  std::unique_ptr<index::ScanCodes> codes_;
  std::atomic<double> longest_{0};
  std::atomic<size_t> ready_{0}, scans_{0};
  std::atomic<bool> ended_{false};  // all are made, or no more can be
  base::Together<CodeScan> scanning_;
};

}  // namespace hanok::store

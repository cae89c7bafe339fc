#include "store/row_codes.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

#include "store/code_scan.h"

namespace hanok::store {
namespace {

constexpr size_t kRowsWorthCodes = 512;   // below, a plain scan takes some 100 microseconds at most
constexpr size_t kScansWorthCodes = 24;   // making codes costs about as much as this many plain scans
constexpr size_t kSliceFloats = 1 << 19;  // of two megabytes of rows, coded in some two milliseconds
constexpr size_t kRowsSampled = 1024;     // for the centre

// The mean of some rows, one of each stretch. Any centre is right, a near one makes the bound small.
std::vector<float> centre_of(const VectorRows& rows, size_t dim) {
  const size_t n = rows.ids.size(), stride = (n + kRowsSampled - 1) / kRowsSampled;
  std::vector<double> sum(dim);
  size_t count = 0;
  for (size_t i = 0; i < n; i += stride, ++count)
    for (size_t j = 0; j < dim; ++j) sum[j] += rows.rows[i * dim + j];
  std::vector<float> out(dim);
  for (size_t j = 0; j < dim; ++j) out[j] = static_cast<float>(sum[j] / static_cast<double>(count));
  return out;
}

double longest_of(std::span<const float> rows, size_t dim) {
  double out = 0;
  for (size_t i = 0; i < rows.size(); i += dim)
    out = std::max(out, index::exact_kernels().ip(rows.data() + i, rows.data() + i, dim));
  return std::sqrt(out);
}

}  // namespace

size_t RowCodes::slice_rows() const {
  return std::max<size_t>(1, kSliceFloats / dim() / index::kScanRows) * index::kScanRows;
}

size_t RowCodes::scanned() {
  if (!ended_.load(std::memory_order_relaxed) && rows_.ids.size() >= kRowsWorthCodes &&
      scans_.fetch_add(1, std::memory_order_relaxed) >= kScansWorthCodes)
    code_slice();
  return ready();
}

void RowCodes::run(CodeScan& wanted) {
  scanning_.run(wanted, [this](std::span<CodeScan* const> scans) { scan_codes(*this, scans); });
}

void RowCodes::finish() {
  while (!ended_ && rows_.ids.size() >= kRowsWorthCodes) code_slice();
}

// One more, unless another scan is at it.
void RowCodes::code_slice() {
  const std::unique_lock lock(making_, std::try_to_lock);
  if (!lock || ended_) return;
  const size_t n = rows_.ids.size(), first = ready_, last = std::min(n, first + slice_rows());
  const auto slice = rows_.rows.subspan(first * dim(), (last - first) * dim());
  const double longest = longest_of(slice, dim());
  if (!(longest <= kLongest)) {
    ended_ = true;
    return;
  }
  try {
    if (!codes_) {
      auto made =
          std::make_unique<index::ScanCodes>(metric_ == Metric::L2 ? index::Metric::L2 : index::Metric::InnerProduct,
                                             centre_of(rows_, dim()), index::Subspace(dim()));
      made->resize(n);
      codes_ = std::move(made);
    }
    codes_->set(first, slice);
  } catch (const std::bad_alloc&) {  // codes only save time: without them the scan reads the rows
    ended_ = true;
    return;
  }
  longest_ = std::max(longest_.load(), longest);
  ready_.store(last, std::memory_order_release);
  if (last == n) ended_ = true;
}

}  // namespace hanok::store

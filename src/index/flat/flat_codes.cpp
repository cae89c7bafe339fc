// The codes of kind "flat": when they are made, where, and how they follow what changes.
//
// codes_ has codes of the first coded_ rows; codes_ready_ is set when that is all of them, and then changes keep them
// so. Who makes them holds a Gate::Reader and making_, so a change (Gate::Writer) never meets one who does.
#include <algorithm>
#include <cmath>
#include <new>
#include <system_error>

#include "base/log.h"
#include "base/threads.h"
#include "index/flat/flat.h"

namespace hanok::index {
namespace {

constexpr size_t kRowsWorthCodes = 512;        // below, a plain scan takes some 100 microseconds at most
constexpr size_t kScansWorthCodes = 24;        // making codes costs about as much as this many plain scans
constexpr size_t kRowsWorthDirections = 4096;  // below, finding directions costs more than it saves
constexpr size_t kRowsSampled = 4096;          // for the centre and the directions of codes
constexpr double kLongest = 1e15;              // rows longer than that are not summed in float
constexpr size_t kGrowthWorthCodes = 4;        // after which centre and directions are looked for again
constexpr size_t kWaitedFor = 4 << 20;         // numbers that are coded in some ten milliseconds
constexpr size_t kAtOnce = 1 << 20;            // numbers coded in the background while a change would wait

}  // namespace

// Codes of the rows [first, last).
void Flat::encode(ScanCodes& codes, size_t first, size_t last) const {
  constexpr size_t kRows = 64;
  std::vector<float> block;
  for (; first < last; first += kRows) {
    const size_t n = std::min(kRows, last - first);
    block.resize(n * dim());
    for (size_t i = 0; i < n; ++i) rows_.decode(first + i, block.data() + i * dim());
    codes.set(first, block);
  }
}

// The codes; null before enough has been searched to pay for them, and while they are made. What pays for them alone
// (a batch), or hardly waits, makes them itself. Needs a Gate::Reader.
const ScanCodes* Flat::codes(size_t queries) const {
  if (const ScanCodes* ready = codes_ready_.load(std::memory_order_acquire)) return ready;
  if (ids_.size() < kRowsWorthCodes || scans_.fetch_add(queries) + queries < kScansWorthCodes) return nullptr;
  const bool pays = queries >= kScansWorthCodes;
  if (!pays && ids_.size() * dim() > kWaitedFor) {
    code_in_background();
    return nullptr;
  }
  std::unique_lock making(making_, std::defer_lock);
  if (pays)
    making.lock();
  else if (!making.try_lock())
    return nullptr;  // another search makes them: this one need not wait
  try {
    if (!codes_) codes_ = learn_codes(sampled(), ids_.size());
    code_some(ids_.size(), 0);
  } catch (const std::bad_alloc&) {  // codes only save time: the scan reads the rows
    forget_codes();
  }
  return codes_ready_.load();
}

// Of at most `rows` more, on so many threads. Needs a Gate::Reader and making_.
void Flat::code_some(size_t rows, size_t threads) const {
  if (codes_ready_.load()) return;
  const size_t n = ids_.size(), first = coded_, last = std::min(n, first + rows);
  codes_->resize(n);
  // Whole blocks a thread, as a block's sixteen rows share cache lines.
  constexpr size_t kGrain = 64 * kScanRows;
  const size_t begin = first / kScanRows * kScanRows;
  base::parallel_for(
      last - begin, kGrain,
      [&](size_t from, size_t to, size_t) { encode(*codes_, std::max(first, begin + from), begin + to); }, threads);
  coded_ = last;
  if (last < n) return;
  coded_for_ = n;
  codes_ready_.store(codes_.get(), std::memory_order_release);
}

void Flat::code_in_background() const {
  try {
    background_.start([this](const std::atomic<bool>& stop) {
      std::unique_ptr<ScanCodes> learned;
      while (!stop) try {
          std::vector<float> sample;
          size_t rows = 0;
          {
            Gate::Reader reader(gate_);
            std::lock_guard making(making_);
            if (codes_ready_.load() || ids_.size() < kRowsWorthCodes) return;
            if (!codes_) codes_ = std::move(learned);
            if (codes_)
              code_some(std::max<size_t>(kAtOnce / dim(), kScanRows), 1);
            else
              sample = sampled(), rows = ids_.size();
          }
          if (!sample.empty()) learned = learn_codes(std::move(sample), rows);  // nobody waits for that
        } catch (const std::bad_alloc&) {
          Gate::Reader reader(gate_);
          std::lock_guard making(making_);
          return forget_codes();
        }
    });
  } catch (const std::system_error& e) {
    base::log().warn("flat index: no thread to make codes on ({}); searches go on reading the rows", e.what());
    scans_ = 0;
  }
}

std::vector<float> Flat::sampled() const {
  const size_t stride = (ids_.size() + kRowsSampled - 1) / kRowsSampled, n = (ids_.size() + stride - 1) / stride;
  std::vector<float> sample(n * dim());
  for (size_t i = 0; i < n; ++i) rows_.decode(i * stride, sample.data() + i * dim());
  return sample;
}

// Centre and directions of codes, from a sample of the rows. Any are right for any rows; those of a sample exclude
// most.
std::unique_ptr<ScanCodes> Flat::learn_codes(std::vector<float> sample, size_t rows) const {
  const size_t n = sample.size() / dim();
  std::vector<float> centre(dim());
  std::vector<double> sum(dim());
  double longest = 0;
  for (size_t i = 0; i < n; ++i) {
    const std::span<float> row(sample.data() + i * dim(), dim());
    const double length = std::sqrt(exact_kernels().ip(row.data(), row.data(), dim()));
    longest = std::max(longest, length);
    if (metric() == Metric::Cosine)
      for (float& v : row) v = static_cast<float>(v / length);
    for (size_t j = 0; j < dim(); ++j) sum[j] += row[j];
  }
  for (size_t j = 0; j < dim(); ++j) centre[j] = static_cast<float>(sum[j] / static_cast<double>(n));
  if (rows < kRowsWorthDirections || longest > kLongest)
    return std::make_unique<ScanCodes>(metric(), centre, Subspace(dim()));
  for (size_t i = 0; i < sample.size(); ++i) sample[i] -= centre[i % dim()];
  const ScanKernels& kernels = math::kernels<ScanKernels>();
  ScanCosts costs;
  costs.row_limit = kernels.row_limit, costs.query_limit = kernels.query_limit;
  return std::make_unique<ScanCodes>(metric(), centre, cheapest_subspace(sample, centre, metric(), rows, costs));
}

// Needs making_ or a Gate::Writer, and that no search uses them: they are not ready, or a Gate::Writer.
void Flat::forget_codes() const {
  codes_ready_ = nullptr;
  codes_.reset();
  coded_ = 0;
  scans_ = 0;
}

// After rows from `first` on were added. Needs a Gate::Writer, as all below.
void Flat::codes_grow(size_t first) {
  if (!codes_ready_.load()) return;  // those in the making come to these rows
  if (ids_.size() > coded_for_ * kGrowthWorthCodes) return forget_codes();
  try {
    codes_->resize(ids_.size());
    encode(*codes_, first, ids_.size());
    coded_ = ids_.size();
  } catch (const std::bad_alloc&) {  // codes only save time: without them the scan reads the rows
    forget_codes();
  }
}

// After this row became another.
void Flat::codes_change(size_t row) {
  if (!codes_ || row >= coded_) return;
  try {
    encode(*codes_, row, row + 1);
  } catch (const std::bad_alloc&) {
    forget_codes();
  }
}

// After row `from` took the place of row `to`.
void Flat::codes_move(size_t from, size_t to) {
  if (!codes_ || to >= coded_) return;
  if (from < coded_)
    codes_->copy(from, to);
  else
    codes_change(to);
}

// After the last row went away.
void Flat::codes_shrink() {
  if (!codes_) return;
  coded_ = std::min(coded_, ids_.size());
  if (codes_->rows() > ids_.size()) codes_->resize(ids_.size());
}

}  // namespace hanok::index

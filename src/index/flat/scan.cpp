#include "index/flat/scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hanok::index {
namespace {

// Sums below are made in float64 over at most 65,536 terms (relative error < 2^-36), then rounded to float (2^-24).
// One factor of 1 + 2^-20 covers both, generously.
constexpr double kUp = 1 + 0x1p-20;
// Score and error are evaluated in float in at most eight operations: relative error of each term below 8 * 2^-24.
// kSlack = 2^-20 of the sum of the terms' sizes is twice that.
constexpr double kSlack = 0x1p-20;
// What float loses below its smallest normal number, 1.2e-38, in a few operations.
constexpr double kUnderflow = 1e-36;

// Nearest whole number of |x| < 2^51, in two additions that compilers vectorise, where nearbyint is a call.
double nearest(double x) {
  constexpr double kMagic = 0x1.8p52;
  return (x + kMagic) - kMagic;
}

float up(double value) { return static_cast<float>(value * kUp); }

}  // namespace

ScanKernels scan_kernels(math::Level level) {
  ScanKernels table{};
  fill_scan_scalar(table);
#if defined(__x86_64__)
  if (level >= math::Level::Avx2) fill_scan_avx2(table);
  if (level >= math::Level::Vnni) fill_scan_vnni(table);
#endif
  return table;
}

const ExactKernels& exact_kernels() {
  static const ExactKernels table = [] {
    ExactKernels t{};
    fill_exact_scalar(t);
#if defined(__x86_64__)
    if (math::level() >= math::Level::Avx2) fill_exact_avx2(t);
#endif
    return t;
  }();
  return table;
}

double exact_score(Metric metric, const float* query, const float* row, size_t dim, double query_norm,
                   double row_norm) {
  const ExactKernels& kernels = exact_kernels();
  if (metric == Metric::L2) return -kernels.l2(query, row, dim);
  const double dot = kernels.ip(query, row, dim);
  return metric == Metric::InnerProduct ? dot : dot / (query_norm * row_norm);
}

ScanCodes::ScanCodes(size_t dim, Metric metric, std::vector<float> centre, math::Level level)
    : dim_(dim),
      groups_((dim + 15) / 16 * 4),
      metric_(metric),
      centre_(std::move(centre)),
      kernels_(scan_kernels(level)) {}

void ScanCodes::resize(size_t rows) {
  rows_ = rows;
  const size_t blocks = (rows + kScanRows - 1) / kScanRows;
  if (blocks > blocks_.capacity()) {  // an eighth to spare: doubling would cost more memory than it saves time
    blocks_.reserve(blocks + blocks / 8);
    codes_.reserve((blocks + blocks / 8) * groups_ * 64);
  }
  blocks_.resize(blocks);
  codes_.resize(blocks * groups_ * 64);
}

void ScanCodes::set(size_t row, const float* x) {
  thread_local std::vector<double> centred;
  centred.resize(dim_);
  double norm = 1;
  if (metric_ == Metric::Cosine) norm = std::sqrt(exact_kernels().ip(x, x, dim_));
  double largest = 0, squares = 0;
  for (size_t j = 0; j < dim_; ++j) {
    centred[j] = x[j] / norm - centre_[j];
    largest = std::max(largest, std::abs(centred[j]));
    squares += centred[j] * centred[j];
  }
  const float scale = std::max(static_cast<float>(largest / kernels_.row_limit), 1e-30f);
  uint8_t* out = codes_.data() + row / kScanRows * groups_ * 64 + row % kScanRows * 4;
  double residual = 0;
  for (size_t j = 0; j < dim_; ++j) {
    const double limit = kernels_.row_limit;
    const double code = std::clamp(nearest(centred[j] / scale), -limit, limit);
    out[j / 4 * 64 + j % 4] = static_cast<uint8_t>(static_cast<int>(code) + kernels_.row_offset);
    const double rest = centred[j] - scale * code;
    residual += rest * rest;
  }
  ScanRows& block = blocks_[row / kScanRows];
  const size_t r = row % kScanRows;
  block.scale[r] = scale;
  block.residual[r] = up(std::sqrt(residual));
  block.norm[r] = up(std::sqrt(squares) + std::sqrt(residual));  // >= |scale * code| by the triangle inequality
  block.bias[r] = metric_ == Metric::L2 ? static_cast<float>(-squares) : 0.0f;
  block.slack[r] = metric_ == Metric::L2 ? up(kSlack * squares) : 0.0f;
}

ScanCodes::Queries ScanCodes::prepare(std::span<const float> queries) const {
  const size_t n = queries.size() / dim_, tile_bytes = groups_ * kScanQueries * 4;
  Queries out;
  out.tiles.assign((n + kScanQueries - 1) / kScanQueries * tile_bytes, 0);
  for (size_t q = 0; q < n; ++q)
    out.terms.push_back(prepare_one(queries.data() + q * dim_,
                                    out.tiles.data() + q / kScanQueries * tile_bytes + q % kScanQueries * 4));
  return out;
}

ScanQuery ScanCodes::prepare_one(const float* x, int8_t* tile) const {
  std::vector<double> centred(dim_);
  const double length = metric_ == Metric::Cosine ? std::sqrt(exact_kernels().ip(x, x, dim_)) : 1;
  double largest = 0, squares = 0, constant = 0;
  for (size_t j = 0; j < dim_; ++j) {
    const double own = x[j] / length;
    centred[j] = metric_ == Metric::L2 ? own - centre_[j] : own;
    constant += own * centre_[j];
    largest = std::max(largest, std::abs(centred[j]));
    squares += centred[j] * centred[j];
  }
  const double scale = std::max(largest / kernels_.query_limit, 1e-30);
  double residual = 0;
  int32_t sum = 0;
  for (size_t j = 0; j < dim_; ++j) {
    const double code = nearest(centred[j] / scale);
    tile[j / 4 * kScanQueries * 4 + j % 4] = static_cast<int8_t>(code);
    sum += static_cast<int32_t>(code);
    const double rest = centred[j] - scale * code;
    residual += rest * rest;
  }
  const double factor = metric_ == Metric::L2 ? 2 : 1, norm = std::sqrt(squares);
  ScanQuery out;
  out.offset = sum * kernels_.row_offset;
  out.weight = static_cast<float>(factor * scale);
  out.by_residual = up(factor * norm);
  out.by_norm = up(factor * (std::sqrt(residual) + kSlack * (norm + std::sqrt(residual))));
  out.constant = static_cast<float>(metric_ == Metric::L2 ? -squares : constant);
  // |<q, centre>| may be small though its terms are not; |q| |centre| bounds the float64 sum's own error many times
  // over.
  double centre_norm = 0;
  for (const float c : centre_) centre_norm += static_cast<double>(c) * c;
  out.slack =
      up(kUnderflow +
         kSlack * (metric_ == Metric::L2 ? squares : std::abs(constant) + 0x1p-16 * norm * std::sqrt(centre_norm)));
  return out;
}

}  // namespace hanok::index

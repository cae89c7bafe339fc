#include "index/flat/scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hanok::index {
namespace {

// Sums below are made in float64 over at most 65,536 terms (relative error < 2^-36), then rounded to float (2^-24).
// One factor of 1 + 2^-20 covers both, generously.
constexpr double kUp = 1 + 0x1p-20;
// Score and error are evaluated in float in at most ten operations: relative error of each term below 10 * 2^-24.
// kSlack = 2^-20 of the sum of the terms' sizes is more than that.
constexpr double kSlack = 0x1p-20;
// What float loses below its smallest normal number, 1.2e-38, in a few operations.
constexpr double kUnderflow = 1e-36;

// Nearest whole number of |x| < 2^51, in two additions that compilers vectorise, where nearbyint is a call.
double nearest(double x) {
  constexpr double kMagic = 0x1.8p52;
  return (x + kMagic) - kMagic;
}

double squares_of(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return sum;
}

float up(double value) { return static_cast<float>(value * kUp); }

}  // namespace

double exact_score(Metric metric, const float* query, const float* row, size_t dim, double query_norm,
                   double row_norm) {
  const ExactKernels& kernels = exact_kernels();
  if (metric == Metric::L2) return -kernels.l2(query, row, dim);
  const double dot = kernels.ip(query, row, dim);
  return metric == Metric::InnerProduct ? dot : dot / (query_norm * row_norm);
}

ScanCodes::ScanCodes(Metric metric, std::vector<float> centre, Subspace subspace, math::Features features)
    : dim_(centre.size()),
      groups_((subspace.size() + 15) / 16 * 4),
      metric_(metric),
      centre_(std::move(centre)),
      subspace_(std::move(subspace)),
      kernels_(math::kernels<ScanKernels>(features)) {}

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

std::vector<double> ScanCodes::widened(std::span<const float> x, bool centred) const {
  std::vector<double> out(x.size());
  for (size_t i = 0; i < x.size(); i += dim_) {
    const float* row = x.data() + i;
    const double length = metric_ == Metric::Cosine ? std::sqrt(exact_kernels().ip(row, row, dim_)) : 1;
    for (size_t j = 0; j < dim_; ++j) out[i + j] = row[j] / length - (centred ? centre_[j] : 0.0f);
  }
  return out;
}

// Whether coordinates that were summed in float are as near as Subspace promises: they did not overflow, and no digits
// were lost below float's smallest normal number. A vector that is not trusted has an infinite bound: every row is
// kept.
bool ScanCodes::trusted(double squares, double inside) const {
  constexpr double kShortest = 1e-60;  // squared
  return std::isfinite(inside) && (subspace_.whole() || squares == 0 || squares >= kShortest);
}

void ScanCodes::set(size_t first, std::span<const float> x) {
  constexpr size_t kAtOnce = 64;
  std::vector<double> coordinates(kAtOnce * subspace_.size());
  for (size_t i = 0; i * dim_ < x.size(); i += kAtOnce) {
    const auto rows = x.subspan(i * dim_, std::min(kAtOnce * dim_, x.size() - i * dim_));
    const auto centred = widened(rows, true);
    subspace_.project(centred, coordinates.data());
    for (size_t r = 0; r * dim_ < rows.size(); ++r)
      set_one(first + i + r, squares_of(std::span(centred).subspan(r * dim_, dim_)),
              std::span(coordinates).subspan(r * subspace_.size(), subspace_.size()));
  }
}

void ScanCodes::set_one(size_t row, double squares, std::span<const double> h) {
  double largest = 0;
  for (const double v : h) largest = std::max(largest, std::abs(v));
  const double inside = squares_of(h), limit = kernels_.row_limit;
  const bool sound = trusted(squares, inside);
  const float scale = sound ? std::max(static_cast<float>(largest / limit), 1e-30f) : 1;
  uint8_t* out = codes_.data() + row / kScanRows * groups_ * 64 + row % kScanRows * 4;
  double residual = 0;
  for (size_t j = 0; j < h.size(); ++j) {
    const double code = sound ? std::clamp(nearest(h[j] / scale), -limit, limit) : 0;
    out[j / 4 * 64 + j % 4] = static_cast<uint8_t>(static_cast<int>(code) + kernels_.row_offset);
    const double rest = h[j] - scale * code;
    residual += rest * rest;
  }
  ScanRows& block = blocks_[row / kScanRows];
  const size_t r = row % kScanRows;
  block.scale[r] = scale;
  block.residual[r] = sound ? up(std::sqrt(residual)) : INFINITY;
  block.outside[r] = sound ? up(subspace_.outside(squares, inside)) : INFINITY;
  // |scale * code| <= |h| + |h - scale * code| by the triangle inequality.
  block.norm[r] = sound ? up(std::sqrt(std::max(squares, inside)) + std::sqrt(residual)) : INFINITY;
  block.bias[r] = metric_ == Metric::L2 ? static_cast<float>(-squares) : 0.0f;
  block.slack[r] = metric_ == Metric::L2 ? up(kSlack * squares) : 0.0f;
}

void ScanCodes::copy(size_t from, size_t to) {
  const auto place = [&](size_t row) { return codes_.data() + row / kScanRows * groups_ * 64 + row % kScanRows * 4; };
  for (size_t g = 0; g < groups_; ++g) std::memcpy(place(to) + g * 64, place(from) + g * 64, 4);
  const ScanRows& source = blocks_[from / kScanRows];
  ScanRows& target = blocks_[to / kScanRows];
  for (const auto field :
       {&ScanRows::scale, &ScanRows::residual, &ScanRows::outside, &ScanRows::norm, &ScanRows::bias, &ScanRows::slack})
    (target.*field)[to % kScanRows] = (source.*field)[from % kScanRows];
}

ScanCodes::Queries ScanCodes::prepare(std::span<const float> queries) const {
  const size_t n = queries.size() / dim_, tile_bytes = groups_ * kScanQueries * 4;
  Queries out;
  out.tiles.assign((n + kScanQueries - 1) / kScanQueries * tile_bytes, 0);
  const auto wide = widened(queries, metric_ == Metric::L2);
  std::vector<double> coordinates(n * subspace_.size());
  subspace_.project(wide, coordinates.data());
  for (size_t q = 0; q < n; ++q)
    out.terms.push_back(prepare_one(std::span(wide).subspan(q * dim_, dim_),
                                    std::span(coordinates).subspan(q * subspace_.size(), subspace_.size()),
                                    out.tiles.data() + q / kScanQueries * tile_bytes + q % kScanQueries * 4));
  return out;
}

ScanQuery ScanCodes::prepare_one(std::span<const double> wide, std::span<const double> h, int8_t* tile) const {
  double largest = 0, constant = 0, centre_squares = 0;
  for (const double v : h) largest = std::max(largest, std::abs(v));
  for (size_t j = 0; j < dim_; ++j) {
    constant += wide[j] * centre_[j];
    centre_squares += static_cast<double>(centre_[j]) * centre_[j];
  }
  const double squares = squares_of(wide), inside = squares_of(h);
  const bool sound = trusted(squares, inside);
  const double scale = sound ? std::max(largest / kernels_.query_limit, 1e-30) : 1;
  double residual = 0;
  int32_t sum = 0;
  for (size_t j = 0; j < h.size(); ++j) {
    const double code = sound ? nearest(h[j] / scale) : 0;
    tile[j / 4 * kScanQueries * 4 + j % 4] = static_cast<int8_t>(code);
    sum += static_cast<int32_t>(code);
    const double rest = h[j] - scale * code;
    residual += rest * rest;
  }
  const double factor = metric_ == Metric::L2 ? 2 : 1, norm = std::sqrt(std::max(squares, inside));
  ScanQuery out;
  out.offset = sum * kernels_.row_offset;
  out.weight = static_cast<float>(factor * scale);
  out.by_residual = up(factor * std::sqrt(inside));
  out.by_outside = up(factor * subspace_.outside(squares, inside));
  out.by_norm =
      sound ? up(factor * (std::sqrt(residual) + subspace_.error() * norm + kSlack * (norm + std::sqrt(residual))))
            : INFINITY;
  out.constant = static_cast<float>(metric_ == Metric::L2 ? -squares : constant);
  // |<q, centre>| may be small though its terms are not; |q| |centre| bounds the float64 sum's own error many times
  // over.
  out.slack =
      up(kUnderflow +
         kSlack * (metric_ == Metric::L2 ? squares : std::abs(constant) + 0x1p-16 * norm * std::sqrt(centre_squares)));
  return out;
}

}  // namespace hanok::index

// BM25 of one term in one chunk, so computed that sums are exact.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace hanok::store::bm25 {

/// ln(1 + (N - df + 0.5) / (df + 0.5)): never negative. Robertson and Zaragoza 2009, with Lucene's 1 + inside.
inline double idf(uint64_t chunks, uint64_t df) {
  const double n = static_cast<double>(chunks), d = static_cast<double>(df);
  return std::log1p((n - d + 0.5) / (d + 0.5));
}

/// Rounds to a multiple of 2^-24, at least one. Sums below 2^28 of such numbers have no rounding error in double, so a
/// score depends neither on the order of its terms nor on how chunks are spread over segments.
inline double to_grid(double x) {
  constexpr double kUnit = 1.0 / (1 << 24), kMagic = 1.5 * (1ull << 28);  // 2^52 * kUnit = 2^28
  return std::max((x + kMagic) - kMagic, kUnit);
}

/// 1 / tf, from a table where it is one of the usual.
inline double inverse(uint32_t tf) {
  static constexpr auto kInverses = [] {
    std::array<double, 64> table{};
    for (size_t i = 1; i < table.size(); ++i) table[i] = 1.0 / static_cast<double>(i);
    return table;
  }();
  return tf < kInverses.size() ? kInverses[tf] : 1.0 / tf;
}

/// weight * tf / (tf + k1 * (1 - b + b * length / average)), on the grid. weight = idf * (k1 + 1) * times in the query.
/// Grows with tf and falls with length, in floating point too (each step is correctly rounded, hence monotone): the
/// value at a block's greatest tf and least length bounds every chunk of the block, with no slack.
struct Formula {
  double flat = 0, slope = 0;
  Formula(double k1, double b, double average) : flat(k1 * (1 - b)), slope(average > 0 ? k1 * b / average : 0) {}
  /// inverse_tf: 1 / tf; 0 for a tf without limit.
  double score(double weight, double inverse_tf, double length) const {
    return to_grid(weight / (1 + (flat + slope * length) * inverse_tf));
  }
};

}  // namespace hanok::store::bm25

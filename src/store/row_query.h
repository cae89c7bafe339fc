// A query, ready to be compared with rows as they are kept.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "hanok/records.h"
#include "index/flat/scan.h"
#include "math/distance.h"

namespace hanok::store {

class RowQuery {
 public:
  /// query: any length. Under cosine it is brought to length 1, as rows are.
  RowQuery(std::span<const float> query, Metric metric)
      : values_(query.begin(), query.end()),
        kernel_(metric == Metric::L2 ? math::distance().l2_f32 : math::distance().ip_f32),
        sign_(metric == Metric::L2 ? -1.0f : 1.0f) {
    if (metric == Metric::Cosine) normalise(values_);
    length_ = std::sqrt(index::exact_kernels().ip(values_.data(), values_.data(), values_.size()));
  }
  /// The product with the row, or under L2 the squared distance times -1.
  float score(const float* row) const { return sign_ * kernel_(values_.data(), row, values_.size()); }
  std::span<const float> values() const { return values_; }
  double length() const { return length_; }

  /// A row no longer than `longest` with this or a higher score() has no exact score below the result: kernels round
  /// (math/distance.h says how much).
  float reach(float score, double longest) const {
    constexpr double kSmallest = 1e-30;  // products of floats below lose digits
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

}  // namespace hanok::store

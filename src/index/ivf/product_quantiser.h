// Product quantisation to 4 bits a subspace (Jegou, Douze, Schmid 2011), with subspaces of unequal width: principal
// axes of large variance get a code of their own, small ones share. The cut minimises the expected error of codes at
// their rate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"
#include "math/fast_scan_kernels.h"

namespace hanok::index {

/// Splits axes with these variances into at most m groups of neighbours; starts of the groups, and the end at the last.
/// Dynamic programming over sum of width * (product of variances)^(1 / width) * 2^(-8 / width): four bits spread over a
/// group.
std::vector<uint32_t> split_axes(std::span<const float> variance, size_t m);

class ProductQuantiser {
 public:
  static constexpr size_t kCodes = math::kFastScanCodes;

  ProductQuantiser() = default;
  /// Learns codebooks for vectors [n, dim].
  void train(std::span<const float> vectors, size_t dim, std::vector<uint32_t> starts, uint64_t seed, size_t threads);
  /// Takes what an earlier one learnt.
  void restore(size_t dim, std::vector<uint32_t> starts, std::vector<float> codebooks);

  size_t subspaces() const { return starts_.empty() ? 0 : starts_.size() - 1; }
  /// subspaces() rounded up to four: what the scan takes. Codes past subspaces() are 0 and their table entries 0.
  size_t padded() const { return (subspaces() + 3) / 4 * 4; }
  const std::vector<uint32_t>& starts() const { return starts_; }
  const std::vector<float>& codebooks() const { return codebooks_; }

  void encode(const float* x, uint8_t* codes) const;  // one byte a subspace
  void decode(const uint8_t* codes, float* x) const;
  /// table[s, c] ~ (factor * <x_s, centroid(s, c)> - least_s) / step, as bytes; returns step and the sum of least_s.
  /// scratch: [subspaces, 16].
  math::LookupScale table(const float* x, float factor, float* scratch, uint8_t* out) const;

 private:
  size_t dim_ = 0;
  std::vector<uint32_t> starts_;
  std::vector<float> codebooks_;  // [axis, 16]: subspace s has axes starts_[s] to starts_[s + 1]
};

}  // namespace hanok::index

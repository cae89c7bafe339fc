// Short codes for walking a graph. A vector is turned so that its largest directions come first (PCA, Pearson 1901),
// the first m of them are mixed by a random rotation, so that each carries the same share, and rounded to seven bits;
// what is cut off is kept as one number, its squared length. Then, up to a constant of the query,
//
//   |q - x|^2 / unit^2  ~  sum over m of (code(q) - code(x))^2  +  bias(x)
//
// exact but for rounding and for the inner product of the two cut-off parts, which is near zero for unrelated vectors
// and small for near ones. LeanVec (Tepper et al. 2023) walks over such a projection too; the bias is what lets m be a
// fraction of it.
//
// Seven bits reach over the whole set. Where that cannot order what lies close together (tight clusters; it is
// measured), steps are up to four times finer and codes go round a circle of 256 of them: near vectors have their true
// difference, and far ones look nearer than they are, but far still, as they differ in many directions.
//
// Every metric becomes such a sum: cosine by length one; for inner product the bias has (longest^2 - |x|^2) / unit^2 in
// it as well, and the query is made as long as the longest vector, so that the sum is a constant less 2 <q, x>. Between
// two vectors of the graph it is 2 longest^2 - 2 <a, b>: edges lead to large inner products (Morozov, Babenko 2018).
// Files of before have one more dimension instead, which gives all vectors the length of the longest (Bachrach et al.
// 2014); where a few are much longer than the rest, all others lie on one heap there, far from every query.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"

namespace hanok::index {

/// Room for one call of Projection::encode; one a thread.
struct EncodeMemory {
  std::vector<float> lifted;
  std::vector<uint8_t> bytes;
  std::vector<int32_t> sums, fine_sums;
  std::vector<float> steps;  // of each direction, from the mean
};

class Projection {
 public:
  static constexpr size_t kLine = 64;
  static constexpr size_t kBiasBytes = 4;
  static constexpr size_t kMostLines = 16;

  struct Plan {
    size_t dim = 0;
    Metric metric = Metric::L2;
    size_t lines = 0;  // of 64 bytes a record; 0: chosen by measuring on the sample
    uint64_t seed = 1;
    size_t threads = 0;
    // All that will be encoded, of which the sample is a part: ranking gets harder with every vector more, so the
    // number of lines is judged among these. Without them it is judged among the sample.
    size_t rows = 0;
    std::function<void(size_t i, float* out)> row;
  };

  Projection() = default;
  /// Learns from rows of plan.dim floats (at least one): mean, ranges, directions, scale, number of lines. Throws where
  /// the current context ends.
  static Projection train(std::span<const float> sample, const Plan& plan);

  /// Of the vectors it was trained among: how fast the number of neighbours grows with distance (Levina, Bickel 2004);
  /// 0 for a projection from a file. Inner product: by Euclidean distance.
  double local_dimension() const { return local_dimension_; }
  /// The same over the 25 nearest, where they lie in clusters of fewer than a hundred: then the hundredth is far
  /// outside, and local_dimension() says how clusters stand apart (about 1) rather than what they are like inside. 0
  /// elsewhere.
  double cluster_dimension() const { return cluster_dimension_; }
  /// Inner product: how many times as long as half of the vectors all but a hundredth are at most; 1 for other metrics
  /// and a projection from a file.
  double length_spread() const { return length_spread_; }
  size_t lines() const { return lines_; }
  /// Whether codes are finer than seven bits for the whole set.
  bool is_fine() const { return fine_; }
  size_t record_bytes() const { return lines_ * kLine; }
  size_t directions() const { return directions_; }
  /// By how much a distance as Vectors gives it grows when that of codes grows by one.
  double distance_step(const float* query) const;
  /// Inner product: whether a vector is longer than all of the training, which costs it precision.
  bool longer_than_known(const float* v) const;

  /// record: record_bytes(), aligned to 64.
  void encode(const float* v, uint8_t* record, EncodeMemory& memory) const;
  /// The same with bias 0. Under cosine q has length one.
  void encode_query(const float* q, uint8_t* record, EncodeMemory& memory) const;

  std::string save() const;
  /// Throws Corrupt.
  static Projection load(const FileReader& file, size_t dim, Metric metric);

 private:
  bool has_additional_dimension() const { return width_ > dim_; }
  const float* lift(const float* v, bool is_query, EncodeMemory& memory) const;
  void measure_steps(const float* lifted, EncodeMemory& memory) const;
  void codes(const float* lifted, uint8_t* record, EncodeMemory& memory) const;
  void sum_rows();

  size_t dim_ = 0;     // of the caller
  size_t width_ = 0;   // dim, or one more (inner product, from a file of before)
  size_t stride_ = 0;  // width rounded up to 32
  size_t lines_ = 0, directions_ = 0;
  Metric metric_ = Metric::L2;
  float longest_ = 0;  // |v|^2 of the longest vector seen in training
  double local_dimension_ = 0, cluster_dimension_ = 0, length_spread_ = 1;
  float unit_ = 1;                         // one step of a code, in units of the vectors
  std::vector<float> mean_, low_, scale_;  // [width]: input bytes are (v - low) * scale
  std::vector<float> offset_, gain_;       // [directions]: (sum - offset) * gain is in steps
  std::vector<int8_t> matrix_;             // [directions, stride]
  bool fine_ = false;                      // codes lie on a circle of 256 steps, and inputs have two bytes
  std::vector<float> half_sums_;           // [directions], fine: half of a row's sum
};

}  // namespace hanok::index

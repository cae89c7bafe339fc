// What kind "disk" keeps of each vector in memory: principal axes cut into groups of unequal width, four bits a group
// (ivf/model.h with one cell), two groups a byte. A search makes one table of 256 sums for each byte, so that an
// estimate is a lookup a byte:
//
//   |q - x|^2 ~ term(x) + constant(q) + sum over bytes b of table[b, code_b(x)]
//
// term has what the codes miss of x, known when x is coded. Under inner product the sum is -<q, x>, and term is 0.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"
#include "index/ivf/model.h"

namespace hanok::index {

class ShortCodes {
 public:
  static constexpr size_t kTermBytes = 4;
  static constexpr size_t kLeastBytes = 16, kMostBytes = 256;

  /// About a third of a byte a number: .083 of floats. Measured: docs/index/disk.md.
  static size_t usual_bytes(size_t dim);

  ShortCodes() = default;
  /// Learns from some rows of `dim` floats; record_bytes is a multiple of 4.
  static ShortCodes learn(std::span<const float> sample, size_t dim, Metric metric, size_t record_bytes, uint64_t seed,
                          size_t threads);

  size_t record_bytes() const { return record_bytes_; }
  /// Room for one call of encode() or prepare(); one a thread.
  struct Memory {
    std::vector<float> projected, dots;
    std::vector<uint8_t> codes;
  };
  void encode(const float* v, uint8_t* record, Memory& memory) const;

  /// Tables of a query, [bytes, 256].
  struct Query {
    std::vector<uint16_t> sums;
    float step = 1;
  };
  /// Under cosine q has any length.
  void prepare(const float* q, Query& query, Memory& memory) const;
  /// Small is near; comparable between records of one query. Any bytes are a record.
  float estimate(const Query& query, const uint8_t* record) const;

  /// Sections "mean", "axes", "centroid", "starts", "codebooks"; the object must live until the file is written.
  void save(FileWriter& out) const;
  /// Throws Corrupt.
  static ShortCodes load(const FileReader& file, size_t dim, Metric metric, size_t record_bytes);
  size_t bytes_resident() const;

 private:
  size_t code_bytes() const { return record_bytes_ - kTermBytes; }
  size_t record_bytes_ = 0;
  std::shared_ptr<const IvfModel> model_;
};

}  // namespace hanok::index

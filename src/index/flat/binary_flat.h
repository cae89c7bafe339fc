// Exact search over packed bits by Hamming distance: the number of bits that differ.
//
//   BinaryFlat index(256);                      // bits a vector
//   index.add(ids, codes);                      // 32 bytes each
//   auto found = index.search(code, 10);        // Match::distance is a whole number, small is near; ties by id
//
// Bit j of a vector is bit j % 8 of byte j / 8; bits beyond the last must be zero. Searches may run together and beside one
// writer. Not an Index, whose vectors are floats; a file of it has the kind "binary_flat".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"
#include "index/id_map.h"

namespace hanok::index {

class BinaryFlat {
 public:
  static constexpr size_t kMostBits = 1 << 19;  // 65,536 bytes

  /// Throws Invalid for bits outside 1..kMostBits.
  explicit BinaryFlat(size_t bits);
  /// Throws Corrupt.
  explicit BinaryFlat(const FileReader& file);

  size_t bits() const { return bits_; }
  size_t bytes_per_vector() const { return (bits_ + 7) / 8; }
  size_t size() const;
  bool contains(Id id) const;
  /// All or nothing. Exists for an id that is there; Invalid for one that comes twice, a wrong length, or a bit beyond the last.
  void add(std::span<const Id> ids, std::span<const uint8_t> codes);
  /// Ids that were there and are gone now.
  size_t remove(std::span<const Id> ids);
  std::optional<std::vector<uint8_t>> reconstruct(Id id) const;
  std::vector<Id> ids() const;

  /// min(k, matches) neighbours, best first. Of the options, filter counts, and threads for a batch.
  std::vector<Match> search(std::span<const uint8_t> query, size_t k, const SearchOptions& options = {}) const;
  std::vector<std::vector<Match>> search_batch(std::span<const uint8_t> queries, size_t k,
                                               const SearchOptions& options = {}) const;
  /// Every id with at most `radius` differing bits, best first.
  std::vector<Match> range_search(std::span<const uint8_t> query, size_t radius, const SearchOptions& options = {}) const;
  std::map<std::string, std::string> statistics() const;
  void save(const std::filesystem::path& file) const;

 private:
  const uint8_t* row(size_t slot) const { return &codes_[slot * bytes_per_vector()]; }
  void check_codes(std::span<const uint8_t> codes, const std::string& what) const;
  template <typename Visit>
  void visit(const uint8_t* query, const IdFilter* filter, Visit&& visit) const;
  std::vector<Match> nearest(const uint8_t* query, size_t k, const IdFilter* filter) const;

  size_t bits_;
  mutable std::shared_mutex lock_;
  std::vector<uint8_t> codes_;  // [slot, bytes]
  std::vector<Id> ids_;         // [slot]
  IdMap map_;
};

}  // namespace hanok::index

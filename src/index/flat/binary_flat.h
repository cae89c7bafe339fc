// What BinaryIndex of the door is: packed codes, all of them looked at. A file of it has the kind "binary_flat".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"
#include "index/gate.h"
#include "index/id_map.h"

namespace hanok::index {

class BinaryFlat final : public BinaryIndex {
 public:
  explicit BinaryFlat(size_t bits);
  /// Throws Corrupt.
  explicit BinaryFlat(const FileReader& file);

  size_t bits() const override { return bits_; }
  size_t bytes_per_vector() const override { return (bits_ + 7) / 8; }
  size_t size() const override;
  bool contains(Id id) const override;
  void add(std::span<const Id> ids, std::span<const uint8_t> codes) override;
  size_t remove(std::span<const Id> ids) override;
  std::optional<std::vector<uint8_t>> reconstruct(Id id) const override;
  std::vector<Id> ids() const override;
  std::vector<Match> search(std::span<const uint8_t> query, size_t k, const SearchOptions& options = {}) const override;
  std::vector<std::vector<Match>> search_batch(std::span<const uint8_t> queries, size_t k,
                                               const SearchOptions& options = {}) const override;
  std::vector<Match> range_search(std::span<const uint8_t> query, size_t radius,
                                  const SearchOptions& options = {}) const override;
  std::map<std::string, std::string> statistics() const override;
  void save(const std::filesystem::path& file) const override;

 private:
  const uint8_t* row(size_t slot) const { return &codes_[slot * bytes_per_vector()]; }
  void check_codes(std::span<const uint8_t> codes, const std::string& what) const;
  /// At most `radius` bits away.
  std::vector<Match> nearest(const uint8_t* query, size_t k, const IdFilter* filter, size_t radius) const;

  size_t bits_;
  mutable std::mutex writer_;  // as in BaseIndex
  mutable Gate gate_;
  std::vector<uint8_t> codes_;  // [slot, bytes]
  std::vector<Id> ids_;         // [slot]
  IdMap map_;
};

}  // namespace hanok::index

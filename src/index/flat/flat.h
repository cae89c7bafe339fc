// Kind "flat": every vector is looked at, the answer is exact.
//
//   auto index = make("flat", {.dim = 784, .set = {{"storage", "auto"}}});
//
// Keys: storage = auto (bytes where every value is a whole number 0..255, else f32) | f32 | f16 | bf16 | sq8 | u8.
// Distances are those to the stored values, summed in float64, ties by id. After some searches an index of some
// size keeps integer codes beside its rows (dim bytes a vector at most) that let most rows be excluded without reading
// them: see scan.h. Those of many rows are made in the background. Searches may run together, and beside one writer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/background.h"
#include "index/base_index.h"
#include "index/flat/row_store.h"
#include "index/flat/scan.h"
#include "index/flat/scored.h"
#include "index/id_map.h"

namespace hanok::index {

class Flat final : public BaseIndex {
 public:
  explicit Flat(const Options& options);
  explicit Flat(const FileReader& file);

  std::string kind() const override { return "flat"; }
  size_t size() const override;
  bool contains(Id id) const override;
  void train(std::span<const float>) override {}  // nothing to learn
  void add(std::span<const Id> ids, std::span<const float> vectors) override;
  void update(std::span<const Id> ids, std::span<const float> vectors) override;
  size_t remove(std::span<const Id> ids) override;
  std::optional<std::vector<float>> reconstruct(Id id) const override;
  std::vector<Match> search(std::span<const float> query, size_t k, const SearchOptions& options = {}) const override;
  std::vector<std::vector<Match>> search_batch(std::span<const float> queries, size_t k,
                                               const SearchOptions& options = {}) const override;
  std::vector<Match> range_search(std::span<const float> query, float radius,
                                  const SearchOptions& options = {}) const override;
  std::map<std::string, std::string> statistics() const override;
  void save(const std::filesystem::path& file) const override;
  std::vector<Id> ids() const override;

 private:
  struct Seeker;  // one query and what is known of its answer
  class Sought;
  // flat.cpp
  bool has(Id id) const override;
  Storage storage_for(std::span<const float> vectors) const;
  void put(std::span<const Id> ids, std::span<const float> vectors, size_t fresh);
  uint32_t slot(Id id) const;
  // flat_codes.cpp
  const ScanCodes* codes(size_t queries) const;
  void encode(ScanCodes& codes, size_t first, size_t last) const;
  void code_some(size_t rows, size_t threads) const;
  void code_in_background() const;
  std::vector<float> sampled() const;
  std::unique_ptr<ScanCodes> learn_codes(std::vector<float> sample, size_t rows) const;
  void forget_codes() const;
  void codes_grow(size_t first);
  void codes_change(size_t row);
  void codes_move(size_t from, size_t to);
  void codes_shrink();
  // flat_search.cpp
  double score(const Seeker& seeker, size_t row, float* scratch) const;
  bool surely_beyond(const Seeker& seeker, size_t row, float threshold) const;
  bool lists_few(const IdFilter* filter) const;
  template <typename Visit>
  void visit_rows(const IdFilter* filter, BestRows& best, const Visit& visit) const;
  void search_coded(const ScanCodes& codes, std::span<const float> queries, std::span<std::vector<Match>> out, size_t k,
                    const SearchOptions& options) const;

  bool auto_storage_ = false;
  RowStore rows_;
  std::vector<Id> ids_;         // ids_[row]
  mutable std::mutex mapping_;  // of map_ while it is made
  mutable IdMap map_;
  mutable std::atomic<bool> mapped_{true};

  mutable std::mutex making_;                 // of what follows: flat_codes.cpp
  mutable std::unique_ptr<ScanCodes> codes_;  // null: none, and none in the making
  mutable size_t coded_ = 0;                  // rows that have theirs
  mutable size_t coded_for_ = 0;              // rows when the codes were made
  mutable std::atomic<const ScanCodes*> codes_ready_{nullptr};
  mutable std::atomic<size_t> scans_{0};
  mutable base::Background background_;  // the last member: it stops before the others go
};

std::unique_ptr<Index> make_flat(const Options& options);
std::unique_ptr<Index> open_flat(const FileReader& file);

}  // namespace hanok::index

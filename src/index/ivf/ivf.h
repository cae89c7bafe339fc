// Kind "ivf": vectors in cells around centroids; a search visits the cells nearest to the query (Jegou, Douze, Schmid
// 2011).
//
//   auto index = make("ivf", {.dim = 384, .metric = Metric::Cosine, .set = {{"nlist", "256"}, {"code", "pq"}}});
//   index->search(query, 10, {.nprobe = 16, .rerank = 100});
//
// Keys: nlist (cells; 0 = about one and a half times the square root of the number of vectors), nprobe and rerank (what
// a search uses when it says 0),
//   code = pq (4-bit codes, then exact re-ranking) | rabitq (one bit a dimension, then exact re-ranking) | flat |
//   sq8 (rows of one byte a dimension, no codes),
//   M (at most so many 4-bit codes a vector; 0 = as many as it takes to tell neighbours apart), storage = auto | f32 |
//   f16 | bf16 | sq8 | u8 (of the rows for re-ranking).
// Below kTrainAt vectors the index is untrained and searches every row. With nlist = 0 it trains again, and codes all
// rows again, whenever it has grown fourfold. Searches may run together and beside one writer, which trains and codes
// without stopping them.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/top_k.h"
#include "index/base_index.h"
#include "index/flat/row_store.h"
#include "index/id_map.h"
#include "index/ivf/cell.h"
#include "index/ivf/model.h"

namespace hanok::index {

class Ivf final : public BaseIndex {
 public:
  static constexpr size_t kTrainAt = 1024;  // fewer: a scan of all takes less than visiting cells well
  /// Candidates that a search for k ranks by exact distances where nothing else is said.
  static size_t ranked_anew(size_t k) { return 8 * k + 16; }

  /// Codes of so many bytes do not stay in a core's cache: from there on the queries of a batch visit cells together.
  static constexpr size_t kTogetherBytes = 4 << 20;
  void visit_together_from(size_t bytes) { together_bytes_ = bytes; }

  explicit Ivf(const Options& options);
  explicit Ivf(const FileReader& file);

  std::string kind() const override { return "ivf"; }
  size_t size() const override;
  bool contains(Id id) const override;
  void train(std::span<const float> vectors) override;
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
  void set_search_defaults(const SearchOptions& defaults) override;

 private:
  struct Query;
  struct ProbeMemory;
  struct Batch;                       // vectors coded for a model
  using Near = std::pair<float, Id>;  // distance, small is near
  using Nearest = base::TopK<Near>;

  // ivf.cpp
  bool has(Id id) const override;
  void read_keys();
  Storage storage_for(std::span<const float> vectors) const;
  size_t cells_for(size_t n) const;
  bool must_train(size_t n) const;
  CodeShape shape() const { return {model_ ? model_->codes.padded() : 0, model_ && model_->one_bit}; }
  std::shared_ptr<const IvfModel> learn(std::span<const float> vectors) const;
  void learn_cells(std::span<const float> vectors);
  Batch encode(const IvfModel& model, size_t n, const std::function<void(size_t, float*)>& row) const;
  std::vector<Cell> cells_of(const IvfModel& model, const Batch& batch) const;
  void put(std::span<const Id> ids, std::span<const float> vectors);
  void make_room(size_t vectors, const Batch& batch);
  size_t take_out(std::span<const Id> ids);
  // ivf_file.cpp
  void restore_cells(const FileReader& file);
  // ivf_search.cpp
  Query make_query(const float* x) const;
  float distance(const Query& query, size_t slot, float* scratch) const;
  void distances(const Query& query, const uint64_t* keys, size_t n, float* scratch, float* out) const;
  template <typename Visit>
  void visit_rows(const IdFilter* filter, Visit&& visit) const;
  void search_rows(const Query& query, size_t k, const IdFilter* filter, std::vector<Match>& out) const;
  size_t probes(const SearchOptions& options) const;
  void rank_cells(const float* y, const float* cell_dots, size_t probes, ProbeMemory& memory) const;
  void make_table(const float* y, ProbeMemory& memory) const;
  template <typename Offer>
  void visit_cell(uint64_t ranked, const Query& query, ProbeMemory& memory, const IdFilter* filter,
                  Offer&& offer) const;
  template <typename Offer>
  void visit_cells(const Query& query, const float* y, const float* cell_dots, size_t probes, size_t enough,
                   ProbeMemory& memory, const IdFilter* filter, Offer&& offer) const;
  size_t candidates(size_t k, const SearchOptions& options) const;
  static auto keep_nearest(ProbeMemory& memory, size_t keep);
  std::vector<Match> ranked(const Query& query, size_t k, size_t keep, ProbeMemory& memory) const;
  void search_cells(const Query& query, const float* y, const float* cell_dots, size_t k, const SearchOptions& options,
                    ProbeMemory& memory, std::vector<Match>& out) const;
  void search_together(const float* x, const float* y, const float* cell_dots, size_t n, size_t k,
                       const SearchOptions& options, std::vector<Match>* out) const;
  std::vector<Match> matches(const std::vector<Near>& found) const;

  size_t nlist_ = 0, nprobe_ = 0, rerank_ = 0, together_bytes_ = kTogetherBytes;
  std::vector<size_t> codes_wanted_;  // a vector: the first of these that tells neighbours apart
  bool one_bit_ = false;
  std::string storage_key_ = "auto";
  std::shared_ptr<const IvfModel> model_;  // shared with searches that began before the next training
  size_t trained_at_ = 0;                  // size() when the model was made
  std::vector<Cell> cells_;
  RowStore rows_;                       // [slot]
  std::vector<Id> ids_;                 // [slot]
  std::vector<uint32_t> cell_, place_;  // [slot]: its cell, and where in it; empty while untrained
  IdMap map_;
};

std::unique_ptr<Index> make_ivf(const Options& options);
std::unique_ptr<Index> open_ivf(const FileReader& file);

}  // namespace hanok::index

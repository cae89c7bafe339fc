// The kind "hnsw": exact vectors, short codes, and one layer of neighbours over the codes (graph.h). A search walks
// over codes and ranks what it found by exact distances. Below `exact_below` vectors there is no graph: every search is
// exact.
//
// Whatever takes long in a change (encoding, linking, building anew) writes where no search reads yet; the gate closes
// while pointers are swapped and rows copied.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/top_k.h"
#include "index/base_index.h"
#include "index/graph/builder.h"
#include "index/graph/graph.h"
#include "index/graph/vectors.h"
#include "index/id_map.h"

namespace hanok::index {

/// The kind's keys, read once.
struct HnswKeys {
  size_t degree, ef_construction, code_lines, exact_below;
  float alpha;
  std::optional<Storage> storage;  // nullopt: u8 for whole bytes, else f32
  explicit HnswKeys(const Options& options);
};

struct Local;  // search_memory.h

/// Everything a search reads.
struct HnswState {
  Vectors vectors;       // slots 0..size-1
  Buffer<Id> ids;        // by slot
  Buffer<uint8_t> dead;  // by slot: removed, but still walked over
  size_t dead_count = 0;
  std::unique_ptr<Graph> graph;  // null: exact search
  size_t trained_on = 0;         // vectors there were when the projection was learnt
  size_t unchecked = 0;          // slots linked since every node was known to be reachable
  size_t longer = 0;             // added since then and longer than any of those (inner product)
  explicit HnswState(Vectors v) : vectors(std::move(v)) {}
  size_t slots() const { return vectors.size(); }
  size_t live() const { return slots() - dead_count; }
};

class Hnsw : public BaseIndex {
 public:
  explicit Hnsw(const Options& options);
  static std::unique_ptr<Index> make(const Options& options);
  static std::unique_ptr<Index> open(const FileReader& file);

  std::string kind() const override { return "hnsw"; }
  size_t size() const override;
  bool contains(Id id) const override;
  void train(std::span<const float> vectors) override;
  void add(std::span<const Id> ids, std::span<const float> vectors) override;
  void update(std::span<const Id> ids, std::span<const float> vectors) override;
  size_t remove(std::span<const Id> ids) override;
  std::optional<std::vector<float>> reconstruct(Id id) const override;
  std::vector<Match> search(std::span<const float> query, size_t k, const SearchOptions& options) const override;
  std::vector<std::vector<Match>> search_batch(std::span<const float> queries, size_t k,
                                               const SearchOptions& options) const override;
  std::vector<Match> range_search(std::span<const float> query, float radius,
                                  const SearchOptions& options) const override;
  std::map<std::string, std::string> statistics() const override;
  void save(const std::filesystem::path& file) const override;
  std::vector<Id> ids() const override;
  void set_search_defaults(const SearchOptions& defaults) override;

 private:
  struct Found {
    float distance;  // smaller is nearer
    uint32_t slot;
  };
  struct Nearer {  // ties by id
    const Buffer<Id>& ids;
    bool operator()(const Found& a, const Found& b) const {
      return a.distance != b.distance ? a.distance < b.distance : ids[a.slot] < ids[b.slot];
    }
  };
  using Nearest = base::TopK<Found, Nearer>;
  // hnsw.cpp
  bool has(Id id) const override;
  void put(std::span<const Id> ids, std::span<const float> vectors);
  Storage storage_for(std::span<const float> vectors) const;
  std::unique_ptr<HnswState> rebuilt(std::span<const Id> ids, std::span<const float> vectors) const;
  std::unique_ptr<Graph> new_graph(const HnswState& state) const;
  struct Effort {
    size_t degree, ef;  // of a graph; candidates for it
  };
  Effort effort_for(const Graph& graph) const;
  BuildPlan build_plan(const Graph& graph) const;
  void make_room(size_t slots);
  void append(std::span<const Id> ids, std::span<const float> vectors);
  void publish(size_t from, size_t to, std::vector<uint32_t>& replaced);
  void link_batches(size_t from, size_t to);
  void reconnect();
  void clean_up();
  void swap_in(std::unique_ptr<HnswState> next);
  void own_flags();
  const IdMap& map() const;
  size_t map_bytes() const;
  std::span<const Id> known_ids() const { return {state_->ids.data(), state_->slots()}; }
  // hnsw_search.cpp
  static size_t default_rerank(size_t k, size_t ef);
  size_t search_together(std::span<const float> queries, size_t k, const SearchOptions& options,
                         std::span<std::vector<Match>> out) const;
  void rank_pool(const PreparedQuery& query, size_t k, size_t rerank, Local& memory, std::vector<Found>& out) const;
  void walk_and_rank(const PreparedQuery& query, size_t k, size_t ef, size_t rerank, std::vector<Found>& out) const;
  // hnsw_filter.cpp
  void exact(const PreparedQuery& query, size_t k, const IdFilter* filter, std::vector<Found>& out) const;
  void filtered(const PreparedQuery& query, size_t k, const SearchOptions& options, std::vector<Found>& out) const;
  bool filtered_walk(const PreparedQuery& query, size_t k, size_t ef, const IdFilter& filter, double scan_cost,
                     std::vector<Found>& out) const;
  const std::vector<int32_t>& code_distances(std::span<const uint32_t> slots) const;
  std::vector<uint32_t> slots_of(const IdFilter& filter) const;
  void rank(const PreparedQuery& query, std::span<const uint32_t> slots, size_t k, std::vector<Found>& out) const;
  void scan_codes(const PreparedQuery& query, std::span<const uint32_t> slots, size_t k, size_t ef,
                  std::vector<Found>& out) const;
  size_t ef_for(size_t k, const SearchOptions& options) const;
  std::vector<Match> matches(const std::vector<Found>& found) const;

  HnswKeys keys_;
  size_t ef_ = 0, rerank_ = 0;              // defaults of a search; 0: those of hnsw_search.cpp
  std::shared_ptr<const FileReader> file_;  // keeps the map of an opened file alive while anything looks into it
  std::unique_ptr<HnswState> state_;
  mutable IdMap map_;  // filled at the first need after open()
  mutable bool map_ready_ = true;
  mutable std::mutex map_mutex_;  // of both while the map is filled
};

}  // namespace hanok::index

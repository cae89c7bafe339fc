// Kind "disk": for vectors that outgrow memory. Of each vector memory has a short code (short_codes.h); rows and links
// lie side by side in the mapped file (nodes.h). A search walks over codes, some nodes at a time whose reads are under
// way together, and ranks by exact distances to the rows that it read (Subramanya et al. 2019, "DiskANN").
//
// What is added after open() lies in memory, in an index of kind "hnsw", until save() writes a new file with all; the
// file that is open is never written to. Removed vectors of it are marked and walked over; past a fifth, save() links
// anew. Below `exact_below` vectors a file has no graph, and every search reads all rows.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/base_index.h"
#include "index/disk/disk_build.h"
#include "index/graph/hnsw.h"

namespace hanok::index {

struct DiskLocal;  // disk_search.cpp

/// A node that was read; the nearest is least.
struct DiskFound {
  float distance;  // smaller is nearer
  uint32_t node;
  Id id;
  bool operator<(const DiskFound& o) const { return distance != o.distance ? distance < o.distance : id < o.id; }
};

class Disk final : public BaseIndex {
 public:
  explicit Disk(const Options& options);
  explicit Disk(const FileReader& file);
  static std::unique_ptr<Index> make(const Options& options) { return std::make_unique<Disk>(options); }
  static std::unique_ptr<Index> open(const FileReader& file) { return std::make_unique<Disk>(file); }
  static void build(const std::filesystem::path& file, const Options& options, const VectorSource& source);

  std::string kind() const override { return "disk"; }
  size_t size() const override;
  bool contains(Id id) const override;
  void train(std::span<const float> vectors) override;
  void add(std::span<const Id> ids, std::span<const float> vectors) override;
  void update(std::span<const Id> ids, std::span<const float> vectors) override;
  size_t remove(std::span<const Id> ids) override;
  std::optional<std::vector<float>> reconstruct(Id id) const override;
  std::vector<Match> search(std::span<const float> query, size_t k, const SearchOptions& options = {}) const override;
  std::vector<Match> range_search(std::span<const float> query, float radius,
                                  const SearchOptions& options = {}) const override;
  std::map<std::string, std::string> statistics() const override;
  void save(const std::filesystem::path& file) const override;
  std::vector<Id> ids() const override;
  void set_search_defaults(const SearchOptions& defaults) override;

  /// Forgets the pages of the mapped file, which come in again as they are touched: for who measures what a search
  /// reads. The kernel may keep them in its own cache.
  void forget_pages() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// The opened file; all but `dead` stays as it is. Without one it has no nodes.
  struct OnDisk {
    std::shared_ptr<const FileReader> file;  // keeps the map alive
    Nodes nodes;
    std::span<const Id> ids;          // by node
    std::span<const uint32_t> order;  // nodes by id; empty: ids rise with the nodes
    bool graph = false;
    ShortCodes codes;
    Buffer<uint8_t> records;  // of codes, in memory
    std::vector<uint32_t> entries;
    double local_dimension = 0;
    std::vector<uint8_t> dead;  // by node: removed, but still walked over
    size_t dead_count = 0;
    size_t size() const { return nodes.size(); }
    size_t live() const { return nodes.size() - dead_count; }
    const uint8_t* record(uint32_t node) const { return records.data() + node * codes.record_bytes(); }
  };
  using Found = DiskFound;

  // disk.cpp
  Disk(const FileReader& file, const OptionsRead& read);
  bool has(Id id) const override;
  uint32_t node_of(Id id) const;
  void open_nodes(const FileReader& file, const MoreTexts& more);
  void open_graph(const FileReader& file, const MoreTexts& more);
  void read_node(uint32_t node, float* out) const;
  void write_all(const std::filesystem::path& path) const;
  void copy_file(const std::filesystem::path& path) const;
  CheckRows row_check() const;
  // disk_search.cpp
  size_t ef_for(size_t k, const SearchOptions& options) const;
  DiskLocal& prepared(std::span<const float> query) const;
  void look_at(std::span<const uint32_t> nodes, DiskLocal& memory) const;
  void walk(size_t ef, DiskLocal& memory) const;
  void scan_rows(const IdFilter* filter, DiskLocal& memory) const;
  void scan_codes(size_t keep, const IdFilter& filter, DiskLocal& memory) const;
  void keep_live(const IdFilter* filter, DiskLocal& memory) const;
  void plain(size_t k, size_t ef, DiskLocal& memory) const;
  void filtered(size_t k, size_t ef, const IdFilter& filter, DiskLocal& memory) const;
  bool filtered_walk(size_t k, size_t ef, const IdFilter& filter, DiskLocal& memory) const;
  std::vector<Match> with_fresh(std::span<const Found> found, const std::vector<Match>& fresh, size_t k) const;

  DiskKeys keys_;
  RowCodec codec_;  // of the nodes
  OnDisk disk_;
  size_t ef_ = 0;                // default of a search; 0: that of disk_search.cpp
  std::unique_ptr<Hnsw> fresh_;  // added since: in memory
};

}  // namespace hanok::index

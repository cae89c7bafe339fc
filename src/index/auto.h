// Kind "auto": one of the others, chosen by choose.h, and chosen again as the set grows or shrinks.
//
//   auto index = make("auto", {.dim = 384, .metric = Metric::Cosine});
//   index->kind();                        // what it is now: "flat", later "hnsw" or "ivf"
//   index->statistics().at("why");
//
// It is flat while a scan is fast enough. When it outgrows that, and again at each eightfold of the size it last chose
// at, all vectors move into a new index of the kind that is best then; when it has shrunk to half of what a scan is
// fast for, it is flat again. Searches go on in the old index until the new one is complete. Settings by
// set_search_defaults() belong to the kind they were made for and end with it.
//
// A file that it saves is one of the chosen kind, with one key more (kAutoKey), by which open() knows to wrap it again.
// Keys: storage as for all kinds; exact_below: so many vectors are scanned (0: by dimension, scanned_fast());
// recall: at which the kinds are compared; memory = fast | small: small keeps a byte a number and 4-bit codes.
#pragma once

#include <memory>
#include <string>

#include "index/base_index.h"

namespace hanok::index {

class Auto final : public BaseIndex {
 public:
  explicit Auto(const Options& options);
  /// An opened index that auto once saved. Throws Corrupt.
  Auto(std::unique_ptr<Index> saved, const FileReader& file);

  std::string kind() const override { return index()->kind(); }
  size_t size() const override { return index()->size(); }
  bool contains(Id id) const override { return index()->contains(id); }
  void train(std::span<const float> vectors) override;
  void add(std::span<const Id> ids, std::span<const float> vectors) override;
  void update(std::span<const Id> ids, std::span<const float> vectors) override;
  size_t remove(std::span<const Id> ids) override;
  std::optional<std::vector<float>> reconstruct(Id id) const override { return index()->reconstruct(id); }
  std::vector<Match> search(std::span<const float> query, size_t k, const SearchOptions& options = {}) const override;
  std::vector<std::vector<Match>> search_batch(std::span<const float> queries, size_t k,
                                               const SearchOptions& options = {}) const override;
  std::vector<Match> range_search(std::span<const float> query, float radius,
                                  const SearchOptions& options = {}) const override;
  std::map<std::string, std::string> statistics() const override;
  void save(const std::filesystem::path& file) const override;
  std::vector<Id> ids() const override { return index()->ids(); }
  void set_search_defaults(const SearchOptions& defaults) override;

 private:
  // Shared with searches that began before the next choice.
  struct Chosen {
    std::shared_ptr<Index> index;
    size_t at = 0;  // vectors there were
    std::string why;
  };
  Chosen now() const;
  bool has(Id id) const override { return index()->contains(id); }
  bool outgrown(const Chosen& chosen, size_t n) const;
  std::shared_ptr<Index> index() const;  // without the text
  void read_keys();
  Chosen chosen(size_t n, const std::function<void(size_t, float*)>& row) const;
  void move_into_new(std::span<const Id> ids, std::span<const float> vectors);

  size_t exact_below_ = 0;
  double recall_ = 0.99;
  bool small_ = false;
  Chosen chosen_;  // the gate is of it, and held only while it is copied or replaced
};

}  // namespace hanok::index

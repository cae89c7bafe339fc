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
// Some vectors are left out while an index is built and added at the end. In between they are queries that it has not
// seen (trial.h): what a search looks at by default is what reaches `recall` on them, and on the same moved away from
// the others, where questions lie. When the set has grown it is measured again on some of the vectors that come; where
// they come one by one, it widens as the set grows. statistics()["promise"] says what was measured.
//
// Where no setting of the kind reaches `recall`, or it takes longer than a scan of all, it is flat again.
//
// A file that it saves is one of the chosen kind, with one key more (kAutoKey), by which open() knows to wrap it again.
// Keys: storage as for all kinds; exact_below: so many vectors are scanned (0: by dimension, scanned_fast());
// recall: of ten neighbours, what a search that says nothing reaches; tune = yes | no: no for callers who measure for
// themselves; memory = fast | small: small keeps a byte a number and 4-bit codes.
#pragma once

#include <memory>
#include <string>

#include "index/base_index.h"
#include "index/trial.h"

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

  std::shared_ptr<const Index> chosen_index() const { return index(); }
  /// What searches use, and what it was measured to reach. It widens as the set grows, until the next choice.
  void keep_tuned(const Tuned& tuned);
  std::optional<Promise> promise() const;

 private:
  // Shared with searches that began before the next choice.
  struct Chosen {
    std::shared_ptr<Index> index;
    size_t at = 0;  // vectors there were
    std::string why;
    Tuned tuned;  // of no vectors: nothing was measured, or the user said what a search uses
  };
  Chosen now() const;
  bool has(Id id) const override { return index()->contains(id); }
  Options plain_options() const;  // of the indexes inside
  bool outgrown(const Chosen& chosen, size_t n) const;
  std::shared_ptr<Index> index() const;  // without the text
  void read_keys();
  Chosen chosen(size_t n, const std::function<void(size_t, float*)>& row) const;
  void move_into_new(std::span<const Id> ids, std::span<const float> vectors);
  void fill(Chosen& next, std::vector<Id> ids, std::vector<float> rows) const;
  void scan_if_better(Chosen& next, std::span<const Id> ids, std::span<const float> rows) const;
  void grow(Chosen next, std::span<const Id> ids, std::span<const float> vectors);
  Tuned measured(const Index& index, std::vector<float> unseen, const std::function<void(Trial&)>& see,
                 const Trial::Row& row) const;
  void widen(const Chosen& chosen) const;
  void keep(Chosen next);

  size_t exact_below_ = 0;
  double recall_ = 0.99;
  bool small_ = false, tunes_ = true;
  Chosen chosen_;  // the gate is of it, and held only while it is copied or replaced
};

}  // namespace hanok::index

// The door of room `index`: nearest neighbours of vectors.
//
//   auto index = hanok::index::make("hnsw", {.dim = 384, .metric = Metric::Cosine});
//   index->add(ids, vectors);                       // vectors: ids.size() rows of dim floats, row-major
//   auto found = index->search(query, 10, {.ef = 64});
//
// Conventions, said once: input is float32, row-major [n, dim]. Ids are any int64 the caller chooses, unique in an
// index. L2 is the squared distance. Distances of a result run from best to worst; ties are ordered by id.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hanok/error.h"

namespace hanok::index {

using Id = int64_t;

enum class Metric { L2, InnerProduct, Cosine };

struct Match {
  Id id = -1;
  float distance = 0;  // L2: squared distance, small is near. InnerProduct: dot product, Cosine: cosine; large is near
};

/// How vectors are kept. F32 is exact; U8 is chosen by itself for whole numbers 0..255 (lossless).
enum class Storage { F32, F16, Bf16, Sq8, U8 };

/// Which ids a search may return. A search without a filter returns any.
///   const auto few = IdFilter::of({3, 50, 7});
///   const auto even = IdFilter::when([](Id id) { return id % 2 == 0; });
///   const auto both = IdFilter::of({3, 50, 7}).narrowed([](Id id) { return id % 2 == 0; });
/// Means the same in every kind: ids that are not in the index are not found, and nothing is where nothing passes.
/// The predicate is asked from any thread that searches; it must not call the index.
class IdFilter {
 public:
  using Predicate = std::function<bool(Id)>;

  static IdFilter everything() { return {}; }
  static IdFilter none() { return of({}); }
  /// In any order. Searches look listed ids up where that is less work than asking about every id.
  static IdFilter of(std::vector<Id> ids);
  /// matches: how many ids of the index pass, where the caller knows it. It helps to plan, and decides nothing.
  static IdFilter when(Predicate predicate, std::optional<uint64_t> matches = {});
  /// What passes here and there.
  IdFilter narrowed(Predicate predicate) const;

  bool is_everything() const { return !listed_ && !predicate_; }
  bool accepts(Id id) const {
    return (!listed_ || std::binary_search(ids_.begin(), ids_.end(), id)) && accepts_listed(id);
  }
  /// The same for an id that is out of listed(): without looking it up there again.
  bool accepts_listed(Id id) const { return !predicate_ || predicate_(id); }
  /// The only ids that may pass, ascending, each once; nullopt where they are not listed.
  std::optional<std::span<const Id>> listed() const {
    return listed_ ? std::optional(std::span<const Id>(ids_)) : std::nullopt;
  }
  std::optional<uint64_t> expected_matches() const { return matches_; }

 private:
  bool listed_ = false;
  std::vector<Id> ids_;
  Predicate predicate_;  // empty: all
  std::optional<uint64_t> matches_;
};

struct SearchOptions {
  size_t ef = 0;                     // graphs: candidates kept; 0 = tuned default
  size_t nprobe = 0;                 // IVF: cells visited; 0 = tuned default
  size_t rerank = 0;                 // quantised kinds: candidates re-ranked with exact distances; 0 = default
  const IdFilter* filter = nullptr;  // null: everything
  size_t threads = 1;                // for several queries at once; 0 = all cores
};

struct Options {
  size_t dim = 0;  // 1..65,536
  Metric metric = Metric::L2;
  std::map<std::string, std::string> set;  // kind's own keys: "M", "ef_construction", "nlist", "storage", ...
  size_t threads = 0;                      // for building; 0 = all cores
  uint64_t seed = 1;                       // the same input and seed give the same index, whatever the thread count
};

/// Searches may run together from any number of threads, also beside one writer.
class Index {
 public:
  virtual ~Index() = default;
  virtual std::string kind() const = 0;  // "flat", "ivf", "hnsw", "disk", ...
  virtual const Options& options() const = 0;
  virtual size_t size() const = 0;
  virtual bool contains(Id id) const = 0;

  /// For kinds that learn from data (IVF centroids, PQ codebooks); optional: the first add() trains by itself.
  virtual void train(std::span<const float> vectors) = 0;
  /// Error(Exists) for an id that is there; Error(Invalid) for NaN, infinity, a wrong length, a value that the storage
  /// cannot keep, and under Cosine a vector shorter than the least normal float (1.2e-38), which has no direction. All
  /// or nothing.
  virtual void add(std::span<const Id> ids, std::span<const float> vectors) = 0;
  /// Ids that were there and are gone now.
  virtual size_t remove(std::span<const Id> ids) = 0;
  /// The stored vector as floats (exact for F32 and U8 storage); nullopt for an unknown id.
  virtual std::optional<std::vector<float>> reconstruct(Id id) const = 0;

  /// min(k, matches) neighbours, best first.
  virtual std::vector<Match> search(std::span<const float> query, size_t k,
                                    const SearchOptions& options = {}) const = 0;
  /// Row i of the result answers query i. [n, dim] queries.
  virtual std::vector<std::vector<Match>> search_batch(std::span<const float> queries, size_t k,
                                                       const SearchOptions& options = {}) const = 0;
  /// Every id within `radius` (L2: distance <= radius; others: score >= radius), best first. Exact for flat;
  /// for other kinds as complete as ef / nprobe make it.
  virtual std::vector<Match> range_search(std::span<const float> query, float radius,
                                          const SearchOptions& options = {}) const = 0;
  /// {"vectors": "...", "bytes_resident": ..., kind's own}: for `index info` and explain.
  virtual std::map<std::string, std::string> statistics() const = 0;

  /// Writes the index (docs/formats/index.md): checksummed, versioned, mappable; atomically.
  virtual void save(const std::filesystem::path& file) const = 0;

  /// All ids, in an order of the index's own. Kinds that cannot tell throw Unsupported.
  virtual std::vector<Id> ids() const;
  /// Replaces the vectors of ids that are there and adds the others. Throws as add() does, but for Exists. All or
  /// nothing: when the new vectors are refused, or memory runs out, the old ones stay. A search beside it finds each
  /// id once, by its old vector or its new one.
  virtual void update(std::span<const Id> ids, std::span<const float> vectors) = 0;
  /// What a search uses where its own options say 0 (ef, nprobe, rerank); saved with the index. Kinds without such a
  /// choice have nothing to keep.
  virtual void set_search_defaults(const SearchOptions& defaults);
};

/// Adds every vector of `from` (as stored there) to `into`: all or nothing; an id that both have is Error(Exists).
void merge(Index& into, const Index& from);

/// Neighbours a few at a time, best first, for callers who do not know how many they want. The index must outlive it;
/// changes in between may show. Each answer costs a search for all that was handed out so far, at most twice as many as
/// asked for.
class Neighbours {
 public:
  Neighbours(const Index& index, std::span<const float> query, const SearchOptions& options = {});
  /// The next n; fewer at the end.
  std::vector<Match> next(size_t n);

 private:
  const Index& index_;
  std::vector<float> query_;
  SearchOptions options_;
  std::vector<Match> found_;
  std::vector<Id> seen_;  // sorted
};

/// kind: "flat", "ivf", "hnsw", "disk", "auto". Error(Invalid) names the kinds and keys there are.
std::unique_ptr<Index> make(const std::string& kind, const Options& options);
/// Maps the file; pages come in as they are touched. Error(Corrupt) for damage (what, where), Unsupported for a newer
/// version.
std::unique_ptr<Index> open(const std::filesystem::path& file);

/// Exact search over packed bits by Hamming distance, the number of bits that differ.
///   auto index = make_binary(256);              // bits a vector
///   index->add(ids, codes);                     // 32 bytes each
///   auto found = index->search(code, 10);       // Match::distance is a whole number, small is near; ties by id
/// Bit j of a vector is bit j % 8 of byte j / 8; bits beyond the last must be zero. Searches may run together and
/// beside one writer.
class BinaryIndex {
 public:
  static constexpr size_t kMostBits = 1 << 19;  // 65,536 bytes

  virtual ~BinaryIndex() = default;
  virtual size_t bits() const = 0;
  virtual size_t bytes_per_vector() const = 0;
  virtual size_t size() const = 0;
  virtual bool contains(Id id) const = 0;
  /// All or nothing. Exists for an id that is there; Invalid for one that comes twice, a wrong length, or a bit beyond
  /// the last.
  virtual void add(std::span<const Id> ids, std::span<const uint8_t> codes) = 0;
  /// Ids that were there and are gone now.
  virtual size_t remove(std::span<const Id> ids) = 0;
  virtual std::optional<std::vector<uint8_t>> reconstruct(Id id) const = 0;
  virtual std::vector<Id> ids() const = 0;

  /// min(k, matches) neighbours, best first. Of the options, filter counts, and threads for a batch.
  virtual std::vector<Match> search(std::span<const uint8_t> query, size_t k,
                                    const SearchOptions& options = {}) const = 0;
  virtual std::vector<std::vector<Match>> search_batch(std::span<const uint8_t> queries, size_t k,
                                                       const SearchOptions& options = {}) const = 0;
  /// Every id with at most `radius` differing bits, best first.
  virtual std::vector<Match> range_search(std::span<const uint8_t> query, size_t radius,
                                          const SearchOptions& options = {}) const = 0;
  virtual std::map<std::string, std::string> statistics() const = 0;
  /// As Index::save.
  virtual void save(const std::filesystem::path& file) const = 0;
};
/// Throws Invalid for bits outside 1..kMostBits.
std::unique_ptr<BinaryIndex> make_binary(size_t bits);
/// Throws Corrupt, Unsupported for a newer version.
std::unique_ptr<BinaryIndex> open_binary(const std::filesystem::path& file);

/// k-means (Lloyd with k-means++ seeding). assignment[i] in [0, k).
struct Clusters {
  size_t k = 0, dim = 0;
  std::vector<float> centroids;  // [k, dim]
  std::vector<uint32_t> assignment;
  double inertia = 0;  // sum of squared distances to the own centroid
};
Clusters cluster(std::span<const float> vectors, size_t dim, size_t k, uint64_t seed = 1, size_t max_iterations = 25,
                 size_t threads = 0);

}  // namespace hanok::index

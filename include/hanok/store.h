// The door of room `store`: collections of documents on disk. SQLite (WAL) is the truth; indexes beside it are caches.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/error.h"
#include "hanok/text.h"

namespace hanok::store {

using Json = nlohmann::json;
using ChunkId = uint32_t;  // never used twice in a data directory
using DocumentId = uint32_t;

struct DocumentInfo {
  DocumentId id = 0;
  std::string path;  // unique within a collection
  std::string format, title;
  std::string content_hash;  // SHA-256 of the file's bytes
  int64_t size_bytes = 0;
  int64_t modified_ms = 0;  // the file's, when it was read
  int64_t ingested_ms = 0;
  size_t chunks = 0;
  Json metadata = Json::object();  // flat: string, number, bool, array of strings
};

struct ChunkRecord {
  ChunkId id = 0;
  DocumentId document = 0;
  std::string path;
  uint32_t ordinal = 0;  // 0, 1, 2, ... within its document
  int page = 0;          // 0 = none
  std::string heading;
  text::Span span;  // bytes of the document's extracted text
  std::string text;
};

/// What is written for one file, all or nothing.
struct NewDocument {
  DocumentInfo info;  // id, chunks and ingested_ms are filled in by put()
  std::string text;   // the extracted text, kept so that a reader can show spans
  std::vector<text::Page> pages;
  std::vector<text::Chunk> chunks;
  std::vector<float> vectors;  // [chunks.size(), dim] or empty
};

/// Which embedding model made the vectors of a collection.
struct VectorSpace {
  std::string fingerprint;  // Embedder::fingerprint()
  std::string model;        // name for people
  size_t dim = 0;
  int chunker_version = 0;
};

struct Match {
  ChunkId chunk = 0;
  float score = 0;  // BM25, or cosine; higher is better
};

/// The passages of a collection in one script that have a vector.
struct ScriptMean {
  text::Script script = text::Script::Other;
  uint64_t vectors = 0;     // how many; estimated where there are more passages than a sample has
  std::vector<float> mean;  // [dim], of the vectors at length 1 each
};

/// A metadata condition over chunks: MongoDB-like operators as Pinecone and Chroma use them ($eq $ne $gt $gte $lt $lte
/// $in $nin $exists $contains $not_contains $regex $not_regex $and $or $not). Fields: metadata keys, and the built-in
/// "path", "name" (the last part of path), "format", "title", "page", "heading"; a document's own metadata of the same
/// name goes before these. "#document" is the text of a chunk, "#id" and "#namespace" are those of a record
/// (records.h). Negated operators also match where the field is missing; lists match when any element does. Patterns
/// are RE2's. Throws Error(Invalid) with the place that is wrong.
class Filter {
 public:
  Filter() = default;  // everything
  explicit Filter(const Json& where);
  bool everything() const { return where_.is_null(); }
  const Json& where() const { return where_; }

 private:
  Json where_;
};

/// The defaults are one setting for every language; docs/formats/bm25.md shows how they were found.
struct Bm25Options {
  double k1 = 1.1, b = 0.7;
};

/// How build_index works.
struct IndexBuild {
  bool anew = false;   // also where the one there is would do
  size_t threads = 0;  // 0: all cores
};

/// A collection as it was at one moment: however much is written meanwhile, every read sees the same documents, chunks,
/// vectors and settings. What reads more than once (a search, an answer, an export) takes one from its first call to
/// its last. Reads may run from several threads. It keeps what it needs alive, also after the collection is dropped or
/// the store closed. What it costs: until it dies SQLite's log cannot begin anew and grows by what is written
/// meanwhile, and files that were merged away stay on the disk. Hold one for a search or an export, not for days.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const std::string& name() const = 0;  // of the collection
  /// Grows with every change of the collection: equal generations hold the same.
  virtual int64_t generation() const = 0;

  // -- documents --
  virtual std::optional<DocumentInfo> find(std::string_view path) const = 0;
  virtual std::vector<DocumentInfo> documents() const = 0;
  /// The extracted text of a document; NotFound if it is not there.
  virtual std::string document_text(std::string_view path) const = 0;
  virtual std::vector<text::Page> document_pages(std::string_view path) const = 0;
  virtual std::vector<ChunkRecord> chunks(
      std::span<const ChunkId> ids) const = 0;                            // in the order of ids; gone ones left out
  virtual std::vector<ChunkId> chunk_ids(DocumentId document) const = 0;  // by ordinal
  virtual size_t chunk_count() const = 0;
  virtual size_t document_count() const = 0;

  // -- searching: `terms` is text::analyze(query, {.query = true}), so that a query is analysed once --
  /// BM25. Best first; ties by chunk id.
  virtual std::vector<Match> search_keyword(std::span<const text::Term> terms, size_t k,
                                            const Filter& filter = {}) const = 0;
  /// The best of those chunks that may hold `text` letter by letter: they have every term of it, function words too
  /// (text::analyze(text, {.phrase = true})). Nothing where it has no terms.
  virtual std::vector<Match> search_holding(std::string_view text, size_t k, const Filter& filter = {}) const = 0;
  /// Cosine against the vectors of vector_space(). Error(Invalid) when query.size() != dim. Exact for some ten thousand
  /// vectors; beyond, those that an index finds (its promise: statistics()), with exact scores. script: only among the
  /// passages written in it.
  virtual std::vector<Match> search_dense(std::span<const float> query, size_t k, const Filter& filter = {},
                                          std::optional<text::Script> script = {}) const = 0;
  /// Exact cosines of some chunks (for MMR, fusion and explain); NaN where a chunk has no vector.
  virtual std::vector<float> dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const = 0;
  /// Exact BM25 scores of some chunks (0 where no term matches).
  virtual std::vector<float> keyword_scores(std::span<const text::Term> terms, std::span<const ChunkId> ids) const = 0;
  /// Sum over query terms of their highest possible BM25 contribution: what a passage holding everything would score.
  virtual float keyword_ceiling(std::span<const text::Term> terms) const = 0;
  /// The chunks that satisfy a filter, ascending.
  virtual std::vector<ChunkId> matching(const Filter& filter) const = 0;

  // -- by script: what a model gives to texts of one language it gives to all passages of a script --
  /// Those that passages are written in, by number.
  virtual std::vector<text::Script> scripts() const = 0;
  /// In the order of ids.
  virtual std::vector<text::Script> scripts_of(std::span<const ChunkId> ids) const = 0;
  /// By number of the script; empty without vectors.
  virtual std::vector<ScriptMean> script_means() const = 0;

  // -- the same from the query's text --
  std::vector<Match> search_keyword(std::string_view query, size_t k, const Filter& filter = {}) const {
    return search_keyword(text::analyze(query, {.query = true}), k, filter);
  }
  std::vector<float> keyword_scores(std::string_view query, std::span<const ChunkId> ids) const {
    return keyword_scores(text::analyze(query, {.query = true}), ids);
  }
  float keyword_ceiling(std::string_view query) const { return keyword_ceiling(text::analyze(query, {.query = true})); }

  // -- settings --
  virtual std::optional<VectorSpace> vector_space() const = 0;
  /// The space that is being filled and will take over when no chunk is missing.
  virtual std::optional<VectorSpace> pending_space() const = 0;
  /// Chunks whose vectors are missing from `space` (a new model): ids in order, at most `limit`.
  virtual std::vector<ChunkId> missing_vectors(const VectorSpace& space, size_t limit) const = 0;
  /// The vectors of some chunks in `space` as they were given, [ids.size(), dim]: a row of NaN where a chunk has none.
  virtual std::vector<float> vectors(const VectorSpace& space, std::span<const ChunkId> ids) const = 0;
  virtual Json settings() const = 0;
  /// {"documents","chunks","vectors","bytes","keyword":{...},"index":{...}}: sizes and states for `collections show`.
  virtual Json statistics() const = 0;
};

/// One collection. All may be called from any thread; writes take turns.
class Collection {
 public:
  virtual ~Collection() = default;
  virtual const std::string& name() const = 0;

  // -- reading --
  /// What is there now. NotFound once the collection was dropped.
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;

  // -- a single read, each of a snapshot of its own: for two that must agree take snapshot() --
  std::optional<DocumentInfo> find(std::string_view path) const { return snapshot()->find(path); }
  std::vector<DocumentInfo> documents() const { return snapshot()->documents(); }
  std::string document_text(std::string_view path) const { return snapshot()->document_text(path); }
  std::vector<text::Page> document_pages(std::string_view path) const { return snapshot()->document_pages(path); }
  std::vector<ChunkRecord> chunks(std::span<const ChunkId> ids) const { return snapshot()->chunks(ids); }
  std::vector<ChunkId> chunk_ids(DocumentId document) const { return snapshot()->chunk_ids(document); }
  size_t chunk_count() const { return snapshot()->chunk_count(); }
  size_t document_count() const { return snapshot()->document_count(); }
  std::vector<Match> search_keyword(std::string_view query, size_t k, const Filter& filter = {}) const {
    return snapshot()->search_keyword(query, k, filter);
  }
  std::vector<Match> search_dense(std::span<const float> query, size_t k, const Filter& filter = {}) const {
    return snapshot()->search_dense(query, k, filter);
  }
  std::vector<float> dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const {
    return snapshot()->dense_scores(query, ids);
  }
  std::vector<float> keyword_scores(std::string_view query, std::span<const ChunkId> ids) const {
    return snapshot()->keyword_scores(query, ids);
  }
  float keyword_ceiling(std::string_view query) const { return snapshot()->keyword_ceiling(query); }
  std::vector<ChunkId> matching(const Filter& filter) const { return snapshot()->matching(filter); }
  std::optional<VectorSpace> vector_space() const { return snapshot()->vector_space(); }
  std::optional<VectorSpace> pending_space() const { return snapshot()->pending_space(); }
  std::vector<ChunkId> missing_vectors(const VectorSpace& space, size_t limit) const {
    return snapshot()->missing_vectors(space, limit);
  }
  Json settings() const { return snapshot()->settings(); }
  Json statistics() const { return snapshot()->statistics(); }

  // -- writing: each call is one durable transaction; when it returns, the data survives power loss --
  /// Adds or replaces the document with info.path.
  virtual DocumentId put(NewDocument document) = 0;
  /// Several documents in one transaction (group commit): all or none.
  virtual void put_many(std::vector<NewDocument> documents) = 0;
  virtual bool remove(std::string_view path) = 0;
  /// Several in one transaction; returns how many were there.
  virtual size_t remove_many(std::span<const std::string> paths) = 0;
  /// Replaces vectors of existing chunks: ids.size() == rows. The space must equal vector_space() or pending_space().
  virtual void put_vectors(const VectorSpace& space, std::span<const ChunkId> ids, std::span<const float> rows) = 0;
  /// Declares the space new vectors belong to. While chunks are missing, the old space keeps answering.
  virtual void set_vector_space(const VectorSpace& space) = 0;
  /// {"bm25": {"k1","b"}, "index": {"type": "auto" | "flat" | "hnsw" | "ivf", "exact_below": N}} and what callers keep.
  virtual void set_settings(const Json& settings) = 0;
  /// Joins index pieces, drops what was removed from them (the terms of a removed text too), gives space back to the
  /// disk.
  virtual void compact() = 0;
  /// Merges pieces that are due, else left to the background; waits for an index that is being built there, then makes
  /// that of the vectors that is due (settings(): index.type, index.exact_below). Returns true if there is a new one.
  /// Throws Exhausted where memory runs out, and what is thrown where progress is told; the index there was stays, and
  /// every document too.
  virtual bool build_index(const IndexBuild& options = {}) = 0;
};

struct StoreOptions {
  bool read_only = false;  // many readers may be open beside one writer
  bool background = true;  // indexes of vectors are built beside other work, as pieces are merged; false: build_index()
};

class Catalog;

/// A data directory. One writer process (a lock file), many readers.
class Store {
 public:
  static std::unique_ptr<Store> open(const std::filesystem::path& folder, const StoreOptions& options = {});
  virtual ~Store() = default;
  virtual std::vector<std::string> collections() const = 0;
  /// NotFound (naming those there are) unless create. The store shares it: all callers get the same one.
  virtual std::shared_ptr<Collection> collection(std::string_view name, bool create = false) = 0;
  /// Gone for everybody at once; snapshots that were taken before read on.
  virtual bool drop(std::string_view name) = 0;
  /// A self-contained file (SQLite) with one collection, and back. Exists when the target name is taken.
  virtual void export_collection(std::string_view name, const std::filesystem::path& file) = 0;
  virtual void import_collection(const std::filesystem::path& file, std::string_view name) = 0;
  /// Its collections as records, by tenant and database (hanok/records.h). Lives as long as the store.
  virtual Catalog& catalog() = 0;
  /// PRAGMA integrity_check and a comparison of every cache with the truth. Empty = sound.
  virtual std::vector<std::string> verify() = 0;
};

}  // namespace hanok::store

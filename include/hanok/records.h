// The second door of room `store`: collections as records, which is what Chroma calls a record, Pinecone a vector, and
// ingest a passage of a file. They are one thing: what is written here is found by store.h and `hanok search`, and the
// passages of ingested files are read here (their id is "PATH#ORDINAL").
//
//   auto& catalog = store->catalog();
//   auto shop = catalog.create({.name = "shop", .metric = Metric::Cosine});
//   shop->write(WriteMode::Replace, {{.id = "a", .document = "red shoes", .metadata = {{"price", 30}}, .vector = v}});
//   const auto now = shop->read();                                  // one moment of the collection
//   for (const Match& m : now->nearest(query, {.k = 10, .among = {.where = Filter(Json{{"price", {{"$lt", 50}}}})}}))
//     show(now->fetch({m.chunk}).front(), m.score);
//
// A record is known by its namespace and id; "" is the default namespace. Namespaces are rows: ten thousand of them
// cost what one does. A record also has a number (ChunkId), which it keeps until it is written again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/store.h"

namespace hanok::store {

/// What `score` means. Cosine: the cosine; InnerProduct: the product; both higher is better. L2: the squared distance,
/// lower is better. A vector of length 0 has cosine 0 with everything.
enum class Metric { Cosine = 0, L2 = 1, InnerProduct = 2 };
std::string_view name_of(Metric metric);  // "cosine", "l2", "ip"

/// Pairs of a dimension and its weight; every other weight is 0. Indices may come in any order, each once.
struct SparseVector {
  std::vector<uint32_t> indices;
  std::vector<float> values;
  bool empty() const { return indices.empty(); }
  bool operator==(const SparseVector&) const = default;
};

/// Metadata is an object of strings, integers (int64), floats, booleans, lists of one of these kinds, and sparse
/// vectors as {"#type": "sparse_vector", "indices": [...], "values": [...]}. An integer stays one (1 and 1.0 are equal
/// to a condition, but come back as they came), a key of null is a key that is not there.
struct Record {
  std::string ns;                       // the namespace
  std::string id;                       // 1 to 4096 bytes of UTF-8
  std::optional<std::string> document;  // its text: searched by words
  std::optional<std::string> uri;
  Json metadata = Json::object();
  std::vector<float> vector;  // empty: it has none
  SparseVector sparse;        // empty: it has none
};

enum class WriteMode {
  Add,      // what is there already is left alone
  Replace,  // Pinecone's upsert: the whole record is what is given
  Merge,    // Chroma's upsert: what is there is changed as Update does, the others are added
  Update,   // what is not there is left alone; parts that are given take the place of the old ones (document, uri,
            // vector, sparse), metadata is merged key by key, and null deletes a key
};

struct Written {
  size_t records = 0;               // added or changed
  size_t added = 0;                 // of them
  std::vector<std::string> passed;  // ids that were left alone, as the mode says
};

/// What of a record is read; its namespace and id always are.
struct Include {
  bool document = true, uri = true, metadata = true, vector = false, sparse = false;
};

/// Which records are meant: all of these conditions together.
struct Selection {
  std::optional<std::string> ns;                // nullopt: every namespace
  std::optional<std::vector<std::string>> ids;  // unknown ones are no error
  /// The fields of Filter and beside them "#document" (the text), "#id" and "#namespace". Operators that are known here
  /// and in store.h: $not_contains, $regex and $not_regex (RE2's language: linear in the text). $contains asks a text
  /// for a part of it and a list for an element of any kind.
  Filter where;
  /// Whether $eq, $in, $gt and their kin look into lists (as Pinecone and store.h do); false: only $contains and
  /// $not_contains do, and only into lists (as Chroma does).
  bool into_lists = true;
};

struct Page {
  size_t offset = 0;
  size_t limit = SIZE_MAX;
};

/// How a search is done.
struct Near {
  size_t k = 10;
  Selection among = {};
  /// Who made the query's vectors (Embedder::fingerprint()); Invalid where the collection's are of another. "": not
  /// said.
  std::string fingerprint = {};
};

struct IdPage {
  std::vector<std::string> ids;     // ascending by bytes
  std::optional<std::string> next;  // hand it in as `after` for those behind; nullopt: these were the last
};

struct NamespaceInfo {
  std::string name;
  size_t records = 0;
  std::string note;  // what its maker gave with it (a schema, say)
};

/// A collection of records as it was at one moment; see Snapshot, of which it is the other face. Reads may run from
/// several threads.
class RecordSnapshot {
 public:
  virtual ~RecordSnapshot() = default;
  virtual int64_t generation() const = 0;
  virtual Metric metric() const = 0;
  /// Of the dense vectors; nullopt while there was none and none was declared.
  virtual std::optional<size_t> dim() const = 0;

  // -- reading --
  virtual size_t count(const Selection& among = {}) const = 0;
  /// In the order in which the records were first written; of a page those in [offset, offset + limit).
  virtual std::vector<ChunkId> select(const Selection& among, const Page& page = {}) const = 0;
  /// In the order of `numbers`; those that are gone are left out.
  virtual std::vector<Record> fetch(std::span<const ChunkId> numbers, const Include& what = {}) const = 0;
  std::vector<Record> get(const Selection& among, const Page& page = {}, const Include& what = {}) const {
    return fetch(select(among, page), what);
  }
  /// nullopt: there is no such record.
  virtual std::optional<ChunkId> find(std::string_view ns, std::string_view id) const = 0;
  /// Ids of one namespace that begin with `prefix`, at most `limit` of those after `after`.
  virtual IdPage list(std::string_view ns, std::string_view prefix = {}, size_t limit = 100,
                      std::string_view after = {}) const = 0;
  /// By name; those that begin with `prefix`, at most `limit` of those after `after`. A namespace is there while it has
  /// records, or was created; "" only while it has some.
  virtual std::vector<NamespaceInfo> namespaces(std::string_view prefix = {}, size_t limit = SIZE_MAX,
                                                std::optional<std::string> after = {}) const = 0;
  virtual std::optional<NamespaceInfo> find_namespace(std::string_view ns) const = 0;

  // -- searching: the k best, best first, ties by number; always min(k, all that can be found) of them --
  /// By dense vectors, [count, dim]: answer i is for query i. Scores are exact. Error(Invalid) where queries are not
  /// rows of dim() finite numbers. Nothing where no record has a vector.
  virtual std::vector<std::vector<Match>> nearest_many(std::span<const float> queries, size_t count,
                                                       const Near& how) const = 0;
  std::vector<Match> nearest(std::span<const float> query, const Near& how = {}) const {
    return std::move(nearest_many(query, 1, how).at(0));
  }
  /// By the product of sparse vectors, exactly; of those that share an index with the query. key: of the metadata; "":
  /// Record::sparse.
  virtual std::vector<Match> nearest_sparse(const SparseVector& query, const Near& how = {},
                                            std::string_view key = {}) const = 0;
  /// By the sum of the metric's score and the product of sparse vectors (Pinecone's hybrid); a part that a record has
  /// not counts 0. Unsupported under L2, where small is near.
  virtual std::vector<Match> nearest_both(std::span<const float> query, const SparseVector& sparse,
                                          const Near& how = {}) const = 0;
  /// By BM25 over the documents.
  virtual std::vector<Match> by_words(std::string_view text, const Near& how = {}) const = 0;
  /// The scores of some records, in their order: NaN where one has no vector. For ranks that are put together.
  virtual std::vector<float> scores(std::span<const float> query, std::span<const ChunkId> numbers) const = 0;
  virtual std::vector<float> sparse_scores(const SparseVector& query, std::span<const ChunkId> numbers,
                                           std::string_view key = {}) const = 0;
};

struct RecordsInfo {
  std::string tenant, database, name;
  std::string uuid;  // never used twice, kept when the collection is renamed
  Metric metric = Metric::Cosine;
  std::optional<size_t> dim;
  VectorSpace model;  // fingerprint "": vectors come from clients, and nobody said of which model
  size_t records = 0;
  int64_t created_ms = 0;
};

/// One collection as records. All may be called from any thread. Writes that come together are committed together.
class Records {
 public:
  virtual ~Records() = default;
  virtual const std::string& uuid() const = 0;
  /// As of now. NotFound once it was dropped.
  virtual RecordsInfo info() const = 0;
  virtual std::shared_ptr<const RecordSnapshot> read() const = 0;

  // -- writing: when a call returns, its whole work survives power loss and is found by every later read. All or
  // nothing.
  /// In order: of two records with one id the second meets the first. Error(Invalid) for what is not a record, and for
  /// vectors of another dimension than the collection's, which its first vector decides; Unsupported for a passage of a
  /// file, which only ingest writes.
  virtual Written write(WriteMode mode, std::vector<Record> records) = 0;
  /// Merges `metadata` into every selected record. Returns how many there are.
  virtual size_t update(const Selection& among, const Json& metadata) = 0;
  /// At most `limit`, in the order of select(). Returns how many went. Unsupported where a passage of a file is meant.
  virtual size_t remove(const Selection& among, size_t limit = SIZE_MAX) = 0;
  /// Exists where it is there. An empty namespace costs a row.
  virtual void create_namespace(std::string_view ns, std::string_view note = {}) = 0;
  /// With all its records; false: there was none.
  virtual bool remove_namespace(std::string_view ns) = 0;

  // -- what callers keep with it, byte for byte: "chroma", "pinecone", ... --
  virtual std::optional<std::string> note(std::string_view key) const = 0;
  /// Those whose keys begin with `prefix`, by key: what there is a row of for each file, batch or job.
  virtual std::map<std::string, std::string> notes(std::string_view prefix) const = 0;
  /// nullopt removes it.
  virtual void set_note(std::string_view key, std::optional<std::string_view> text) = 0;
  /// {"index": {...}, "bm25": {...}}: see Collection::set_settings.
  virtual Json settings() const = 0;
  virtual void set_settings(const Json& settings) = 0;
  /// See Snapshot::statistics.
  virtual Json statistics() const = 0;
};

/// Where a collection is looked for. The default tenant and database are those of `hanok` itself; elsewhere the
/// collection's name in store.h is "TENANT/DATABASE/NAME".
struct Place {
  std::string tenant = "default_tenant";
  std::string database = "default_database";
  bool operator==(const Place&) const = default;
};

struct NewRecords {
  std::string name;
  Place place = {};
  Metric metric = Metric::Cosine;
  std::optional<size_t> dim = {};  // else the first vector decides
  /// Where vectors come from a known model (integrated embedding): `hanok search` then finds by meaning, too.
  VectorSpace model = {};
  std::map<std::string, std::string> notes = {};
  Json settings = Json::object();
};

struct DatabaseInfo {
  std::string uuid, tenant, name;
};

/// The collections of a data folder by tenant and database. All may be called from any thread.
class Catalog {
 public:
  virtual ~Catalog() = default;

  // -- tenants and databases: rows. default_tenant and its default_database are always there --
  /// Exists where it is there.
  virtual void create_tenant(std::string_view name) = 0;
  virtual bool has_tenant(std::string_view name) const = 0;
  /// nullopt: none was set. NotFound without such a tenant.
  virtual std::optional<std::string> tenant_note(std::string_view name) const = 0;
  virtual void set_tenant_note(std::string_view name, std::string_view note) = 0;
  /// Exists; NotFound without such a tenant. uuid "": one is made.
  virtual void create_database(const Place& place, std::string_view uuid = {}) = 0;
  virtual std::optional<DatabaseInfo> find_database(const Place& place) const = 0;
  virtual std::vector<DatabaseInfo> databases(std::string_view tenant, const Page& page = {}) const = 0;
  /// With its collections. False: there was none. Invalid for the default one, which stays.
  virtual bool drop_database(const Place& place) = 0;

  // -- collections --
  /// Exists where the name is taken; NotFound without such a database.
  virtual std::shared_ptr<Records> create(const NewRecords& what) = 0;
  /// nullptr: there is none.
  virtual std::shared_ptr<Records> find(std::string_view name, const Place& place = {}) = 0;
  virtual std::shared_ptr<Records> find_uuid(std::string_view uuid) = 0;
  /// By name.
  virtual std::vector<RecordsInfo> list(const Place& place, const Page& page = {}) const = 0;
  virtual size_t count(const Place& place) const = 0;
  /// False: there was none. Gone for everybody at once; snapshots read on.
  virtual bool drop(std::string_view name, const Place& place = {}) = 0;
  /// Exists where the new name is taken, NotFound where there is none of the old one.
  virtual void rename(std::string_view name, std::string_view to, const Place& place = {}) = 0;
  /// A copy as of now with all its records, notes and settings; from then on the two know nothing of each other.
  virtual std::shared_ptr<Records> fork(std::string_view name, const Place& from, std::string_view to,
                                        const Place& into) = 0;
  /// Drops every collection, tenant and database.
  virtual void reset() = 0;
};

}  // namespace hanok::store

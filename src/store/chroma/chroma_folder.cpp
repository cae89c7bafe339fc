#include "hanok/chroma_folder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "base/json.h"
#include "base/log.h"
#include "store/chroma/vector_folder.h"
#include "store/database.h"
#include "store/record_check.h"

namespace hanok::store {
namespace {

constexpr size_t kBatch = 2048;     // records written in one call
constexpr size_t kUsualLinks = 32;  // of an element of level 0, twice "max_neighbors"

enum Operation { kAdd = 0, kUpdate = 1, kUpsert = 2, kDelete = 3 };  // of the queue

struct Source {
  std::string id, name, config, schema;
  Place place;
  size_t dim = 0;
  std::string vectors, metadata;  // the ids of its two segments
};

std::vector<Source> sources(Database& db) {
  std::vector<Source> out;
  const bool schemas = db.number("SELECT count(*) FROM pragma_table_info('collections') WHERE name = 'schema_str'") > 0;
  const bool configs =
      db.number("SELECT count(*) FROM pragma_table_info('collections') WHERE name = 'config_json_str'") > 0;
  Rows rows = db.query(std::string("SELECT c.id, c.name, c.dimension, d.tenant_id, d.name, ") +
                       (configs ? "c.config_json_str" : "''") + ", " + (schemas ? "c.schema_str" : "''") +
                       " FROM collections c JOIN databases d ON d.id = c.database_id ORDER BY c.name");
  while (rows.next()) {
    Source s;
    s.id = rows.text(0);
    s.name = rows.text(1);
    const int64_t dim = rows.integer(2);  // 0: NULL, there was no vector yet
    if (dim < 0 || dim > static_cast<int64_t>(kMostDim))
      throw Error(Code::Corrupt, "chroma.sqlite3: collection '" + s.name + "': has a dimension of " +
                                     std::to_string(dim) + ", at most " + std::to_string(kMostDim) + " was expected");
    s.dim = static_cast<size_t>(dim);
    s.place = {rows.text(3), rows.text(4)};
    s.config = rows.text(5);
    s.schema = rows.text(6);
    out.push_back(std::move(s));
  }
  for (auto& s : out) {
    Rows segments = db.query("SELECT id, scope FROM segments WHERE collection = ?1", std::string_view(s.id));
    while (segments.next()) (segments.bytes(1) == "VECTOR" ? s.vectors : s.metadata) = segments.text(0);
  }
  return out;
}

Json parsed(const std::string& text) {
  Json out = Json::parse(text, nullptr, false);
  return out.is_discarded() ? Json() : out;
}

// A row (string, int, float, bool), of which one is there.
Json value_of(const Rows& row, int from) {
  if (!row.null(from)) return row.text(from);
  if (!row.null(from + 3)) return row.integer(from + 3) != 0;
  if (!row.null(from + 1)) return row.integer(from + 1);
  if (!row.null(from + 2)) return row.real(from + 2);
  return nullptr;
}

Json collection_metadata(Database& db, const std::string& id) {
  Json out = Json::object();
  const bool bools =
      db.number("SELECT count(*) FROM pragma_table_info('collection_metadata') WHERE name = 'bool_value'") > 0;
  Rows rows = db.query(std::string("SELECT key, str_value, int_value, float_value, ") +
                           (bools ? "bool_value" : "NULL") + " FROM collection_metadata WHERE collection_id = ?1",
                       std::string_view(id));
  while (rows.next()) out[rows.text(0)] = value_of(rows, 1);
  return out;
}

// Where Chroma says it today, said it yesterday, and said it first.
std::string space_of(const Source& s, const Json& metadata) {
  const Json schema = parsed(s.schema), config = parsed(s.config);
  for (const auto& [json, path] :
       {std::pair(&schema, "/keys/#embedding/float_list/vector_index/config/space"), std::pair(&config, "/hnsw/space"),
        std::pair(&config, "/hnsw_configuration/space"), std::pair(&config, "/vector_index/hnsw/space")}) {
    const Json::json_pointer pointer(path);
    if (json->is_object() && json->contains(pointer) && json->at(pointer).is_string()) return json->at(pointer);
  }
  const auto named = metadata.find("hnsw:space");
  return named != metadata.end() && named->is_string() ? named->get<std::string>() : "l2";
}

Metric metric_of(const std::string& space) {
  return space == "cosine" ? Metric::Cosine : space == "ip" ? Metric::InnerProduct : Metric::L2;
}

// Old versions kept it as eight bytes, the highest first.
int64_t last_seen(Database& db, const std::string& segment) {
  Rows row = db.query("SELECT seq_id, typeof(seq_id) FROM max_seq_id WHERE segment_id = ?1", std::string_view(segment));
  if (!row.next()) return -1;
  if (row.bytes(1) != "blob") return row.integer(0);
  int64_t out = 0;
  for (const char byte : row.bytes(0)) out = out << 8 | static_cast<unsigned char>(byte);
  return out;
}

std::vector<float> queued_vector(const Rows& row, int column) {
  if (row.null(column)) return {};
  const auto bytes = row.bytes(column);
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

void split(Json& metadata, Record& into) {
  const auto take = [&](const char* key, std::optional<std::string>& part) {
    const auto at = metadata.find(key);
    if (at == metadata.end()) return;
    if (at->is_string()) part = at->get<std::string>();
    metadata.erase(at);
  };
  take("chroma:document", into.document);
  take("chroma:uri", into.uri);
}

class Import {
 public:
  Import(Catalog& catalog, Database& db, const fs::path& folder, const Source& source,
         std::vector<std::string>& warnings)
      : catalog_(catalog),
        db_(db),
        source_(source),
        about_(collection_metadata(db, source.id)),
        topic_("persistent://%/" + source.id) {
    vectors_.emplace(folder / source.vectors, source.dim, kUsualLinks, warnings);
    seen_ = last_seen(db, source.metadata);
    arrays_ = db.number("SELECT count(*) FROM sqlite_master WHERE name = 'embedding_metadata_array'") > 0;
    read_queue();
  }

  ImportedCollection run() {
    into_ = catalog_.create(description());
    try {
      copy_records();
      replay();
    } catch (...) {
      into_.reset();
      catalog_.drop(source_.name, source_.place);
      throw;
    }
    out_.place = source_.place;
    out_.name = source_.name;
    out_.records = into_->read()->count();
    return out_;
  }

 private:
  NewRecords description() const {
    NewRecords out{.name = source_.name, .place = source_.place, .metric = metric_of(space_of(source_, about_))};
    if (source_.dim > 0) out.dim = source_.dim;
    const std::string metadata = about_.empty() ? "null" : base::dump_json(about_);
    if (parsed(source_.schema).is_object())
      out.notes["chroma"] = "{\"metadata\":" + metadata + ",\"schema\":" + source_.schema + "}";
    else  // of before there were schemas
      out.notes["chroma.imported"] = "{\"metadata\":" + metadata + ",\"configuration\":" +
                                     (parsed(source_.config).is_object() ? source_.config : "null") + "}";
    return out;
  }

  // Vectors that came after the index was saved last.
  void read_queue() {
    const int64_t saved = last_seen(db_, source_.vectors);
    Rows rows = db_.query(
        "SELECT operation, id, vector FROM embeddings_queue WHERE topic LIKE ?1 AND seq_id > ?2 AND seq_id <= ?3 ORDER BY "
        "seq_id",
        std::string_view(topic_), saved, seen_);
    while (rows.next()) {
      const std::string id = rows.text(1);
      auto vector = queued_vector(rows, 2);
      if (rows.integer(0) == kDelete)
        queued_[id].clear();
      else if (!vector.empty() && !(rows.integer(0) == kAdd && !vector_of(id).empty()))
        queued_[id] = std::move(vector);
    }
  }

  std::vector<float> vector_of(const std::string& id) const {
    if (const auto queued = queued_.find(id); queued != queued_.end()) return queued->second;
    const auto found = vectors_->find(id);
    const bool sound = std::all_of(found.begin(), found.end(), [](float x) { return std::isfinite(x); });
    return sound ? std::vector<float>(found.begin(), found.end()) : std::vector<float>();
  }

  Json metadata_of(int64_t row) {
    Json out = Json::object();
    Rows rows = db_.query(
        "SELECT key, string_value, int_value, float_value, bool_value FROM embedding_metadata WHERE "
        "id = ?1",
        row);
    while (rows.next())
      if (Json value = value_of(rows, 1); !value.is_null()) out[rows.text(0)] = std::move(value);
    if (!arrays_) return out;
    Rows lists = db_.query(
        "SELECT key, string_value, int_value, float_value, bool_value FROM embedding_metadata_array "
        "WHERE id = ?1 ORDER BY rowid",
        row);
    while (lists.next()) {
      Json& list = out[lists.text(0)];
      if (!list.is_array()) list = Json::array();
      list.push_back(value_of(lists, 1));
    }
    return out;
  }

  void copy_records() {
    std::vector<Record> batch;
    Rows rows = db_.query("SELECT id, embedding_id FROM embeddings WHERE segment_id = ?1 ORDER BY id",
                          std::string_view(source_.metadata));
    while (rows.next()) {
      Record r;
      r.id = rows.text(1);
      r.metadata = metadata_of(rows.integer(0));
      split(r.metadata, r);
      r.vector = vector_of(r.id);
      out_.without_vector += r.vector.empty();
      batch.push_back(std::move(r));
      if (batch.size() == kBatch) into_->write(WriteMode::Add, std::exchange(batch, {}));
    }
    into_->write(WriteMode::Add, std::move(batch));
  }

  // What was accepted and not put into the tables any more.
  void replay() {
    Rows rows = db_.query(
        "SELECT operation, id, vector, metadata FROM embeddings_queue WHERE topic LIKE ?1 AND seq_id > ?2 ORDER BY seq_id",
        std::string_view(topic_), seen_);
    while (rows.next()) {
      if (rows.integer(0) == kDelete) {
        into_->remove({.ns = "", .ids = {{rows.text(1)}}});
        continue;
      }
      Record r;
      r.id = rows.text(1);
      r.vector = queued_vector(rows, 2);
      if (Json metadata = parsed(rows.text(3)); metadata.is_object()) r.metadata = std::move(metadata);
      split(r.metadata, r);
      const auto mode = rows.integer(0) == kAdd      ? WriteMode::Add
                        : rows.integer(0) == kUpdate ? WriteMode::Update
                                                     : WriteMode::Merge;
      into_->write(mode, {std::move(r)});
    }
  }

  Catalog& catalog_;
  Database& db_;
  const Source& source_;
  const Json about_;
  const std::string topic_;  // of the queue, as LIKE takes it
  std::optional<chroma::VectorFolder> vectors_;
  int64_t seen_ = -1;
  bool arrays_ = false;
  std::unordered_map<std::string, std::vector<float>> queued_;  // empty: removed
  std::shared_ptr<Records> into_;
  ImportedCollection out_;
};

void make_place(Catalog& catalog, const Place& place) {
  if (!catalog.has_tenant(place.tenant)) catalog.create_tenant(place.tenant);
  if (!catalog.find_database(place)) catalog.create_database(place);
}

}  // namespace

bool is_chroma_folder(const fs::path& folder) { return fs::exists(folder / "chroma.sqlite3"); }

ChromaImport import_chroma(Catalog& catalog, const fs::path& folder, const std::string& only) {
  if (!is_chroma_folder(folder))
    throw Error(Code::NotFound, folder.string() + ": is no folder of Chroma (no chroma.sqlite3)");
  Database db(folder / "chroma.sqlite3", Database::Mode::Read);
  const Transaction reading(db, Transaction::Kind::Read);
  auto wanted = sources(db);
  if (!only.empty()) std::erase_if(wanted, [&](const Source& s) { return s.name != only; });
  if (wanted.empty())
    throw Error(Code::NotFound,
                folder.string() + (only.empty() ? ": holds no collection" : ": holds no collection '" + only + "'"));
  for (const auto& s : wanted)
    if (catalog.find_database(s.place) && catalog.find(s.name, s.place))
      throw Error(Code::Exists, "collection '" + s.name + "': is there already; rename or delete it");
  ChromaImport out;
  for (const auto& s : wanted) {
    make_place(catalog, s.place);
    out.collections.push_back(Import(catalog, db, folder, s, out.warnings).run());
  }
  return out;
}

}  // namespace hanok::store

// A collection as one file, and back: the same tables as hanok.db, with one collection and without index pieces.
#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "store/documents.h"
#include "store/local_store.h"
#include "store/record_rows.h"
#include "store/schema.h"
#include "store/uuid.h"

namespace hanok::store {
namespace {

constexpr size_t kBatchChunks = 4096;  // chunks imported in one transaction

std::vector<text::Chunk> stored_chunks(Database& db, const ChunkRange& range) {
  std::vector<text::Chunk> out;
  Rows rows = db.query("SELECT start, end, page, heading FROM chunk WHERE id >= ?1 AND id < ?2 ORDER BY id",
                       range.first, range.first + range.count);
  while (rows.next())
    out.push_back({.span = {static_cast<size_t>(rows.integer(0)), static_cast<size_t>(rows.integer(1))},
                   .page = static_cast<int>(rows.integer(2)),
                   .heading = rows.text(3)});
  return out;
}

// The vectors of a document as they were given; empty unless all of them are there.
std::vector<float> stored_vectors(Database& db, const SpaceRow& space, const ChunkRange& range) {
  std::vector<float> out;
  Rows rows =
      db.query("SELECT row FROM vector WHERE id >= ?1 AND id < ?2 ORDER BY id", vector_id(space.id, range.first),
               vector_id(space.id, range.first) + static_cast<int64_t>(range.count));
  while (rows.next()) {
    const auto bytes = rows.bytes(0);
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    out.insert(out.end(), values, values + bytes.size() / sizeof(float));
  }
  return out.size() == range.count * space.space.dim ? out : std::vector<float>();
}

NewDocument stored_document(Database& db, int64_t collection, const DocumentInfo& info,
                            const std::optional<SpaceRow>& space) {
  const auto range = chunks_of(db, collection, info.id);
  NewDocument out{.info = info,
                  .text = read_text(db, info.id),
                  .pages = document_pages(db, info.id),
                  .chunks = stored_chunks(db, range)};
  if (space) out.vectors = stored_vectors(db, *space, range);
  return out;
}

void copy_documents(Database& from, int64_t id, const std::function<void(std::vector<NewDocument>)>& put) {
  const auto space = find_space(from, id, Role::Active);
  std::vector<NewDocument> batch;
  size_t chunks = 0;
  const auto flush = [&] {
    if (!batch.empty()) put(std::move(batch));
    batch.clear();
    chunks = 0;
  };
  for (const auto& info : list_documents(from, id)) {
    chunks += info.chunks;
    batch.push_back(stored_document(from, id, info, space));
    if (chunks >= kBatchChunks || batch.size() >= kBatchChunks) flush();
  }
  flush();
}

// In the order in which they were first written.
void copy_records(Database& from, int64_t id, const std::function<void(std::vector<Record>)>& put) {
  if (!has_records(from)) return;
  const auto space = find_space(from, id, Role::Active);
  std::vector<Record> batch;
  Rows order = from.query("SELECT chunk FROM record WHERE collection = ?1 ORDER BY first", id);
  while (order.next()) {
    const auto chunk = static_cast<ChunkId>(order.integer(0));
    constexpr Include kWhole{.sparse = true};
    auto stored = read_record(from, id, chunk, kWhole);
    if (!stored) continue;
    if (space) stored->record.vector = stored_row(from, space->id, space->space.dim, chunk);
    batch.push_back(std::move(stored->record));
    if (batch.size() == kBatchChunks) put(std::exchange(batch, {}));
  }
  if (!batch.empty()) put(std::move(batch));
}

// Settings are copied where the collection is made; this is what else is kept with it.
void copy_about(Database& from, int64_t id, Database& to, int64_t into) {
  if (!has_records(from)) return;
  to.run("UPDATE collection SET metric = ?2 WHERE id = ?1", into, static_cast<int>(metric_of(from, id)));
  Rows notes = from.query("SELECT key, text FROM note WHERE collection = ?1", id);
  while (notes.next()) to.run("INSERT INTO note VALUES (?1, ?2, ?3)", into, notes.bytes(0), notes.bytes(1));
  Rows namespaces = from.query("SELECT name, note FROM namespace WHERE collection = ?1 AND made = 1", id);
  while (namespaces.next())
    to.run("INSERT INTO namespace(collection, name, made, note) VALUES (?1, ?2, 1, ?3)", into, namespaces.bytes(0),
           namespaces.bytes(1));
}

// Rows alone: an export has no index pieces.
void insert_rows(Database& to, std::vector<Record> records) {
  const auto space = find_space(to, 1, Role::Active);
  const ChunkId first = take_ids(to, "chunk", records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const auto chunk = static_cast<ChunkId>(first + i);
    auto& r = records[i];
    if (!r.vector.empty()) write_vectors(to, *space, {&chunk, 1}, r.vector);
    const int64_t ns = make_namespace(to, 1, r.ns);
    to.run("UPDATE namespace SET records = records + 1 WHERE id = ?1", ns);
    const std::string metadata = base::dump_json(r.metadata);
    insert_record(to, 1, ns, {chunk, chunk, std::move(r)}, metadata);
  }
  to.run("UPDATE collection SET chunks = chunks + ?1, records = records + ?1", records.size());
}

}  // namespace

void LocalStore::export_collection(std::string_view name, const fs::path& file) {
  Reading reading(connections());
  const int64_t id = find(reading.db(), name);
  if (id == 0) throw not_found(name);
  if (fs::exists(file))
    throw Error(Code::Exists, file.string() + ": is there already; choose another name or remove it");
  const fs::path part = file.string() + ".part";
  fs::remove(part);
  try {
    {
      Database& from = reading.db();
      Database to(part, Database::Mode::Write);
      migrate(to);
      to.script("PRAGMA journal_mode=MEMORY");  // one file; nobody else sees it before the rename
      Transaction transaction(to, Transaction::Kind::Write);
      Rows row = from.query("SELECT name, created_ms, settings FROM collection WHERE id = ?1", id);
      row.next();
      to.run("INSERT INTO collection(id, name, created_ms, settings) VALUES (1, ?1, ?2, ?3)", row.bytes(0),
             row.integer(1), row.bytes(2));
      copy_about(from, id, to, 1);
      const auto space = find_space(from, id, Role::Active);
      if (space) set_space(to, 1, space->space);
      const auto target = find_space(to, 1, Role::Active);
      copy_documents(from, id, [&](std::vector<NewDocument> documents) {
        for (const auto& d : documents) {
          const ChunkId first = take_ids(to, "chunk", d.chunks.size());
          insert_document(to, 1, d, {first, d.chunks.size()});
          std::vector<ChunkId> ids(d.vectors.empty() ? 0 : d.chunks.size());
          for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<ChunkId>(first + i);
          if (!ids.empty()) write_vectors(to, *target, ids, d.vectors);
          to.run("UPDATE collection SET documents = documents + 1, chunks = chunks + ?1", d.chunks.size());
        }
      });
      copy_records(from, id, [&](std::vector<Record> records) { insert_rows(to, std::move(records)); });
      transaction.commit();
    }
    fs::rename(part, file);
    base::sync_folder(file.has_parent_path() ? file.parent_path() : fs::path("."));
  } catch (...) {
    std::error_code ignored;
    fs::remove(part, ignored);
    throw;
  }
}

void LocalStore::import_collection(const fs::path& file, std::string_view name) {
  check_collection_name(name);
  connections().require_writable();
  if (!fs::exists(file)) throw Error(Code::NotFound, file.string() + ": there is no such file");
  require_free(name);
  Database from(file, Database::Mode::Read);
  check_export(from);
  Transaction snapshot(from, Transaction::Kind::Read);
  const int64_t source = from.number("SELECT id FROM collection WHERE hidden = 0 ORDER BY id");
  if (source == 0)
    throw Error(Code::Corrupt, file.string() + ": holds no collection; export one with hanok collections export");
  copy_from(from, source, name, from.number("SELECT created_ms FROM collection WHERE id = ?1", source));
}

void LocalStore::copy_collection(std::string_view name, std::string_view to) {
  connections().require_writable();
  require_free(to);
  Reading reading(connections());
  const int64_t source = find(reading.db(), name);
  if (source == 0) throw not_found(name);
  copy_from(reading.db(), source, to, base::now_ms());
}

void LocalStore::require_free(std::string_view name) const {
  Reading reading(connections());
  if (find(reading.db(), name))
    throw Error(Code::Exists,
                "collection '" + std::string(name) + "': is there already; choose another name or delete it");
}

// Hidden until it is complete: what a crash leaves is removed when the folder is opened next.
void LocalStore::copy_from(Database& from, int64_t source, std::string_view name, int64_t created_ms) {
  const std::string hidden = "/import-" + std::to_string(data_->ids->file());
  const int64_t id = [&] {
    Change change(*data_);
    Rows row = from.query("SELECT settings FROM collection WHERE id = ?1", source);
    row.next();
    const std::string uuid = make_uuid();
    change.db().run("INSERT INTO collection(name, hidden, created_ms, settings, uuid) VALUES (?1, 1, ?2, ?3, ?4)",
                    std::string_view(hidden), created_ms, row.bytes(0), std::string_view(uuid));
    const int64_t made = change.db().last_id();
    copy_about(from, source, change.db(), made);
    change.commit();
    return made;
  }();
  try {
    const auto into = std::make_shared<StoredCollection>(data_, id, std::string(name), background_);
    if (const auto space = find_space(from, source, Role::Active)) into->set_vector_space(space->space);
    copy_documents(from, source, [&](std::vector<NewDocument> documents) { into->put_many(std::move(documents)); });
    copy_records(from, source,
                 [&](std::vector<Record> records) { into->records().write(WriteMode::Add, std::move(records)); });
    std::lock_guard lock(naming_);
    Change change(*data_);
    if (find(change.db(), name))
      throw Error(Code::Exists,
                  "collection '" + std::string(name) + "': is there already; choose another name or delete it");
    change.db().run("UPDATE collection SET hidden = 0, name = ?2, generation = generation + 1 WHERE id = ?1", id, name);
    change.commit();
    std::lock_guard map_lock(mutex_);
    open_.emplace(id, Opened{into, ++now_});
  } catch (...) {
    purge_now_or_later(id);
    throw;
  }
}

}  // namespace hanok::store

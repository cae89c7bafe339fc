// A collection as one file, and back: the same tables as hanok.db, with one collection and without index pieces.
#include <algorithm>

#include "base/json.h"
#include "store/documents.h"
#include "store/local_store.h"
#include "store/schema.h"

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
  const auto require_free = [&](Database& db) {
    if (find(db, name))
      throw Error(Code::Exists,
                  "collection '" + std::string(name) + "': is there already; choose another name or delete it");
  };
  {
    Reading reading(connections());
    require_free(reading.db());
  }
  Database from(file, Database::Mode::Read);
  check_export(from);
  Transaction snapshot(from, Transaction::Kind::Read);
  const int64_t source = from.number("SELECT id FROM collection WHERE hidden = 0 ORDER BY id");
  if (source == 0)
    throw Error(Code::Corrupt, file.string() + ": holds no collection; export one with hanok collections export");

  // Hidden until it is complete: what a crash leaves is removed when the folder is opened next.
  const std::string hidden = "/import-" + std::to_string(data_->ids->file());
  const int64_t id = [&] {
    Change change(*data_);
    Rows row = from.query("SELECT created_ms, settings FROM collection WHERE id = ?1", source);
    row.next();
    change.db().run("INSERT INTO collection(name, hidden, created_ms, settings) VALUES (?1, 1, ?2, ?3)",
                    std::string_view(hidden), row.integer(0), row.bytes(1));
    const int64_t made = change.db().last_id();
    change.commit();
    return made;
  }();
  try {
    const auto into = std::make_shared<StoredCollection>(data_, id, std::string(name), background_);
    if (const auto space = find_space(from, source, Role::Active)) into->set_vector_space(space->space);
    copy_documents(from, source, [&](std::vector<NewDocument> documents) { into->put_many(std::move(documents)); });
    std::lock_guard lock(naming_);
    Change change(*data_);
    require_free(change.db());
    change.db().run("UPDATE collection SET hidden = 0, name = ?2, generation = generation + 1 WHERE id = ?1", id, name);
    change.commit();
    std::lock_guard map_lock(mutex_);
    open_.emplace(id, into);
  } catch (...) {
    purge_now_or_later(id);
    throw;
  }
}

}  // namespace hanok::store

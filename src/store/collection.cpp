#include "store/collection.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "store/ann_writer.h"
#include "store/scripts.h"

namespace hanok::store {
namespace {

constexpr int64_t kVacuumPages = 2048;  // 16 MB given back after a write, so that no write waits long for it

}  // namespace

std::shared_ptr<const Snapshot> StoredCollection::snapshot() const {
  return std::make_shared<const StoredSnapshot>(folder_, views_, id_, name_);
}

void StoredCollection::require(Database& db) const {
  if (db.number("SELECT count(*) FROM collection WHERE id = ?1", id_) == 0)
    throw Error(Code::NotFound, "collection '" + name_ + "' was deleted");
}

void StoredCollection::changed(Database& db, int64_t documents, int64_t chunks) {
  db.run(
      "UPDATE collection SET generation = generation + 1, documents = documents + ?2, chunks = chunks + ?3 WHERE id = "
      "?1",
      id_, documents, chunks);
  promote_if_complete(db, id_);
}

std::vector<ChunkRange> StoredCollection::delete_documents(Database& db, std::span<const std::string_view> paths) {
  std::vector<ChunkRange> out;
  for (const auto path : paths) {
    const auto range = delete_document(db, id_, path);
    if (!range) continue;
    delete_vectors(db, id_, *range);
    VectorWriter(db, index(), id_).invalidate(*range);
    out.push_back(*range);
  }
  KeywordWriter(db, index(), id_).forget(out);
  remove_scripts(db, id_, out);
  return out;
}

void StoredCollection::write_documents(Database& db, const std::vector<NewDocument>& documents) {
  auto target = find_space(db, id_, Role::Pending);
  if (!target) target = find_space(db, id_, Role::Active);
  std::vector<std::string_view> paths, texts;
  for (const auto& d : documents) {
    paths.push_back(d.info.path);
    for (const auto& c : d.chunks)
      texts.push_back(std::string_view(d.text).substr(c.span.start, c.span.end - c.span.start));
    if (d.vectors.empty()) continue;
    if (!target) throw Error(Code::Invalid, d.info.path + ": comes with vectors; call set_vector_space first");
    check_rows(target->space, d.chunks.size(), d.vectors);
  }
  const auto gone = delete_documents(db, paths);
  const ChunkId first = take_ids(db, "chunk", texts.size());
  ChunkId next = first;
  for (const auto& d : documents) {
    insert_document(db, id_, d, {next, d.chunks.size()});
    if (!d.vectors.empty()) {
      std::vector<ChunkId> ids(d.chunks.size());
      for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<ChunkId>(next + i);
      write_vectors(db, *target, ids, d.vectors);
    }
    next += static_cast<ChunkId>(d.chunks.size());
  }
  KeywordWriter(db, index(), id_).append(first, texts);
  add_scripts(db, id_, first, texts);
  int64_t chunks = static_cast<int64_t>(texts.size());
  for (const auto& range : gone) chunks -= static_cast<int64_t>(range.count);
  changed(db, static_cast<int64_t>(documents.size()) - static_cast<int64_t>(gone.size()), chunks);
}

void StoredCollection::put_many(std::vector<NewDocument> documents) {
  std::set<std::string_view> paths;
  for (const auto& d : documents) {
    check_document(d);
    if (!paths.insert(d.info.path).second)
      throw Error(Code::Invalid, d.info.path + ": is twice in one batch; put it once");
  }
  if (documents.empty()) return;
  Writing writing(connections());
  Transaction transaction(writing.db(), Transaction::Kind::Write);
  require(writing.db());
  write_documents(writing.db(), documents);
  transaction.commit();
  maintain(writing.db());
}

DocumentId StoredCollection::put(NewDocument document) {
  const std::string path = document.info.path;
  std::vector<NewDocument> one;
  one.push_back(std::move(document));
  put_many(std::move(one));
  const auto found = find(path);
  return found ? found->id : 0;
}

bool StoredCollection::remove(std::string_view path) {
  const std::string one(path);
  return remove_many({&one, 1}) > 0;
}

size_t StoredCollection::remove_many(std::span<const std::string> paths) {
  const std::vector<std::string_view> views(paths.begin(), paths.end());
  Writing writing(connections());
  Transaction transaction(writing.db(), Transaction::Kind::Write);
  require(writing.db());
  const auto gone = delete_documents(writing.db(), views);
  if (gone.empty()) return 0;
  int64_t chunks = 0;
  for (const auto& range : gone) chunks += static_cast<int64_t>(range.count);
  changed(writing.db(), -static_cast<int64_t>(gone.size()), -chunks);
  transaction.commit();
  maintain(writing.db());
  return gone.size();
}

void StoredCollection::put_vectors(const VectorSpace& space, std::span<const ChunkId> ids,
                                   std::span<const float> rows) {
  check_rows(space, ids.size(), rows);
  Writing writing(connections());
  Database& db = writing.db();
  Transaction transaction(db, Transaction::Kind::Write);
  require(db);
  for (const auto& target : space_rows(db, id_)) {
    if (target.role == Role::Dropped || !same_space(target.space, space)) continue;
    std::vector<ChunkId> live;
    std::vector<float> live_rows;
    for (size_t i = 0; i < ids.size(); ++i) {  // a chunk may have been removed while it was being embedded
      if (db.number("SELECT d.collection FROM chunk c JOIN document d ON d.id = c.document WHERE c.id = ?1", ids[i]) !=
          id_)
        continue;
      live.push_back(ids[i]);
      live_rows.insert(live_rows.end(), rows.begin() + i * space.dim, rows.begin() + (i + 1) * space.dim);
    }
    write_vectors(db, target, live, live_rows);
    VectorWriter(db, index(), id_).invalidate(live, target.id);
    changed(db, 0, 0);
    transaction.commit();
    maintain(db);
    return;
  }
  throw Error(Code::Invalid, "collection '" + name_ + "': vectors of " + describe(space) +
                                 " were not asked for; call set_vector_space first");
}

// What was written is safe already, so nothing that goes wrong here may look like a failed write.
void StoredCollection::maintain(Database& db, bool all) {
  try {
    KeywordWriter(db, index(), id_).merge(all);
    VectorWriter(db, index(), id_).maintain(all);
    purge_dropped(db, id_);
    start_background(db);
    if (db.number("PRAGMA freelist_count") > (all ? 0 : kVacuumPages / 8))
      db.script(all ? "PRAGMA incremental_vacuum" : "PRAGMA incremental_vacuum(" + std::to_string(kVacuumPages) + ")");
  } catch (const Error& e) {
    base::log().warn("collection '{}': its index could not be tidied up, the data is safe: {}", name_, e.what());
  }
}

void StoredCollection::compact() {
  bool removed_inside = false;
  {
    Writing writing(connections());
    Database& db = writing.db();
    require(db);
    maintain(db, true);
    const auto space = find_space(db, id_, Role::Active);
    const auto ann = space ? find_ann(db, space->id) : std::nullopt;
    removed_inside = ann && (ann->removed > 0 || !ann->stale.isEmpty());
  }
  build_index({.anew = removed_inside});
  Writing writing(connections());
  writing.db().checkpoint();
}

void StoredCollection::repair() {
  Writing writing(connections());
  KeywordWriter(writing.db(), index(), id_).repair();
  VectorWriter(writing.db(), index(), id_).repair();
  AnnWriter(connections(), index(), id_).repair();
  {
    Transaction transaction(writing.db(), Transaction::Kind::Write);
    if (repair_scripts(writing.db(), id_)) {
      base::log().warn("collection '{}': the scripts of its passages were noted anew from their texts", name_);
      changed(writing.db(), 0, 0);
      transaction.commit();
    }
  }
  start_background(writing.db());
}

void StoredCollection::set_vector_space(const VectorSpace& space) {
  Writing writing(connections());
  Transaction transaction(writing.db(), Transaction::Kind::Write);
  require(writing.db());
  set_space(writing.db(), id_, space);
  changed(writing.db(), 0, 0);
  transaction.commit();
  maintain(writing.db());
}

void StoredCollection::set_settings(const Json& settings) {
  if (!settings.is_object())
    throw Error(Code::Invalid, std::string("settings: expected an object, found ") + settings.type_name());
  bm25_options(settings);
  ann_settings(settings);
  const std::string text = base::dump_json(settings);
  Writing writing(connections());
  Transaction transaction(writing.db(), Transaction::Kind::Write);
  require(writing.db());
  writing.db().run("UPDATE collection SET settings = ?2 WHERE id = ?1", id_, std::string_view(text));
  changed(writing.db(), 0, 0);
  transaction.commit();
  start_background(writing.db());
}

}  // namespace hanok::store

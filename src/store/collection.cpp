#include "store/collection.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hanok/text.h"
#include "store/ann_writer.h"
#include "store/filter.h"

namespace hanok::store {
namespace {

constexpr int kReadAttempts = 8;        // a writer would have to replace files this often during one query
constexpr int64_t kVacuumPages = 2048;  // 16 MB given back after a write, so that no write waits long for it

std::vector<text::Term> query_terms(std::string_view query) { return text::analyze(query, {.query = true}); }

Json stored_settings(Database& db, int64_t collection) {
  Rows row = db.query("SELECT settings FROM collection WHERE id = ?1", collection);
  return row.next() ? base::parse_json(row.bytes(0), "stored settings") : Json::object();
}

}  // namespace

Bm25Options bm25_options(const Json& settings) {
  Bm25Options out;
  const auto bm25 = settings.find("bm25");
  if (bm25 == settings.end()) return out;
  const auto read = [&](const char* name, double& value, double top) {
    const auto at = bm25->is_object() ? bm25->find(name) : bm25->end();
    if (at == bm25->end()) return;
    if (!at->is_number() || !(at->get<double>() >= 0) || at->get<double>() > top)
      throw Error(Code::Invalid, std::string("settings: bm25.") + name + " must be a number from 0 to " +
                                     std::to_string(static_cast<int>(top)) + ", found " + base::dump_json(*at));
    value = at->get<double>();
  };
  if (!bm25->is_object()) throw Error(Code::Invalid, "settings: bm25 must be an object {\"k1\": ..., \"b\": ...}");
  read("k1", out.k1, 1000);
  read("b", out.b, 1);
  return out;
}

// ---- views ----

StoredCollection::View::View(const StoredCollection& owner, OnLoss on_loss)
    : owner_(owner), on_loss_(on_loss), snapshot_(owner.connections_) {
  generation_ = db().number("SELECT generation FROM collection WHERE id = ?1 AND hidden = 0", owner_.id_);
  if (generation_ == 0) throw Error(Code::NotFound, "collection '" + owner_.name_ + "' was deleted");
}

std::shared_ptr<const KeywordIndex> StoredCollection::View::keyword() {
  return owner_.keyword_.get(generation_, [&](const KeywordIndex* previous) {
    return KeywordIndex::load(db(), owner_.folder_, owner_.id_, on_loss_,
                              bm25_options(stored_settings(db(), owner_.id_)), previous);
  });
}

std::shared_ptr<const Vectors> StoredCollection::View::vectors() {
  return owner_.vectors_.get(generation_, [&](const Vectors* previous) {
    return Vectors::load(db(), owner_.folder_, owner_.id_, on_loss_, previous);
  });
}

std::shared_ptr<const Vectors> StoredCollection::View::vectors_for(std::span<const float> query) {
  auto out = vectors();
  if (!out)
    throw Error(Code::Invalid, "collection '" + owner_.name_ + "' has no vectors: ingest it with an embedding model");
  const auto& space = out->space().space;
  if (query.size() != space.dim)
    throw Error(Code::Invalid, "collection '" + owner_.name_ + "': the query has " + std::to_string(query.size()) +
                                   " numbers, its vectors are of " + describe(space) + "; use the same model");
  for (const float x : query)
    if (!std::isfinite(x))
      throw Error(Code::Invalid, "collection '" + owner_.name_ + "': the query has a number that is not finite");
  return out;
}

std::optional<Bitmap> StoredCollection::View::allowed(const Filter& filter) {
  if (filter.everything()) return std::nullopt;
  const auto all = [&]() -> const Bitmap& {
    all_ = owner_.all_.get(generation_,
                           [&](const Bitmap*) { return std::make_shared<const Bitmap>(all_chunks(db(), owner_.id_)); });
    return *all_;
  };
  return evaluate(db(), owner_.id_, parse_condition(filter.where()), all);
}

template <class Use>
auto StoredCollection::read(Use use) const {
  for (int attempt = 1;; ++attempt) {
    int64_t seen = 0;
    try {
      View view(*this, attempt < kReadAttempts ? OnLoss::Throw : OnLoss::Rebuild);
      seen = view.generation();
      return use(view);
    } catch (const Error& e) {
      if (!is_damage(e) || seen == 0 || attempt >= kReadAttempts) throw;
    }
    View again(*this, OnLoss::Rebuild);
    if (again.generation() == seen) return use(again);  // nobody replaced it: it is lost or damaged
  }
}

void StoredCollection::require(Database& db) const {
  if (db.number("SELECT count(*) FROM collection WHERE id = ?1", id_) == 0)
    throw Error(Code::NotFound, "collection '" + name_ + "' was deleted");
}

// ---- writing ----

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
    VectorWriter(db, folder_, id_).invalidate(*range);
    out.push_back(*range);
  }
  KeywordWriter(db, folder_, id_).forget(out);
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
  KeywordWriter(db, folder_, id_).append(first, texts);
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
  Writing writing(connections_);
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
  Writing writing(connections_);
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
  Writing writing(connections_);
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
    VectorWriter(db, folder_, id_).invalidate(live, target.id);
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
    KeywordWriter(db, folder_, id_).merge(all);
    VectorWriter(db, folder_, id_).maintain(all);
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
    Writing writing(connections_);
    Database& db = writing.db();
    require(db);
    maintain(db, true);
    const auto space = find_space(db, id_, Role::Active);
    const auto ann = space ? find_ann(db, space->id) : std::nullopt;
    removed_inside = ann && (ann->removed > 0 || !ann->stale.isEmpty());
  }
  build_index({.anew = removed_inside});
  Writing writing(connections_);
  writing.db().run("PRAGMA wal_checkpoint(TRUNCATE)");
}

void StoredCollection::repair() {
  Writing writing(connections_);
  KeywordWriter(writing.db(), folder_, id_).repair();
  VectorWriter(writing.db(), folder_, id_).repair();
  AnnWriter(connections_, folder_, id_).repair();
  start_background(writing.db());
}

void StoredCollection::set_vector_space(const VectorSpace& space) {
  Writing writing(connections_);
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
  Writing writing(connections_);
  Transaction transaction(writing.db(), Transaction::Kind::Write);
  require(writing.db());
  writing.db().run("UPDATE collection SET settings = ?2 WHERE id = ?1", id_, std::string_view(text));
  changed(writing.db(), 0, 0);
  transaction.commit();
  start_background(writing.db());
}

// ---- documents ----

std::optional<DocumentInfo> StoredCollection::find(std::string_view path) const {
  return read([&](View& view) { return find_document(view.db(), id_, path); });
}

std::vector<DocumentInfo> StoredCollection::documents() const {
  return read([&](View& view) { return list_documents(view.db(), id_); });
}

std::string StoredCollection::document_text(std::string_view path) const {
  return read([&](View& view) {
    const auto info = find_document(view.db(), id_, path);
    if (!info) throw Error(Code::NotFound, std::string(path) + ": is not in collection '" + name_ + "'");
    return read_text(view.db(), info->id);
  });
}

std::vector<text::Page> StoredCollection::document_pages(std::string_view path) const {
  return read([&](View& view) {
    const auto info = find_document(view.db(), id_, path);
    if (!info) throw Error(Code::NotFound, std::string(path) + ": is not in collection '" + name_ + "'");
    return store::document_pages(view.db(), info->id);
  });
}

std::vector<ChunkRecord> StoredCollection::chunks(std::span<const ChunkId> ids) const {
  return read([&](View& view) {
    std::vector<ChunkRecord> out;
    for (const ChunkId id : ids)
      if (auto chunk = read_chunk(view.db(), id_, id)) out.push_back(*std::move(chunk));
    return out;
  });
}

std::vector<ChunkId> StoredCollection::chunk_ids(DocumentId document) const {
  return read([&](View& view) {
    const auto range = chunks_of(view.db(), id_, document);
    std::vector<ChunkId> out(range.count);
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<ChunkId>(range.first + i);
    return out;
  });
}

size_t StoredCollection::chunk_count() const {
  return read([&](View& view) {
    return static_cast<size_t>(view.db().number("SELECT chunks FROM collection WHERE id = ?1", id_));
  });
}

size_t StoredCollection::document_count() const {
  return read([&](View& view) {
    return static_cast<size_t>(view.db().number("SELECT documents FROM collection WHERE id = ?1", id_));
  });
}

// ---- searching ----

std::vector<Match> StoredCollection::search_keyword(std::string_view query, size_t k, const Filter& filter) const {
  const auto terms = query_terms(query);
  return read([&](View& view) {
    const auto allowed = view.allowed(filter);
    return view.keyword()->reader().search(terms, k, allowed ? &*allowed : nullptr);
  });
}

std::vector<Match> StoredCollection::search_dense(std::span<const float> query, size_t k, const Filter& filter) const {
  return read([&](View& view) {
    const auto vectors = view.vectors_for(query);
    const auto allowed = view.allowed(filter);
    return vectors->search(query, k, allowed ? &*allowed : nullptr);
  });
}

std::vector<float> StoredCollection::dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const {
  return read([&](View& view) { return view.vectors_for(query)->exact().scores(query, ids); });
}

std::vector<float> StoredCollection::keyword_scores(std::string_view query, std::span<const ChunkId> ids) const {
  const auto terms = query_terms(query);
  return read([&](View& view) { return view.keyword()->reader().scores(terms, ids); });
}

float StoredCollection::keyword_ceiling(std::string_view query) const {
  const auto terms = query_terms(query);
  return read([&](View& view) { return view.keyword()->reader().ceiling(terms); });
}

std::vector<ChunkId> StoredCollection::matching(const Filter& filter) const {
  return read([&](View& view) {
    const auto allowed = view.allowed(filter);
    const Bitmap set = allowed ? *allowed : all_chunks(view.db(), id_);
    return std::vector<ChunkId>(set.begin(), set.end());
  });
}

// ---- settings ----

std::optional<VectorSpace> StoredCollection::space_of(Role role) const {
  return read([&](View& view) -> std::optional<VectorSpace> {
    const auto row = find_space(view.db(), id_, role);
    return row ? std::optional(row->space) : std::nullopt;
  });
}

std::optional<VectorSpace> StoredCollection::vector_space() const { return space_of(Role::Active); }
std::optional<VectorSpace> StoredCollection::pending_space() const { return space_of(Role::Pending); }

std::vector<ChunkId> StoredCollection::missing_vectors(const VectorSpace& space, size_t limit) const {
  return read([&](View& view) {
    int64_t id = 0;
    for (const auto& row : space_rows(view.db(), id_))
      if (row.role != Role::Dropped && same_space(row.space, space)) id = row.id;
    std::lock_guard lock(missing_mutex_);
    ChunkId& from = no_missing_below_[id];
    const auto out = missing(view.db(), id_, id, id == 0 ? 0 : from, limit);
    if (!out.empty()) from = std::max(from, out.front());
    return out;
  });
}

Json StoredCollection::settings() const {
  return read([&](View& view) { return stored_settings(view.db(), id_); });
}

Json StoredCollection::statistics() const {
  return read([&](View& view) {
    Database& db = view.db();
    Json out,
        keyword = {{"segments", 0}, {"files", 0}, {"bytes", 0}, {"removed", 0}, {"analyzer", text::analyzer_version()}};
    out["documents"] = db.number("SELECT documents FROM collection WHERE id = ?1", id_);
    out["chunks"] = db.number("SELECT chunks FROM collection WHERE id = ?1", id_);
    int64_t bytes = db.number("SELECT sum(text_bytes) FROM document WHERE collection = ?1", id_);
    out["text_bytes"] = bytes;
    for (const auto& row : segment_rows(db, id_)) {
      keyword["segments"] = keyword["segments"].get<int64_t>() + 1;
      keyword["files"] = keyword["files"].get<int64_t>() + (row.file.empty() ? 0 : 1);
      keyword["bytes"] = keyword["bytes"].get<int64_t>() + row.bytes;
      keyword["removed"] = keyword["removed"].get<int64_t>() + static_cast<int64_t>(row.gone.cardinality());
      bytes += row.bytes;
    }
    out["keyword"] = keyword;
    out["vectors"] = 0;
    for (const auto& row : space_rows(db, id_)) {
      bytes += row.vectors * static_cast<int64_t>(row.space.dim * sizeof(float));
      if (row.role == Role::Active) out["vectors"] = row.vectors;
    }
    const Json index = index_statistics(db);
    bytes += index.value("bytes", int64_t{0});
    out["index"] = index;
    out["bytes"] = bytes;
    out["generation"] = view.generation();
    return out;
  });
}

}  // namespace hanok::store

#include "store/collection.h"

#include <set>

#include "base/json.h"
#include "store/ann_build.h"
#include "store/collection_write.h"
#include "store/scripts.h"

namespace hanok::store {
namespace {

struct Contents {
  std::vector<std::string_view> paths;
  std::vector<std::string_view> texts;  // of all chunks
  std::vector<text::Script> scripts;    // beside texts
};

Contents contents_of(const std::vector<NewDocument>& documents) {
  Contents out;
  for (const auto& d : documents) {
    out.paths.push_back(d.info.path);
    for (const auto& c : d.chunks) {
      out.texts.push_back(std::string_view(d.text).substr(c.span.start, c.span.end - c.span.start));
      out.scripts.push_back(text::script_of(out.texts.back()));
    }
  }
  return out;
}

int64_t count_chunks(std::span<const ChunkRange> ranges) {
  int64_t out = 0;
  for (const auto& range : ranges) out += static_cast<int64_t>(range.count);
  return out;
}

}  // namespace

std::shared_ptr<const StoredSnapshot> StoredCollection::stored_snapshot() const {
  return std::make_shared<const StoredSnapshot>(folder_, views_, id_, name());
}

void StoredCollection::rename(std::string name) {
  std::lock_guard lock(names_mutex_);
  name_ = &names_.emplace_back(std::move(name));
}

void StoredCollection::require(Database& db) const {
  // Under this name it is being deleted (LocalStore::drop); one that is being imported is hidden too, and written.
  if (db.number("SELECT count(*) FROM collection WHERE id = ?1 AND name <> '/dropped-' || ?1", id_) == 0)
    throw Error(Code::NotFound, "collection '" + name() + "' was deleted");
}

void StoredCollection::changed(Database& db, int64_t documents, int64_t chunks, int64_t records) {
  db.run(
      "UPDATE collection SET generation = generation + 1, documents = documents + ?2, chunks = chunks + ?3, records = "
      "records + ?4 WHERE id = ?1",
      id_, documents, chunks, records);
  promote_if_complete(db, id_);
}

std::vector<ChunkRange> StoredCollection::delete_documents(Database& db, std::span<const std::string_view> paths) {
  const VectorWriter vectors(*folder_, id_, upkeep_.touched());
  std::vector<ChunkRange> out;
  for (const auto path : paths) {
    const auto range = delete_document(db, id_, path);
    if (!range) continue;
    delete_vectors(db, id_, *range);
    vectors.invalidate(db, *range);
    out.push_back(*range);
  }
  KeywordWriter(*folder_, id_).forget(db, out);
  remove_scripts(db, id_, out);
  return out;
}

std::vector<DocumentId> StoredCollection::insert_documents(Database& db, const std::vector<NewDocument>& documents,
                                                           ChunkId first) {
  auto target = find_space(db, id_, Role::Pending);
  if (!target) target = find_space(db, id_, Role::Active);
  std::vector<DocumentId> out;
  ChunkId next = first;
  for (const auto& d : documents) {
    out.push_back(insert_document(db, id_, d, {next, d.chunks.size()}));
    if (!d.vectors.empty()) {
      if (!target) throw Error(Code::Invalid, d.info.path + ": comes with vectors; call set_vector_space first");
      check_rows(target->space, d.chunks.size(), d.vectors);
      std::vector<ChunkId> ids(d.chunks.size());
      for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<ChunkId>(next + i);
      write_vectors(db, *target, ids, d.vectors);
    }
    next += static_cast<ChunkId>(d.chunks.size());
  }
  return out;
}

std::vector<DocumentId> StoredCollection::write(std::vector<NewDocument> documents) {
  std::set<std::string_view> distinct;
  for (const auto& d : documents) {
    check_document(d);
    if (!distinct.insert(d.info.path).second)
      throw Error(Code::Invalid, d.info.path + ": is twice in one batch; put it once");
  }
  if (documents.empty()) return {};
  const Contents contents = contents_of(documents);
  const KeywordWriter keywords(*folder_, id_);
  // Held from the moment that chunks get their numbers: those of a collection are committed in their order.
  std::lock_guard turn(turn_);
  upkeep_.make_room();
  const ChunkId first = folder_->writable_ids().chunks(contents.texts.size());
  std::optional<NewSegment> segment;
  if (!contents.texts.empty()) segment = keywords.make(first, contents.texts);
  Write write(*this);
  const auto gone = delete_documents(write.db(), contents.paths);
  auto ids = insert_documents(write.db(), documents, first);
  if (segment) keywords.insert(write.db(), *segment);
  add_scripts(write.db(), id_, first, contents.scripts);
  changed(write.db(), static_cast<int64_t>(documents.size()) - static_cast<int64_t>(gone.size()),
          static_cast<int64_t>(contents.texts.size()) - count_chunks(gone));
  write.commit();
  if (segment && segment->file) segment->file->keep();
  return ids;
}

void StoredCollection::put_many(std::vector<NewDocument> documents) { write(std::move(documents)); }

DocumentId StoredCollection::put(NewDocument document) {
  std::vector<NewDocument> one;
  one.push_back(std::move(document));
  return write(std::move(one)).front();
}

bool StoredCollection::remove(std::string_view path) {
  const std::string one(path);
  return remove_many({&one, 1}) > 0;
}

size_t StoredCollection::remove_many(std::span<const std::string> paths) {
  const std::vector<std::string_view> views(paths.begin(), paths.end());
  std::lock_guard turn(turn_);
  Write write(*this);
  const auto gone = delete_documents(write.db(), views);
  if (gone.empty()) return 0;
  changed(write.db(), -static_cast<int64_t>(gone.size()), -count_chunks(gone));
  write.commit();
  return gone.size();
}

void StoredCollection::put_vectors(const VectorSpace& space, std::span<const ChunkId> ids,
                                   std::span<const float> rows) {
  check_rows(space, ids.size(), rows);
  std::lock_guard turn(turn_);
  Write write(*this);
  Database& db = write.db();
  for (const auto& target : space_rows(db, id_)) {
    if (target.role == Role::Dropped || !same_space(target.space, space)) continue;
    std::vector<ChunkId> live;
    std::vector<float> live_rows;
    for (size_t i = 0; i < ids.size(); ++i) {  // a chunk may have been removed while it was being embedded
      if (db.number("SELECT d.collection FROM chunk c JOIN document d ON d.id = c.document WHERE c.id = ?1 UNION ALL "
                    "SELECT collection FROM record WHERE chunk = ?1",
                    ids[i]) != id_)
        continue;
      live.push_back(ids[i]);
      live_rows.insert(live_rows.end(), rows.begin() + i * space.dim, rows.begin() + (i + 1) * space.dim);
    }
    write_vectors(db, target, live, live_rows);
    VectorWriter(*folder_, id_, upkeep_.touched()).invalidate(db, live, target.id);
    changed(db, 0, 0);
    const int64_t generation = db.number("SELECT generation FROM collection WHERE id = ?1", id_);
    views_->vectors_changed = INT64_MAX;  // until it is known that this generation came to be
    write.commit();
    views_->vectors_changed = generation;
    return;
  }
  throw Error(Code::Invalid, "collection '" + name() + "': vectors of " + describe(space) +
                                 " were not asked for; call set_vector_space first");
}

void StoredCollection::set_vector_space(const VectorSpace& space) {
  std::lock_guard turn(turn_);
  Write write(*this);
  try {
    set_space(write.db(), id_, space);
  } catch (const Error& e) {
    throw Error(e.code(), "collection '" + name() + "': " + e.what());
  }
  changed(write.db(), 0, 0);
  write.commit();
}

void StoredCollection::set_settings(const Json& settings) {
  if (!settings.is_object())
    throw Error(Code::Invalid, std::string("settings: expected an object, found ") + settings.type_name());
  bm25_options(settings);
  ann_settings(settings);
  const std::string text = base::dump_json(settings);
  std::lock_guard turn(turn_);
  Write write(*this);
  write.db().run("UPDATE collection SET settings = ?2 WHERE id = ?1", id_, std::string_view(text));
  changed(write.db(), 0, 0);
  write.commit();
}

void StoredCollection::compact() {
  {
    Writing writable(folder_->connections);
    require(writable.db());
  }
  build_index({.anew = upkeep_.compact()});
  Writing writing(folder_->connections);
  writing.db().checkpoint();
}

bool StoredCollection::build_index(const IndexBuild& options) { return upkeep_.build_index(options); }

}  // namespace hanok::store

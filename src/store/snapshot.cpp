#include "store/snapshot.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "store/better.h"
#include "store/filter.h"
#include "store/record_rows.h"
#include "store/statistics.h"

namespace hanok::store {
namespace {

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

StoredSnapshot::StoredSnapshot(std::shared_ptr<DataFolder> folder, std::shared_ptr<SharedViews> views, int64_t id,
                               std::string name)
    : folder_(std::move(folder)),
      views_(std::move(views)),
      id_(id),
      name_(std::move(name)),
      hold_(folder_->index),
      reading_(folder_->connections) {
  // The first statement of the transaction: from here on nothing changes.
  generation_ = reading_.db().number("SELECT generation FROM collection WHERE id = ?1 AND hidden = 0", id_);
  if (generation_ == 0) throw Error(Code::NotFound, "collection '" + name_ + "' was deleted");
}

// ---- views ----

std::shared_ptr<const KeywordIndex> StoredSnapshot::keyword() const {
  return read([&](Database& db, int64_t id) {
    if (!keyword_)
      keyword_ = views_->keyword.get(generation_, [&](const KeywordIndex* previous) {
        return KeywordIndex::load(db, folder_->index, id, bm25_options(stored_settings(db, id)), previous);
      });
    return keyword_;
  });
}

std::shared_ptr<const Vectors> StoredSnapshot::vectors() const {
  return read([&](Database& db, int64_t id) {
    if (!vectors_)
      vectors_ = views_->vectors.get(generation_, [&](const Vectors* previous) {
        // Documents may be replaced without a trace in what is known of records.
        const bool only_added = previous && previous->generation() < generation_ &&
                                views_->vectors_changed <= previous->generation() &&
                                db.number("SELECT documents FROM collection WHERE id = ?1", id) == 0;
        return Vectors::load(db, folder_->index, id, previous, only_added ? &fields(db).all() : nullptr, generation_);
      });
    return *vectors_;
  });
}

std::shared_ptr<const Vectors> StoredSnapshot::vectors_for(std::span<const float> query) const {
  auto out = vectors();
  if (!out) throw Error(Code::Invalid, "collection '" + name_ + "' has no vectors: ingest it with an embedding model");
  const auto& space = out->space().space;
  if (query.size() != space.dim)
    throw Error(Code::Invalid, "collection '" + name_ + "': the query has " + std::to_string(query.size()) +
                                   " numbers, its vectors are of " + describe(space) + "; use the same model");
  if (!std::all_of(query.begin(), query.end(), [](float x) { return std::isfinite(x); }))
    throw Error(Code::Invalid, "collection '" + name_ + "': the query has a number that is not finite");
  return out;
}

std::shared_ptr<const FieldIndex> StoredSnapshot::fields() const {
  return read([&](Database& db, int64_t) {
    fields(db);
    return fields_;
  });
}

const FieldIndex& StoredSnapshot::fields(Database& db) const {
  if (!fields_)
    fields_ = views_->fields.get(
        generation_, [&](const FieldIndex* previous) { return FieldIndex::load(db, folder_->index, id_, previous); });
  return *fields_;
}

const Bitmap& StoredSnapshot::all(Database& db) const {
  if (!all_)
    all_ = views_->all.get(generation_, [&](const Bitmap*) {
      return std::make_shared<const Bitmap>(all_chunks(db, id_) | fields(db).all());
    });
  return *all_;
}

std::shared_ptr<const Bitmap> StoredSnapshot::everything() const {
  return read([&](Database& db, int64_t) {
    all(db);
    return all_;
  });
}

Bitmap StoredSnapshot::evaluate(Database& db, const Filter& filter, bool into_lists, const Bitmap* within) const {
  const FilterSource source{
      .db = db,
      .collection = id_,
      .records = any_records(db, id_) ? &fields(db) : nullptr,
      .documents = db.number("SELECT documents FROM collection WHERE id = ?1", id_) > 0,
      .all = [&]() -> const Bitmap& { return all(db); },
      .into_lists = into_lists,
  };
  return store::evaluate(source, parse_condition(filter.where()), within);
}

std::shared_ptr<const Bitmap> StoredSnapshot::allowed(const Filter& filter) const {
  if (filter.everything()) return nullptr;
  return read([&](Database& db, int64_t) {
    if (where_allows_ && where_ == filter.where()) return where_allows_;
    where_allows_ = std::make_shared<const Bitmap>(evaluate(db, filter, true, nullptr));
    where_ = filter.where();
    return where_allows_;
  });
}

std::shared_ptr<const Bitmap> StoredSnapshot::selected(const Selection& among) const {
  if (!among.ns && !among.ids && among.where.everything()) return nullptr;
  return read([&](Database& db, int64_t id) -> std::shared_ptr<const Bitmap> {
    std::optional<Bitmap> out;
    const auto narrow = [&](Bitmap set) { out = out ? *out & set : std::move(set); };
    if (among.ids) {
      Bitmap named;
      for (const auto& name : *among.ids) named |= numbers_of(db, id, among.ns, name);
      narrow(std::move(named));
    } else if (among.ns) {
      const auto documents = db.number("SELECT documents FROM collection WHERE id = ?1", id),
                 records = db.number("SELECT records FROM collection WHERE id = ?1", id);
      const auto ns = find_namespace(db, id, *among.ns);
      const bool everything =
          (among.ns->empty() || documents == 0) && (ns ? ns->info.records : 0) == static_cast<size_t>(records);
      if (!everything) {
        Bitmap set;
        if (ns) set = fields(db).where(std::string(kNamespaceField), Condition::Op::Eq, *among.ns, true);
        if (among.ns->empty() && documents > 0) set |= all_chunks(db, id);
        narrow(std::move(set));
      }
    }
    if (!among.where.everything() && !(out && out->isEmpty()))
      narrow(evaluate(db, among.where, among.into_lists, out ? &*out : nullptr));
    return out ? std::make_shared<const Bitmap>(*std::move(out)) : nullptr;
  });
}

// ---- documents ----

std::optional<DocumentInfo> StoredSnapshot::find(std::string_view path) const {
  return read([&](Database& db, int64_t id) { return find_document(db, id, path); });
}

std::vector<DocumentInfo> StoredSnapshot::documents() const {
  return read([&](Database& db, int64_t id) {
    auto out = list_documents(db, id);
    if (!any_records(db, id)) return out;
    for (const auto& record : read_records(db, id, 0, UINT32_MAX)) out.push_back(document_info(record));
    std::sort(out.begin(), out.end(), [](const DocumentInfo& a, const DocumentInfo& b) { return a.path < b.path; });
    return out;
  });
}

DocumentInfo StoredSnapshot::require(Database& db, std::string_view path) const {
  auto info = find_document(db, id_, path);
  if (!info) throw Error(Code::NotFound, std::string(path) + ": is not in collection '" + name_ + "'");
  return *std::move(info);
}

std::string StoredSnapshot::document_text(std::string_view path) const {
  return read([&](Database& db, int64_t id) {
    const DocumentId document = require(db, path).id;
    const auto record = read_record(db, id, record_of(document));
    return record ? record->record.document.value_or("") : read_text(db, document);
  });
}

std::vector<text::Page> StoredSnapshot::document_pages(std::string_view path) const {
  return read([&](Database& db, int64_t) { return store::document_pages(db, require(db, path).id); });
}

std::vector<ChunkRecord> StoredSnapshot::chunks(std::span<const ChunkId> ids) const {
  return read([&](Database& db, int64_t collection) {
    std::vector<ChunkRecord> out;
    for (const ChunkId id : ids)
      if (auto chunk = read_chunk(db, collection, id)) out.push_back(*std::move(chunk));
    return out;
  });
}

std::vector<ChunkId> StoredSnapshot::chunk_ids(DocumentId document) const {
  return read([&](Database& db, int64_t id) {
    const auto range = chunks_of(db, id, document);
    std::vector<ChunkId> out(range.count);
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<ChunkId>(range.first + i);
    return out;
  });
}

size_t StoredSnapshot::chunk_count() const {
  return read([&](Database& db, int64_t id) {
    return static_cast<size_t>(db.number("SELECT chunks FROM collection WHERE id = ?1", id));
  });
}

size_t StoredSnapshot::document_count() const {
  return read([&](Database& db, int64_t id) {
    return static_cast<size_t>(db.number("SELECT documents + records FROM collection WHERE id = ?1", id));
  });
}

// ---- searching ----

std::vector<Match> StoredSnapshot::search_keyword(std::span<const text::Term> terms, size_t k,
                                                  const Filter& filter) const {
  const auto allowed_chunks = allowed(filter);
  return keyword()->reader().search(terms, k, allowed_chunks.get());
}

std::vector<Match> StoredSnapshot::search_holding(std::string_view text, size_t k, const Filter& filter) const {
  const auto allowed_chunks = allowed(filter);
  return keyword()->reader().holding(text::analyze(text, {.phrase = true}), k, allowed_chunks.get());
}

std::vector<Match> StoredSnapshot::search_dense(std::span<const float> query, size_t k, const Filter& filter,
                                                std::optional<text::Script> script) const {
  const auto from = vectors_for(query);
  const auto allowed_chunks = allowed(filter);
  if (!script) return by_cosine(*from, query, k, allowed_chunks.get());
  const auto means = by_script();
  const Bitmap& written = means->scripts().of(*script);
  if (!allowed_chunks) return by_cosine(*from, query, k, &written);
  const Bitmap both = written & *allowed_chunks;
  return by_cosine(*from, query, k, &both);
}

// Under another metric the cosine ranks what that finds near.
std::vector<Match> StoredSnapshot::by_cosine(const Vectors& from, std::span<const float> query, size_t k,
                                             const Bitmap* allowed) const {
  if (from.space().metric == Metric::Cosine) return from.search(query, k, allowed);
  constexpr size_t kCandidates = 4;  // times k
  auto out = from.search(query, kCandidates * k, allowed);
  std::vector<ChunkId> ids;
  for (const auto& m : out) ids.push_back(m.chunk);
  const auto cosines = from.exact().cosines(query, ids);
  for (size_t i = 0; i < out.size(); ++i) out[i].score = cosines[i];
  std::sort(out.begin(), out.end(), better);
  if (out.size() > k) out.resize(k);
  return out;
}

std::shared_ptr<const ScriptMeans> StoredSnapshot::by_script() const {
  const auto from = vectors();
  return read([&](Database& db, int64_t id) {
    return views_->scripts.get(generation_, [&](const ScriptMeans*) {
      return std::make_shared<const ScriptMeans>(
          Scripts::load(db, id), from ? std::shared_ptr<const DenseIndex>(from, &from->exact()) : nullptr);
    });
  });
}

std::vector<text::Script> StoredSnapshot::scripts() const {
  const auto means = by_script();
  std::vector<text::Script> out;
  for (size_t s = 0; s < text::kScripts; ++s)
    if (!means->scripts().of(static_cast<text::Script>(s)).isEmpty()) out.push_back(static_cast<text::Script>(s));
  return out;
}

std::vector<text::Script> StoredSnapshot::scripts_of(std::span<const ChunkId> ids) const {
  const auto means = by_script();
  std::vector<text::Script> out;
  for (const ChunkId id : ids) out.push_back(means->scripts().of(id));
  return out;
}

std::vector<ScriptMean> StoredSnapshot::script_means() const {
  const auto means = by_script();
  return {means->means().begin(), means->means().end()};
}

std::vector<float> StoredSnapshot::dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const {
  return vectors_for(query)->exact().cosines(query, ids);
}

std::vector<float> StoredSnapshot::keyword_scores(std::span<const text::Term> terms,
                                                  std::span<const ChunkId> ids) const {
  return keyword()->reader().scores(terms, ids);
}

float StoredSnapshot::keyword_ceiling(std::span<const text::Term> terms) const {
  return keyword()->reader().ceiling(terms);
}

std::vector<ChunkId> StoredSnapshot::matching(const Filter& filter) const {
  auto set = allowed(filter);
  if (!set) set = everything();
  return {set->begin(), set->end()};
}

// ---- settings ----

std::optional<VectorSpace> StoredSnapshot::space_of(Role role) const {
  return read([&](Database& db, int64_t id) -> std::optional<VectorSpace> {
    const auto row = find_space(db, id, role);
    return row ? std::optional(row->space) : std::nullopt;
  });
}

std::optional<VectorSpace> StoredSnapshot::vector_space() const { return space_of(Role::Active); }
std::optional<VectorSpace> StoredSnapshot::pending_space() const { return space_of(Role::Pending); }

std::vector<ChunkId> StoredSnapshot::missing_vectors(const VectorSpace& space, size_t limit) const {
  return read([&](Database& db, int64_t collection) {
    const int64_t id = find_space(db, collection, space);
    SharedViews::Filled known;
    if (id != 0) {
      std::lock_guard lock(views_->filled_mutex);
      if (const auto& newest = views_->filled[id]; newest.generation <= generation_) known = newest;
    }
    auto out = missing(db, collection, id, known.below, limit);
    if (id != 0 && !out.empty()) {
      std::lock_guard lock(views_->filled_mutex);
      auto& newest = views_->filled[id];
      if (newest.generation <= generation_) newest = {generation_, std::max(newest.below, out.front())};
    }
    return out;
  });
}

std::vector<float> StoredSnapshot::vectors(const VectorSpace& space, std::span<const ChunkId> ids) const {
  return read([&](Database& db, int64_t collection) {
    return stored_rows(db, find_space(db, collection, space), space.dim, ids);
  });
}

Json StoredSnapshot::settings() const {
  return read([](Database& db, int64_t id) { return stored_settings(db, id); });
}

Json StoredSnapshot::statistics() const {
  return read([&](Database& db, int64_t id) {
    Json out = collection_statistics(db, id);
    out["generation"] = generation_;
    return out;
  });
}

}  // namespace hanok::store

#include "store/record_snapshot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "store/better.h"
#include "store/prefix.h"
#include "store/record_rows.h"
#include "store/sparse.h"

namespace hanok::store {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// Under L2 what is stored as "higher is better" is shown as a distance.
void show_scores(Metric metric, std::vector<Match>& found) {
  if (metric == Metric::L2)
    for (auto& m : found) m.score = -m.score;
}

std::vector<Match> best_of(std::span<const std::pair<ChunkId, double>> scored, size_t k) {
  Best best(k);
  for (const auto& [id, score] : scored) best.offer({id, static_cast<float>(score)});
  return best.take();
}

size_t passages_of(Database& db, int64_t collection) {
  return static_cast<size_t>(db.number("SELECT chunks - records FROM collection WHERE id = ?1", collection));
}

}  // namespace

std::string_view name_of(Metric metric) {
  switch (metric) {
    case Metric::L2:
      return "l2";
    case Metric::InnerProduct:
      return "ip";
    default:
      return "cosine";
  }
}

StoredRecordSnapshot::StoredRecordSnapshot(std::shared_ptr<const StoredSnapshot> snapshot)
    : snapshot_(std::move(snapshot)) {
  snapshot_->read([&](Database& db, int64_t id) {
    metric_ = metric_of(db, id);
    if (const auto space = store::find_space(db, id, Role::Active)) space_ = space->space, space_id_ = space->id;
  });
}

// ---- reading ----

size_t StoredRecordSnapshot::count(const Selection& among) const {
  const auto set = snapshot_->selected(among);
  return set ? set->cardinality() : snapshot_->chunk_count();
}

std::vector<ChunkId> StoredRecordSnapshot::select(const Selection& among, const Page& page) const {
  auto set = snapshot_->selected(among);
  if (!set) set = snapshot_->everything();
  const size_t size = set->cardinality(), offset = std::min(page.offset, size);
  const size_t count = std::min(page.limit, size - offset);
  std::vector<ChunkId> out;
  const auto fields = snapshot_->fields();
  if (!fields->any_moved()) {
    out.resize(count);
    set->rangeUint32Array(out.data(), offset, count);
    return out;
  }
  std::vector<std::pair<ChunkId, ChunkId>> order;  // first number, number
  order.reserve(size);
  for (const ChunkId id : *set) order.emplace_back(fields->first_of(id), id);
  const auto end = order.begin() + static_cast<ptrdiff_t>(offset + count);
  std::partial_sort(order.begin(), end, order.end());
  for (auto at = order.begin() + static_cast<ptrdiff_t>(offset); at != end; ++at) out.push_back(at->second);
  return out;
}

std::vector<Record> StoredRecordSnapshot::fetch(std::span<const ChunkId> numbers, const Include& what) const {
  return snapshot_->read([&](Database& db, int64_t id) { return read_all(db, id, numbers, what); });
}

std::vector<Record> StoredRecordSnapshot::read_all(Database& db, int64_t id, std::span<const ChunkId> numbers,
                                                   const Include& what) const {
  std::vector<Record> out;
  out.reserve(numbers.size());
  const bool documents = passages_of(db, id) > 0;
  std::map<std::string, DocumentInfo, std::less<>> infos;
  for (const ChunkId number : numbers) {
    if (auto stored = read_record(db, id, number, what)) {
      out.push_back(std::move(stored->record));
    } else if (const auto passage = documents ? read_chunk(db, id, number) : std::nullopt) {
      auto info = infos.find(passage->path);
      if (info == infos.end()) info = infos.emplace(passage->path, find_document(db, id, passage->path).value()).first;
      Record record = record_of(*passage, info->second);
      if (!what.document) record.document.reset();
      if (!what.uri) record.uri.reset();
      if (!what.metadata) record.metadata = Json::object();
      out.push_back(std::move(record));
    } else {
      continue;
    }
    if (!what.vector || !space_) continue;
    out.back().vector = stored_row(db, space_id_, space_->dim, number);
  }
  return out;
}

std::optional<ChunkId> StoredRecordSnapshot::find(std::string_view ns, std::string_view id) const {
  return snapshot_->read([&](Database& db, int64_t collection) -> std::optional<ChunkId> {
    if (const auto record = find_record(db, collection, ns, id)) return record;
    return ns.empty() ? find_passage(db, collection, id) : std::nullopt;
  });
}

IdPage StoredRecordSnapshot::list(std::string_view ns, std::string_view prefix, size_t limit,
                                  std::string_view after) const {
  return snapshot_->read([&](Database& db, int64_t collection) {
    IdPage out;
    const std::string end = after_prefix(prefix);
    const auto wanted = static_cast<int64_t>(std::min<size_t>(limit, INT32_MAX)) + 1;
    if (const auto row = store::find_namespace(db, collection, ns)) {
      Rows ids = db.query(
          "SELECT id FROM record WHERE namespace = ?1 AND id > ?2 AND id >= ?3 AND (?4 = '' OR id < ?4) ORDER BY id "
          "LIMIT ?5",
          row->id, after, prefix, std::string_view(end), wanted);
      while (ids.next()) out.ids.push_back(ids.text(0));
    }
    if (ns.empty() && passages_of(db, collection) > 0) {
      Rows documents = db.query("SELECT path, chunks FROM document WHERE collection = ?1", collection);
      while (documents.next())
        for (int64_t i = 0; i < documents.integer(1); ++i) {
          std::string id = documents.text(0) + "#" + std::to_string(i);
          if (id > after && id.compare(0, prefix.size(), prefix) == 0) out.ids.push_back(std::move(id));
        }
      std::sort(out.ids.begin(), out.ids.end());
    }
    if (out.ids.size() > limit) {
      out.ids.resize(limit);
      if (limit > 0) out.next = out.ids.back();
    }
    return out;
  });
}

std::vector<NamespaceInfo> StoredRecordSnapshot::namespaces(std::string_view prefix, size_t limit,
                                                            std::optional<std::string> after) const {
  return snapshot_->read([&](Database& db, int64_t collection) {
    std::vector<NamespaceInfo> out;
    const size_t passages = passages_of(db, collection);
    bool seen = false;  // the default one, first by name
    const std::string end = after_prefix(prefix);
    Rows rows = db.query(
        "SELECT name, records, note FROM namespace WHERE collection = ?1 AND name >= ?2 AND (?3 = '' OR name < ?3) AND "
        "(records > 0 OR made = 1) ORDER BY name",
        collection, prefix, std::string_view(end));
    while (rows.next()) {
      NamespaceInfo info{rows.text(0), static_cast<size_t>(rows.integer(1)), rows.text(2)};
      if (info.name.empty()) info.records += passages, seen = true;
      if (after && info.name <= *after) continue;
      out.push_back(std::move(info));
      if (out.size() == limit && (seen || passages == 0)) return out;
    }
    if (!seen && passages > 0 && prefix.empty() && !after) out.insert(out.begin(), NamespaceInfo{"", passages, ""});
    if (out.size() > limit) out.resize(limit);
    return out;
  });
}

std::optional<NamespaceInfo> StoredRecordSnapshot::find_namespace(std::string_view ns) const {
  return snapshot_->read([&](Database& db, int64_t collection) -> std::optional<NamespaceInfo> {
    auto row = store::find_namespace(db, collection, ns);
    const size_t passages = ns.empty() ? passages_of(db, collection) : 0;
    if (!row) return passages ? std::optional(NamespaceInfo{"", passages, ""}) : std::nullopt;
    row->info.records += passages;
    const bool made = db.number("SELECT made FROM namespace WHERE id = ?1", row->id) != 0;
    return row->info.records > 0 || made ? std::optional(row->info) : std::nullopt;
  });
}

// ---- searching ----

std::shared_ptr<const Vectors> StoredRecordSnapshot::vectors_for(std::span<const float> queries, size_t count,
                                                                 std::string_view fingerprint) const {
  const std::string which = "collection '" + snapshot_->name() + "': ";
  if (!std::all_of(queries.begin(), queries.end(), [](float x) { return std::isfinite(x); }))
    throw Error(Code::Invalid, which + "the query has a number that is not finite");
  if (!space_) return nullptr;
  if (queries.size() != count * space_->dim)
    throw Error(Code::Invalid, which + "the query has " + std::to_string(count ? queries.size() / count : 0) +
                                   " numbers, its vectors have " + std::to_string(space_->dim));
  if (!fingerprint.empty() && space_->fingerprint != kGiven && space_->fingerprint != fingerprint)
    throw Error(Code::Invalid, which + "the query's vector is of model " + std::string(fingerprint.substr(0, 12)) +
                                   ", its vectors are of " + describe(*space_) + "; use the same model");
  return snapshot_->vectors();
}

std::vector<std::vector<Match>> StoredRecordSnapshot::nearest_many(std::span<const float> queries, size_t count,
                                                                   const Near& how) const {
  const auto from = vectors_for(queries, count, how.fingerprint);
  std::vector<std::vector<Match>> out(count);
  if (!from) return out;
  const auto allowed = snapshot_->selected(how.among);
  for (size_t i = 0; i < count; ++i) {
    out[i] = from->search(queries.subspan(i * space_->dim, space_->dim), how.k, allowed.get());
    show_scores(metric_, out[i]);
  }
  return out;
}

std::vector<Match> StoredRecordSnapshot::nearest_sparse(const SparseVector& query, const Near& how,
                                                        std::string_view key) const {
  const auto sorted = sorted_sparse(query, "the query's sparse vector");
  const auto allowed = snapshot_->selected(how.among);
  return best_of(snapshot_->fields()->products(sorted, key, allowed.get()), how.k);
}

std::vector<Match> StoredRecordSnapshot::nearest_both(std::span<const float> query, const SparseVector& sparse,
                                                      const Near& how) const {
  if (metric_ == Metric::L2)
    throw Error(Code::Unsupported, "collection '" + snapshot_->name() +
                                       "': a distance, of which little is near, cannot be added to a product; use the "
                                       "metric ip or cosine for dense and sparse vectors together");
  const auto sorted = sorted_sparse(sparse, "the query's sparse vector");
  const auto from = vectors_for(query, 1, how.fingerprint);
  const auto allowed = snapshot_->selected(how.among);
  // Those that share an index are all looked at; of the others, whose sum is the dense part, the best k may count.
  auto scored = snapshot_->fields()->products(sorted, "", allowed.get());
  if (!from) return best_of(scored, how.k);
  std::vector<ChunkId> ids;
  Bitmap shared;
  for (const auto& [id, score] : scored) ids.push_back(id), shared.add(id);
  const auto dense = from->exact().scores(query, ids);
  for (size_t i = 0; i < ids.size(); ++i)
    if (!std::isnan(dense[i])) scored[i].second += dense[i];
  const Bitmap rest = (allowed ? *allowed : *snapshot_->everything()) - shared;
  for (const auto& m : from->search(query, how.k, &rest)) scored.emplace_back(m.chunk, m.score);
  return best_of(scored, how.k);
}

std::vector<Match> StoredRecordSnapshot::by_words(std::string_view text, const Near& how) const {
  const auto allowed = snapshot_->selected(how.among);
  return snapshot_->keyword()->reader().search(text::analyze(text, {.query = true}), how.k, allowed.get());
}

std::vector<float> StoredRecordSnapshot::scores(std::span<const float> query, std::span<const ChunkId> numbers) const {
  const auto from = vectors_for(query, 1, {});
  if (!from) return std::vector<float>(numbers.size(), kNone);
  auto out = from->exact().scores(query, numbers);
  if (metric_ == Metric::L2)
    for (float& x : out) x = -x;
  return out;
}

std::vector<float> StoredRecordSnapshot::sparse_scores(const SparseVector& query, std::span<const ChunkId> numbers,
                                                       std::string_view key) const {
  const auto sorted = sorted_sparse(query, "the query's sparse vector");
  const Include what{.document = false, .uri = false, .metadata = !key.empty(), .sparse = key.empty()};
  return snapshot_->read([&](Database& db, int64_t id) {
    std::vector<float> out;
    for (const ChunkId number : numbers) {
      const auto stored = read_record(db, id, number, what);
      float score = kNone;
      if (stored && key.empty() && !stored->record.sparse.empty())
        score = static_cast<float>(product(sorted, stored->record.sparse));
      if (stored && !key.empty())
        if (const auto value = stored->record.metadata.find(key);
            value != stored->record.metadata.end() && is_sparse(*value))
          score = static_cast<float>(product(sorted, sparse_from(*value)));
      out.push_back(score);
    }
    return out;
  });
}

}  // namespace hanok::store

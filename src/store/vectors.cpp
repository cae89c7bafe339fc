#include "store/vectors.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/log.h"
#include "store/ann_build.h"
#include "store/better.h"

namespace hanok::store {
namespace {

struct OwnedRows {
  std::vector<ChunkId> ids;
  std::vector<float> rows;
};

void append_row(OwnedRows& out, ChunkId id, std::string_view bytes, const SpaceRow& space) {
  const size_t dim = space.space.dim;
  if (bytes.size() != dim * sizeof(float))
    throw Error(Code::Corrupt, "vector of chunk " + std::to_string(id) + ": has " + std::to_string(bytes.size()) +
                                   " bytes, expected " + std::to_string(dim * sizeof(float)) +
                                   "; embed the collection again");
  out.ids.push_back(id);
  const size_t at = out.rows.size();
  out.rows.resize(at + dim);
  std::memcpy(out.rows.data() + at, bytes.data(), bytes.size());
  if (space.metric == Metric::Cosine) normalise(std::span(out.rows).subspan(at));
}

void append_live(OwnedRows& out, const VectorRows& from, const Bitmap& live) {
  const size_t dim = from.rows.size() / from.ids.size();
  for (size_t i = 0; i < from.ids.size(); ++i) {
    if (!live.contains(from.ids[i])) continue;
    out.ids.push_back(from.ids[i]);
    const auto row = from.rows.subspan(i * dim, dim);
    out.rows.insert(out.rows.end(), row.begin(), row.end());
  }
}

const Bitmap& set_of(LoadedVectors& rows) {
  if (!rows.ids) {
    auto ids = std::make_shared<Bitmap>();
    ids->addMany(rows.view.ids.size(), rows.view.ids.data());
    ids->runOptimize();
    rows.ids = std::move(ids);
  }
  return *rows.ids;
}

LoadedVectors loaded(std::shared_ptr<const void> owner, VectorRows view, Metric metric) {
  return {std::move(owner), view, std::make_shared<RowCodes>(view, metric), nullptr};
}

LoadedVectors loaded(OwnedRows rows, Metric metric) {
  auto owner = std::make_shared<const OwnedRows>(std::move(rows));
  return loaded(owner, {owner->ids, owner->rows}, metric);
}

// The rows of some chunks; those that have none are left out.
LoadedVectors read_some(Database& db, const SpaceRow& space, const Bitmap& ids) {
  OwnedRows out;
  for (const ChunkId id : ids) {
    Rows row = db.query("SELECT row FROM vector WHERE id = ?1", vector_id(space.id, id));
    if (row.next()) append_row(out, id, row.bytes(0), space);
  }
  return loaded(std::move(out), space.metric);
}

LoadedVectors open_or_read(Database& db, const IndexFolder& folder, const SpaceRow& space, const VectorFileRow& row) {
  try {
    return open_vectors(folder, row, space, Check::Quick);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; read from the database instead", e.what());
    return read_vectors(db, space, row.first, row.last);
  }
}

}  // namespace

std::vector<VectorFileRow> vector_file_rows(Database& db, int64_t space) {
  std::vector<VectorFileRow> out;
  Rows rows = db.query(
      "SELECT id, first, last, rows, bytes, file, stale FROM vector_file WHERE space = ?1 ORDER BY first", space);
  while (rows.next())
    out.push_back({rows.integer(0), static_cast<ChunkId>(rows.integer(1)), static_cast<ChunkId>(rows.integer(2)),
                   rows.integer(3), rows.integer(4), rows.text(5),
                   bitmap_from(rows.bytes(6), "vector file " + rows.text(5))});
  return out;
}

LoadedVectors open_vectors(const IndexFolder& folder, const VectorFileRow& row, const SpaceRow& space, Check check) {
  const std::string what = folder.path(row.file).string();
  auto bytes = folder.map(row.file);
  const VectorRows view = decode_vectors(bytes->view(), space.space.dim, checks_all(check, row.bytes), what);
  if (static_cast<int64_t>(view.ids.size()) != row.rows)
    throw Error(Code::Corrupt,
                what + ": has " + std::to_string(view.ids.size()) + " rows, expected " + std::to_string(row.rows));
  return loaded(bytes, view, space.metric);
}

LoadedVectors read_vectors(Database& db, const SpaceRow& space, ChunkId first, ChunkId last, size_t limit) {
  OwnedRows out;
  Rows rows =
      db.query("SELECT id, row FROM vector WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3", vector_id(space.id, first),
               vector_id(space.id, last), static_cast<int64_t>(std::min<size_t>(limit, UINT32_MAX)));
  while (rows.next()) append_row(out, static_cast<ChunkId>(rows.integer(0)), rows.bytes(1), space);
  return loaded(std::move(out), space.metric);
}

std::shared_ptr<const Vectors> Vectors::load(Database& db, const IndexFolder& folder, int64_t collection,
                                             const Vectors* previous, const Bitmap* live, int64_t generation) {
  const auto space = find_space(db, collection, Role::Active);
  if (!space) return nullptr;
  std::map<int64_t, const LoadedVectors*> known;
  for (size_t i = 0; previous && i < previous->files_.size(); ++i)
    known[previous->files_[i].id] = &previous->loaded_[i];

  auto out = std::make_shared<Vectors>(*space);
  out->generation_ = generation;
  out->files_ = vector_file_rows(db, space->id);
  out->open_ann(db, folder, collection, previous);
  Bitmap stale, all;
  uint64_t covered = 0;  // chunks below this are in files
  for (const auto& row : out->files_) {
    const auto same = known.find(row.id);
    if (same != known.end()) {
      out->loaded_.push_back(*same->second);
      // An index answers from now on: the codes that scans made for themselves before are let go.
      if (out->ann_ && out->ann_ != previous->ann_)
        out->loaded_.back().codes = std::make_shared<RowCodes>(out->loaded_.back().view, space->metric);
    } else {
      out->loaded_.push_back(open_or_read(db, folder, *space, row));
    }
    out->add_exact(out->loaded_.back(), row.stale);
    stale |= row.stale;
    if (out->ann_) all |= set_of(out->loaded_.back()) - row.stale;
    covered = row.last + uint64_t{1};
  }
  auto fresh = read_some(db, *space, live ? stale & *live : stale);
  out->add_exact(fresh, {});
  if (out->ann_) all |= set_of(fresh);
  out->load_tail(db, covered, live && previous && previous->space_.id == space->id ? previous : nullptr, live);
  for (auto& piece : out->beside_) {
    const Bitmap gone = live ? set_of(piece) - *live : Bitmap();
    out->add_exact(piece, gone);
    if (out->ann_) all |= set_of(piece) - gone;
  }
  if (out->ann_row_) {
    out->live_ = out->ann_row_->live() & all;
    out->tail_ = all - out->live_;
  }
  return out;
}

void Vectors::add_exact(const LoadedVectors& piece, Bitmap skip) {
  exact_.add(piece.view, piece.owner, std::move(skip), piece.codes);
}

// The rows of chunks from `covered` on. previous: has those that were there when it was loaded; live: what still is.
void Vectors::load_tail(Database& db, uint64_t covered, const Vectors* previous, const Bitmap* live) {
  if (covered > UINT32_MAX) return;
  const size_t dim = space_.space.dim;
  uint64_t next = covered;
  for (const auto& piece : previous ? previous->beside_ : std::vector<LoadedVectors>()) {
    const auto ids = piece.view.ids;
    next = std::max(next, ids.back() + uint64_t{1});
    const auto first = static_cast<size_t>(std::lower_bound(ids.begin(), ids.end(), covered) - ids.begin());
    LoadedVectors taken = piece;
    if (first > 0) {
      if (first == ids.size()) continue;
      taken = loaded(piece.owner, {ids.subspan(first), piece.view.rows.subspan(first * dim)}, space_.metric);
    }
    // What was removed is left out once it is half: what is written over and over would only ever grow.
    if (const uint64_t there = set_of(taken).and_cardinality(*live); 2 * there < taken.view.ids.size()) {
      if (there == 0) continue;
      OwnedRows kept;
      append_live(kept, taken.view, *live);
      taken = loaded(std::move(kept), space_.metric);
    }
    beside_.push_back(std::move(taken));
  }
  if (next > UINT32_MAX) return;
  auto fresh = read_vectors(db, space_, static_cast<ChunkId>(next), UINT32_MAX);
  if (!fresh.view.ids.empty()) beside_.push_back(std::move(fresh));
  // Pieces double in length from the newest to the oldest, so there are few, and a row is copied few times.
  while (beside_.size() > 1 && beside_[beside_.size() - 2].view.ids.size() < 2 * beside_.back().view.ids.size()) {
    OwnedRows joined;
    for (auto piece = beside_.end() - 2; piece != beside_.end(); ++piece) append_live(joined, piece->view, *live);
    beside_.resize(beside_.size() - 2);
    if (!joined.ids.empty()) beside_.push_back(loaded(std::move(joined), space_.metric));
  }
}

void Vectors::open_ann(Database& db, const IndexFolder& folder, int64_t collection, const Vectors* previous) {
  auto row = find_ann(db, space_.id);
  if (!row) return;
  const auto settings = stored_ann_settings(db, collection);
  const bool same = previous && previous->ann_row_ && previous->ann_row_->id == row->id;
  measured_ = same ? previous->measured_ : ann_efforts(db, collection, *row);
  efforts_ = efforts_under(settings, row->kind, measured_);
  if (same) {
    ann_ = previous->efforts_ == efforts_ ? previous->ann_ : previous->ann_->with(efforts_);
  } else {
    try {
      ann_ = Ann::open(folder, *row, space_, efforts_, Check::Quick);
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      base::log().warn("{}; every vector is looked at until a writer has built it again", e.what());
      return;
    }
  }
  ann_row_ = std::move(row);
  scanned_ = scanned_under_condition(settings, space_.space.dim);
}

std::vector<Match> Vectors::search(std::span<const float> query, size_t k, const Bitmap* allowed) const {
  const auto found = near(query, k, allowed);
  if (found.empty()) return exact_.search(query, k, allowed);
  std::vector<Match> out;
  if (!tail_.isEmpty()) {
    const Bitmap rest = allowed ? tail_ & *allowed : Bitmap();
    out = exact_.search(query, k, allowed ? &rest : &tail_);
  }
  const auto scores = exact_.scores(query, found);
  for (size_t i = 0; i < found.size(); ++i) out.push_back({found[i], scores[i]});
  std::sort(out.begin(), out.end(), better);
  if (out.size() > k) out.resize(k);
  return out;
}

// What the index finds; nothing where a scan is the better way or the only one.
std::vector<ChunkId> Vectors::near(std::span<const float> query, size_t k, const Bitmap* allowed) const {
  if (!ann_ || k == 0 || std::all_of(query.begin(), query.end(), [](float x) { return x == 0; })) return {};
  if (!allowed) return k > live_.cardinality() / 4 ? std::vector<ChunkId>() : ann_->near(query, k, live_, true);
  const Bitmap among = live_ & *allowed;
  const uint64_t matches = among.cardinality();
  if (k > matches / 4 || matches <= scanned_) return {};
  return ann_->near(query, k, among, false);
}

}  // namespace hanok::store

// Looks for disagreement between what is stored twice: counters and rows, postings and texts, files and vectors.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "store/documents.h"
#include "store/field_index.h"
#include "store/local_store.h"
#include "store/scripts.h"

namespace hanok::store {
namespace {

using Findings = std::vector<std::string>;

void check_sqlite(Database& db, Findings& out) {
  Rows rows = db.query("PRAGMA integrity_check");
  while (rows.next())
    if (rows.bytes(0) != "ok") out.push_back("hanok.db: " + rows.text(0));
  Rows keys = db.query("PRAGMA foreign_key_check");
  while (keys.next()) out.push_back("hanok.db: a row of table " + keys.text(0) + " refers to nothing");
}

class CollectionCheck {
 public:
  CollectionCheck(Database& db, const IndexFolder& folder, int64_t id, std::string name, Findings& out)
      : db_(db), folder_(folder), id_(id), name_(std::move(name)), out_(out) {}

  void run() {
    counters();
    documents();
    records();
    keywords();
    fields();
    scripts();
    for (const auto& space : space_rows(db_, id_)) vectors(space);
  }

 private:
  void found(const std::string& what) { out_.push_back("collection '" + name_ + "': " + what); }

  void expect(const std::string& what, int64_t stored, int64_t counted) {
    if (stored != counted) found(what + " says " + std::to_string(stored) + ", counted " + std::to_string(counted));
  }

  void counters() {
    expect("counter of documents", db_.number("SELECT documents FROM collection WHERE id = ?1", id_),
           db_.number("SELECT count(*) FROM document WHERE collection = ?1", id_));
    const int64_t records = db_.number("SELECT count(*) FROM record WHERE collection = ?1", id_);
    expect("counter of records", db_.number("SELECT records FROM collection WHERE id = ?1", id_), records);
    expect("counter of chunks", db_.number("SELECT chunks FROM collection WHERE id = ?1", id_),
           records +
               db_.number("SELECT count(*) FROM chunk c JOIN document d ON d.id = c.document WHERE d.collection = ?1",
                          id_));
  }

  void records() {
    Rows rows = db_.query(
        "SELECT n.name, n.records, (SELECT count(*) FROM record r WHERE r.namespace = n.id) FROM namespace n WHERE "
        "n.collection = ?1",
        id_);
    int64_t total = 0;
    while (rows.next()) {
      expect("namespace '" + rows.text(0) + "'", rows.integer(1), rows.integer(2));
      total += rows.integer(2);
    }
    expect("its namespaces together", total, db_.number("SELECT records FROM collection WHERE id = ?1", id_));
  }

  // A segment without its removed records has the bytes of one made anew from the records.
  void fields() {
    Bitmap covered;
    for (const auto& row : segment_rows(db_, field_segments(), id_)) {
      try {
        const auto open = open_field_segment(db_, folder_, row, Check::All);
        covered |= open.view->all() - row.gone;
        const std::shared_ptr<const FieldSegment> segments[] = {open.view};
        if (merge_field_segments(segments, row.gone) != rebuild_field_segment(db_, id_, row))
          found("field segment " + std::to_string(row.id) + " differs from the metadata of its records");
      } catch (const Error& e) {
        found(e.what());
      }
    }
    if (covered != chunks_of_records()) found("its field segments hold other records than there are");
  }

  void documents() {
    Rows rows = db_.query("SELECT id, path, first_chunk, chunks, text_bytes FROM document WHERE collection = ?1", id_);
    while (rows.next()) {
      const auto id = static_cast<DocumentId>(rows.integer(0));
      expect(rows.text(1) + ": its text", rows.integer(4), static_cast<int64_t>(read_text(db_, id).size()));
      expect(rows.text(1) + ": its chunks", rows.integer(3),
             db_.number("SELECT count(*) FROM chunk WHERE document = ?1 AND id >= ?2 AND id < ?3", id, rows.integer(2),
                        rows.integer(2) + rows.integer(3)));
    }
  }

  // A segment without its removed chunks has the bytes of one made anew from the texts.
  void keywords() {
    Bitmap covered;
    for (const auto& row : segment_rows(db_, keyword_segments(), id_)) {
      Bitmap range;
      add_range(range, row.first, uint64_t{row.last} - row.first + 1);
      covered |= range - row.gone;
      try {
        const auto open = open_keyword_segment(db_, folder_, row, Check::All);
        const bm25::Segment segments[] = {open.view};
        if (bm25::merge(segments, row.gone) != rebuild_segment(db_, id_, row))
          found("keyword segment " + std::to_string(row.id) + " differs from the texts of its chunks");
      } catch (const Error& e) {
        found(e.what());
      }
    }
    Bitmap all;
    for_each_chunk(db_, id_, 0, UINT32_MAX, [&](ChunkId id, std::string_view) { all.add(id); });
    if (!all.isSubset(covered))
      found(std::to_string((all - covered).cardinality()) + " chunks are in no keyword segment");
  }

  Bitmap chunks_of_records() {
    Bitmap out;
    Rows rows = db_.query("SELECT chunk FROM record WHERE collection = ?1", id_);
    while (rows.next()) out.add(static_cast<ChunkId>(rows.integer(0)));
    return out;
  }

  void scripts() {
    try {
      if (Scripts::load(db_, id_) != read_scripts(db_, id_)) found("the scripts of its chunks differ from their texts");
    } catch (const Error& e) {
      found(e.what());
    }
  }

  void vectors(const SpaceRow& space) {
    if (space.role == Role::Dropped) return;
    expect("counter of vectors", space.vectors,
           db_.number("SELECT count(*) FROM vector WHERE id >= ?1 AND id < ?2", vector_id(space.id, 0),
                      vector_id(space.id + 1, 0)));
    Bitmap with;
    Rows ids = db_.query("SELECT id FROM vector WHERE id >= ?1 AND id < ?2", vector_id(space.id, 0),
                         vector_id(space.id + 1, 0));
    while (ids.next()) with.add(static_cast<ChunkId>(ids.integer(0)));
    if (const auto lost = (with - all_chunks(db_, id_) - chunks_of_records()).cardinality())
      found(std::to_string(lost) + " vectors belong to no chunk");
    for (const auto& row : vector_file_rows(db_, space.id)) {
      try {
        file(space, row);
      } catch (const Error& e) {
        found(e.what());
      }
    }
    try {
      if (const auto row = find_ann(db_, space.id)) index(space, *row);
    } catch (const Error& e) {
      found(e.what());
    }
  }

  // Its vectors are rounded (sq8), but still point where those of the database do.
  void index(const SpaceRow& space, const AnnRow& row) {
    constexpr double kSameDirection = 0.99;
    const auto ann = Ann::open(folder_, row, space, {}, Check::All);
    Bitmap held;
    for (const auto id : ann->index().ids()) held.add(static_cast<ChunkId>(id));
    if (held != row.covered) return found(row.file + ": holds other chunks than the database says");
    for (const ChunkId id : row.live()) {
      const auto truth = read_vectors(db_, space, id, id);
      const auto stored = ann->index().reconstruct(id);
      if (truth.view.ids.empty() || !stored)
        return found(row.file + ": the vector of chunk " + std::to_string(id) + " is no longer there");
      double dot = 0, norm = 0, own = 0;
      for (size_t i = 0; i < stored->size(); ++i) {
        dot += static_cast<double>(truth.view.rows[i]) * (*stored)[i];
        norm += static_cast<double>((*stored)[i]) * (*stored)[i];
        own += static_cast<double>(truth.view.rows[i]) * truth.view.rows[i];
      }
      if (!(dot >= kSameDirection * std::sqrt(norm * own)))
        return found(row.file + ": the vector of chunk " + std::to_string(id) + " differs from the database");
    }
  }

  void file(const SpaceRow& space, const VectorFileRow& row) {
    const auto stored = open_vectors(folder_, row, space, Check::All);
    const size_t dim = space.space.dim;
    for (size_t i = 0; i < stored.view.ids.size(); ++i) {
      const ChunkId id = stored.view.ids[i];
      if (row.stale.contains(id)) continue;
      const auto truth = read_vectors(db_, space, id, id);
      if (truth.view.ids.empty() ||
          std::memcmp(truth.view.rows.data(), stored.view.rows.data() + i * dim, dim * sizeof(float)) != 0)
        return found(row.file + ": the vector of chunk " + std::to_string(id) + " differs from the database");
    }
  }

  Database& db_;
  const IndexFolder& folder_;
  int64_t id_;
  std::string name_;
  Findings& out_;
};

}  // namespace

// A writer may replace a file after the snapshot was taken: what is found then is looked at again.
std::vector<std::string> LocalStore::verify() {
  constexpr int kAttempts = 8;
  const auto state = [&](Database& db) { return db.number("SELECT sum(generation) FROM collection"); };
  for (int attempt = 1;; ++attempt) {
    Findings out;
    int64_t seen = 0;
    {
      const IndexFolder::Hold hold(data_->index);
      Reading reading(connections());
      seen = state(reading.db());
      check_sqlite(reading.db(), out);
      Rows rows = reading.db().query("SELECT id, name FROM collection WHERE hidden = 0 ORDER BY name");
      while (rows.next()) CollectionCheck(reading.db(), data_->index, rows.integer(0), rows.text(1), out).run();
    }
    if (out.empty() || attempt == kAttempts) return out;
    Reading now(connections());
    if (state(now.db()) == seen) return out;
  }
}

}  // namespace hanok::store

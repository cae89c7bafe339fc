#include "store/record_writer.h"

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "base/own_error.h"
#include "base/threads.h"
#include "store/collection_write.h"
#include "store/record_check.h"
#include "store/record_rows.h"
#include "store/record_snapshot.h"
#include "store/scripts.h"
#include "store/sparse.h"

namespace hanok::store {
namespace {

constexpr size_t kMostInGroup = 8192;  // records that are committed together: some 15 MB at 384-d

std::string key_of(std::string_view ns, std::string_view id) {
  std::string out(ns);
  out += '\0';
  out += id;
  return out;
}

// A record, and what can be made of it without the database.
struct Prepared {
  Record record;                  // metadata: an object without nulls, but where it is to be merged
  std::string metadata;           // as JSON; "" until it is known
  std::vector<text::Term> terms;  // of the document
  bool analysed = false;
  text::Script script = text::Script::Other;
};

void drop_nulls(Json& metadata) {
  if (metadata.is_null()) metadata = Json::object();
  for (auto at = metadata.begin(); at != metadata.end();) at = at->is_null() ? metadata.erase(at) : std::next(at);
}

void analyse(Prepared& p) {
  if (p.analysed || !p.record.document) return;
  p.terms = text::analyze(*p.record.document);
  p.script = text::script_of(*p.record.document);
  p.analysed = true;
}

Prepared prepared(Record record, WriteMode mode) {
  check_record(record);
  Prepared out{.record = std::move(record), .metadata = {}, .terms = {}};
  Record& r = out.record;
  r.sparse = sorted_sparse(std::move(r.sparse), "record '" + r.id.substr(0, 80) + "'");
  if (r.metadata.is_null()) r.metadata = Json::object();
  if (mode == WriteMode::Add || mode == WriteMode::Replace) {
    drop_nulls(r.metadata);
    out.metadata = base::dump_json(r.metadata);
  }
  analyse(out);
  return out;
}

std::vector<Prepared> prepared(std::vector<Record> records, WriteMode mode) {
  std::vector<Prepared> out(records.size());
  base::parallel_for(records.size(), 16, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) out[i] = prepared(std::move(records[i]), mode);
  });
  return out;
}

// What is given takes the place of what there was; metadata key by key.
void merge(Prepared& into, Prepared&& given) {
  Record &old = into.record, &now = given.record;
  if (now.document) {
    old.document = std::move(now.document);
    into.terms = std::move(given.terms);
    into.script = given.script;
    into.analysed = given.analysed;
  }
  if (now.uri) old.uri = std::move(now.uri);
  if (!now.vector.empty()) old.vector = std::move(now.vector);
  if (!now.sparse.empty()) old.sparse = std::move(now.sparse);
  for (auto field = now.metadata.begin(); field != now.metadata.end(); ++field) old.metadata[field.key()] = *field;
  drop_nulls(old.metadata);
  into.metadata.clear();
}

}  // namespace

/// What a group of calls makes of the collection. It reads the last committed state: whoever works on a group has the
/// collection's turn, so nobody writes in between.
class RecordWriter::Group {
 public:
  struct Change {
    std::string ns;
    ChunkId old = 0;              // the record there was; 0: none
    ChunkId first = 0;            // of it
    bool old_text = false;        // whether that had a document
    std::optional<Prepared> now;  // nullopt: there is none any more
    bool touched = false;         // or was it only looked at
  };

  Group(StoredCollection& collection, DataFolder& folder)
      : collection_(collection), reading_(std::in_place, folder.connections) {
    Database& db = reading_->db();
    space_ = find_space(db, id(), Role::Active);
    if (space_) dim_ = space_->space.dim;
    documents_ = db.number("SELECT chunks - records FROM collection WHERE id = ?1", id()) > 0;
  }
  int64_t id() const { return collection_.id(); }
  Database& db() { return reading_->db(); }
  /// Before the group is written: a reader that stays behind would keep SQLite's log from ever beginning anew.
  void end_reading() { reading_.reset(); }
  const std::optional<SpaceRow>& space() const { return space_; }
  std::optional<size_t> dim() const { return dim_; }

  /// Throws where one of the records cannot be written.
  void check(std::span<const Prepared> records) {
    std::optional<size_t> dim = dim_;
    for (const auto& p : records) {
      const Record& r = p.record;
      require_no_passage(r.ns, r.id);
      if (r.vector.empty()) continue;
      if (dim && *dim != r.vector.size())
        throw Error(Code::Invalid, "record '" + r.id.substr(0, 80) + "': its vector has " +
                                       std::to_string(r.vector.size()) + " numbers, those of collection '" +
                                       collection_.name() + "' have " + std::to_string(*dim));
      dim = r.vector.size();
    }
  }

  void require_no_passage(std::string_view ns, std::string_view record) {
    if (documents_ && ns.empty() && find_passage(db(), id(), record)) refuse_passage(record);
  }
  void require_records(std::span<const ChunkId> chunks) {
    if (!documents_) return;
    for (const ChunkId chunk : chunks)
      if (const auto passage = read_chunk(db(), id(), chunk); passage && !read_record(db(), id(), chunk))
        refuse_passage(passage->path + "#" + std::to_string(passage->ordinal));
  }

  /// The record as the group leaves it so far.
  Change& at(std::string_view ns, std::string_view record) {
    const auto [place, fresh] = by_key_.try_emplace(key_of(ns, record), changes_.size());
    if (!fresh) return changes_[place->second];
    Change& out = changes_.emplace_back();
    out.ns = ns;
    Rows row = db().query("SELECT chunk, first, document IS NOT NULL FROM record WHERE namespace = ?1 AND id = ?2",
                          namespace_id(ns), record);
    if (row.next()) {
      out.old = static_cast<ChunkId>(row.integer(0));
      out.first = static_cast<ChunkId>(row.integer(1));
      out.old_text = row.integer(2) != 0;
    }
    return out;
  }

  bool there(const Change& change) const { return change.touched ? change.now.has_value() : change.old != 0; }

  void put(Change& change, Prepared&& record) {
    if (!record.record.vector.empty()) dim_ = record.record.vector.size();
    change.now = std::move(record);
    change.touched = true;
  }
  void remove(Change& change) {
    change.now.reset();
    change.touched = true;
  }
  void change(Change& change, Prepared&& given) {
    if (!change.now) change.now = stored(change.old);
    if (!given.record.vector.empty()) dim_ = given.record.vector.size();
    merge(*change.now, std::move(given));
    change.touched = true;
  }
  /// Records that are removed without being looked at one by one.
  void remove(std::vector<ChunkId> chunks) { removed_ = std::move(chunks); }
  /// Also where it was created.
  void forget_namespace(std::string_view ns) { forgotten_ = ns; }

  std::deque<Change>& changes() { return changes_; }
  const std::vector<ChunkId>& removed() const { return removed_; }
  const std::optional<std::string>& forgotten() const { return forgotten_; }
  /// 0: there is none yet.
  int64_t namespace_id(std::string_view ns) {
    const auto known = namespaces_.find(std::string(ns));
    if (known != namespaces_.end()) return known->second;
    const auto row = find_namespace(db(), id(), ns);
    return namespaces_[std::string(ns)] = row ? row->id : 0;
  }

 private:
  [[noreturn]] static void refuse_passage(std::string_view name) {
    throw Error(Code::Unsupported,
                "'" + std::string(name) + "' is a passage of a file; change the file and ingest it again");
  }
  Prepared stored(ChunkId chunk) {
    Prepared out;
    constexpr Include kWhole{.sparse = true};
    out.record = read_record(db(), id(), chunk, kWhole).value().record;
    if (space_) out.record.vector = stored_row(db(), space_->id, space_->space.dim, chunk);
    return out;
  }

  StoredCollection& collection_;
  std::optional<Reading> reading_;
  std::optional<SpaceRow> space_;
  std::optional<size_t> dim_;
  bool documents_ = false;
  std::deque<Change> changes_;
  std::unordered_map<std::string, size_t> by_key_;
  std::unordered_map<std::string, int64_t> namespaces_;
  std::vector<ChunkId> removed_;
  std::optional<std::string> forgotten_;
};

struct RecordWriter::Job {
  std::function<void(Group&)> check;  // throws where the call cannot be done; changes nothing
  std::function<void(Group&)> apply;
  size_t records = 0;
  bool alone = false;  // it reads what is committed, so nothing may come before it in a group
  bool done = false;
  std::exception_ptr error = {};
};

// ---- the queue ----

void RecordWriter::run(Job& job) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(&job);
  while (!job.done) {
    if (working_) {
      changed_.wait(lock);
      continue;
    }
    working_ = true;
    const auto jobs = take();
    lock.unlock();
    work(jobs);
    lock.lock();
    for (Job* j : jobs) j->done = true;
    working_ = false;
    changed_.notify_all();
  }
  if (job.error) std::rethrow_exception(job.error);
}

std::vector<RecordWriter::Job*> RecordWriter::take() {
  std::vector<Job*> out;
  size_t records = 0;
  while (!waiting_.empty()) {
    Job* next = waiting_.front();
    if (!out.empty() && (next->alone || out.front()->alone || records + next->records > kMostInGroup)) break;
    records += next->records;
    out.push_back(next);
    waiting_.pop_front();
  }
  return out;
}

void RecordWriter::work(std::span<Job* const> jobs) noexcept {
  try {
    std::lock_guard turn(collection_.turn_);
    collection_.upkeep_.make_room();
    collection_.folder_->connections.require_writable();
    Group group(collection_, *collection_.folder_);
    for (Job* job : jobs) {
      try {
        job->check(group);
      } catch (...) {
        job->error = std::current_exception();
        continue;
      }
      job->apply(group);
    }
    commit(group);
  } catch (...) {
    for (Job* job : jobs)
      if (!job->error) job->error = base::own_error(std::current_exception());
  }
}

// ---- from changes to rows ----

void RecordWriter::commit(Group& group) {
  const int64_t id = collection_.id_;
  DataFolder& folder = *collection_.folder_;
  std::vector<Group::Change*> fresh;
  Bitmap gone, gone_texts;
  std::unordered_map<std::string, int64_t> counts;      // of records, by namespace
  std::unordered_map<int64_t, int64_t> removed_counts;  // the same, by its number
  for (auto& c : group.changes()) {
    if (!c.touched || (!c.now && c.old == 0)) continue;
    if (c.old) {
      gone.add(c.old);
      if (c.old_text) gone_texts.add(c.old);
      --counts[c.ns];
    }
    if (c.now) fresh.push_back(&c), ++counts[c.ns];
  }
  for (const ChunkId chunk : group.removed()) {
    Rows row = group.db().query("SELECT namespace, document IS NOT NULL FROM record WHERE chunk = ?1", chunk);
    if (!row.next()) continue;
    gone.add(chunk);
    if (row.integer(1)) gone_texts.add(chunk);
    --removed_counts[row.integer(0)];
  }
  if (fresh.empty() && gone.isEmpty() && !group.forgotten()) return;

  // Numbers are given while the collection's turn is held: those of a collection are committed in their order.
  const ChunkId first = fresh.empty() ? 0 : folder.writable_ids().chunks(fresh.size());
  base::parallel_for(fresh.size(), 16, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      Prepared& p = *fresh[i]->now;
      if (p.metadata.empty()) p.metadata = base::dump_json(p.record.metadata);
      analyse(p);
    }
  });
  std::vector<AnalysedChunk> texts;
  std::vector<FieldRecord> fields;
  std::vector<text::Script> scripts;
  std::vector<ChunkId> with_vector;
  std::vector<float> rows;
  size_t dim = 0;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const auto chunk = static_cast<ChunkId>(first + i);
    const Group::Change& c = *fresh[i];
    const Prepared& p = *c.now;
    if (p.record.document) texts.push_back({chunk, p.terms});
    fields.push_back({chunk, c.old ? c.first : chunk, c.ns, &p.record.metadata,
                      p.record.sparse.empty() ? nullptr : &p.record.sparse});
    scripts.push_back(p.script);
    if (p.record.vector.empty()) continue;
    dim = p.record.vector.size();
    with_vector.push_back(chunk);
    rows.insert(rows.end(), p.record.vector.begin(), p.record.vector.end());
  }
  const KeywordWriter keywords(folder, id);
  const FieldWriter field_writer(folder, id);
  std::optional<NewSegment> segment;
  if (!texts.empty()) segment = keywords.make(texts);
  std::optional<NewSegment> field_segment;
  if (!fields.empty()) field_segment = field_writer.make(fields);

  group.end_reading();
  StoredCollection::Write write(collection_);
  Database& db = write.db();
  if (!gone.isEmpty()) {
    for (const ChunkId chunk : gone) db.run("DELETE FROM record WHERE chunk = ?1", chunk);
    delete_vectors(db, id, gone);
    VectorWriter(folder, id, collection_.upkeep_.touched()).invalidate(db, gone);
    keywords.forget(db, gone_texts);
    field_writer.forget(db, gone);
    remove_scripts(db, id, gone);
  }
  std::unordered_map<std::string, int64_t> namespaces;
  for (const auto& [ns, count] : counts) {
    namespaces[ns] = make_namespace(db, id, ns);
    db.run("UPDATE namespace SET records = records + ?2 WHERE id = ?1", namespaces[ns], count);
  }
  for (const auto& [ns, count] : removed_counts)
    db.run("UPDATE namespace SET records = records + ?2 WHERE id = ?1", ns, count);
  for (size_t i = 0; i < fresh.size(); ++i) {
    auto& c = *fresh[i];
    const auto chunk = static_cast<ChunkId>(first + i);
    const StoredRecord stored{chunk, c.old ? c.first : chunk, std::move(c.now->record)};
    insert_record(db, id, namespaces.at(c.ns), stored, c.now->metadata);
  }
  if (!with_vector.empty()) {
    if (!group.space()) set_space(db, id, {.fingerprint = kGiven, .model = "", .dim = dim, .chunker_version = 0});
    write_vectors(db, find_space(db, id, Role::Active).value(), with_vector, rows);
  }
  if (segment) keywords.insert(db, *segment);
  if (field_segment) field_writer.insert(db, *field_segment);
  if (!scripts.empty()) add_scripts(db, id, first, scripts);
  if (group.forgotten())
    db.run("UPDATE namespace SET made = 0 WHERE collection = ?1 AND name = ?2", id,
           std::string_view(*group.forgotten()));
  if (!gone.isEmpty() || group.forgotten())
    db.run("DELETE FROM namespace WHERE collection = ?1 AND records = 0 AND made = 0", id);
  const auto change = static_cast<int64_t>(fresh.size()) - static_cast<int64_t>(gone.cardinality());
  collection_.changed(db, 0, change, change);
  write.commit();
  if (segment && segment->file) segment->file->keep();
  if (field_segment && field_segment->file) field_segment->file->keep();
}

// ---- calls ----

Written RecordWriter::write(WriteMode mode, std::vector<Record> records) {
  Written out;
  if (records.empty()) return out;
  auto ready = prepared(std::move(records), mode);
  Job job;
  job.records = ready.size();
  job.check = [&](Group& group) { group.check(ready); };
  job.apply = [&](Group& group) {
    for (auto& p : ready) {
      auto& change = group.at(p.record.ns, p.record.id);
      const bool there = group.there(change);
      if ((mode == WriteMode::Add && there) || (mode == WriteMode::Update && !there)) {
        out.passed.push_back(p.record.id);
        continue;
      }
      ++out.records;
      out.added += !there;
      if (there && mode != WriteMode::Replace) {
        group.change(change, std::move(p));
      } else {
        drop_nulls(p.record.metadata);
        group.put(change, std::move(p));
      }
    }
  };
  run(job);
  return out;
}

size_t RecordWriter::update(const Selection& among, const Json& metadata) {
  check_record_metadata(metadata, "", true);
  std::vector<Record> found;
  Job job;
  job.alone = true;
  job.check = [&](Group& group) {
    const StoredRecordSnapshot now(collection_.stored_snapshot());
    const auto selected = now.select(among, {});
    group.require_records(selected);
    found = now.fetch(selected, {.document = false, .uri = false, .metadata = false});
  };
  job.apply = [&](Group& group) {
    for (auto& r : found) {
      Prepared given;
      given.record.metadata = metadata.is_null() ? Json::object() : metadata;
      group.change(group.at(r.ns, r.id), std::move(given));
    }
  };
  run(job);
  return found.size();
}

size_t RecordWriter::remove(const Selection& among, size_t limit) {
  size_t out = 0;
  Job job;
  if (among.ns && among.ids && among.where.everything() && limit == SIZE_MAX) {  // each by itself: joins a group
    job.records = among.ids->size();
    job.check = [&](Group& group) {
      for (const auto& name : *among.ids) group.require_no_passage(*among.ns, name);
    };
    job.apply = [&](Group& group) {
      for (const auto& name : *among.ids) {
        auto& change = group.at(*among.ns, name);
        if (!group.there(change)) continue;
        group.remove(change);
        ++out;
      }
    };
    run(job);
    return out;
  }
  std::vector<ChunkId> selected;
  job.alone = true;
  job.check = [&](Group& group) {
    selected = StoredRecordSnapshot(collection_.stored_snapshot()).select(among, {.limit = limit});
    group.require_records(selected);
  };
  job.apply = [&](Group& group) {
    out = selected.size();
    group.remove(std::move(selected));
  };
  run(job);
  return out;
}

bool RecordWriter::remove_namespace(std::string_view ns) {
  bool there = false;
  std::vector<ChunkId> selected;
  Job job;
  job.alone = true;
  job.check = [&](Group& group) {
    const StoredRecordSnapshot now(collection_.stored_snapshot());
    there = now.find_namespace(ns).has_value();
    selected = now.select({.ns = std::string(ns)}, {});
    group.require_records(selected);
  };
  job.apply = [&](Group& group) {
    group.forget_namespace(ns);
    group.remove(std::move(selected));
  };
  run(job);
  return there;
}

void RecordWriter::create_namespace(std::string_view ns, std::string_view note) {
  check_namespace(ns);
  std::lock_guard turn(collection_.turn_);
  StoredCollection::Write write(collection_);
  Database& db = write.db();
  const int64_t id = make_namespace(db, collection_.id_, ns);
  if (db.number("SELECT made OR records > 0 FROM namespace WHERE id = ?1", id))
    throw Error(Code::Exists, "namespace '" + std::string(ns) + "': is there already");
  db.run("UPDATE namespace SET made = 1, note = ?2 WHERE id = ?1", id, note);
  collection_.changed(db, 0, 0);
  write.commit();
}

}  // namespace hanok::store

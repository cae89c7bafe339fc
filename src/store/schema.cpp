#include "store/schema.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/scripts.h"
#include "store/uuid.h"

namespace hanok::store {
namespace {

constexpr int64_t kApplicationId = 0x686E6F6B;  // "hnok", so that file(1) and we know the file

// Chunks of one document have consecutive ids: [first_chunk, first_chunk + chunks).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE migration(version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL);
CREATE TABLE counter(name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('chunk', 1), ('document', 1), ('file', 1);

CREATE TABLE collection(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  hidden INTEGER NOT NULL DEFAULT 0,      -- 1 while it is being imported or dropped
  generation INTEGER NOT NULL DEFAULT 1,  -- grows with every transaction that changes it
  documents INTEGER NOT NULL DEFAULT 0,
  chunks INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  settings TEXT NOT NULL DEFAULT '{}');

CREATE TABLE document(
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  format TEXT NOT NULL,
  title TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  ingested_ms INTEGER NOT NULL,
  first_chunk INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL,
  metadata TEXT NOT NULL,
  pages TEXT NOT NULL,
  UNIQUE(collection, path));
CREATE INDEX document_chunks ON document(collection, first_chunk, chunks);

CREATE TABLE text_block(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);  -- id = document << 20 | block

CREATE TABLE chunk(
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL,
  page INTEGER NOT NULL,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  heading TEXT NOT NULL);

CREATE TABLE field_key(
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  UNIQUE(collection, name));
CREATE TABLE field(  -- the metadata once more, by value
  key INTEGER NOT NULL,
  type INTEGER NOT NULL,  -- 0 bool, 1 number, 2 string, 3 element of a list, 4 empty list
  value NOT NULL,
  first_chunk INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  PRIMARY KEY(key, type, value, first_chunk)) WITHOUT ROWID;

CREATE TABLE space(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  role INTEGER NOT NULL,  -- 1 answers, 2 is being filled, 0 waits for its vectors to be deleted
  fingerprint TEXT NOT NULL,
  model TEXT NOT NULL,
  dim INTEGER NOT NULL,
  chunker_version INTEGER NOT NULL,
  vectors INTEGER NOT NULL DEFAULT 0);
CREATE TABLE vector(id INTEGER PRIMARY KEY, row BLOB NOT NULL);  -- id = space << 32 | chunk; float32 as given

CREATE TABLE segment(  -- keyword segments (docs/formats/bm25.md): in segment_blob, or in index/FILE
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  analyzer INTEGER NOT NULL,
  file TEXT NOT NULL,
  gone BLOB NOT NULL);
CREATE INDEX segment_collection ON segment(collection, first);
CREATE TABLE segment_blob(segment INTEGER PRIMARY KEY REFERENCES segment(id) ON DELETE CASCADE, bytes BLOB NOT NULL);

CREATE TABLE vector_file(  -- index/FILE holds the rows of [first, last], but for the stale ones
  id INTEGER PRIMARY KEY,
  space INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  file TEXT NOT NULL,
  stale BLOB NOT NULL);
CREATE INDEX vector_file_space ON vector_file(space, first);
)sql";

constexpr const char* kVersion2 = R"sql(
CREATE TABLE ann(  -- index/FILE finds the nearest of the chunks in `covered`, but for the stale ones
  id INTEGER PRIMARY KEY,
  space INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE,
  ready INTEGER NOT NULL DEFAULT 0,  -- 0 while it is being built
  generation INTEGER NOT NULL,       -- of the collection, whose vectors it holds
  kind TEXT NOT NULL DEFAULT '',
  rows INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  effort INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  file TEXT NOT NULL,
  covered BLOB NOT NULL DEFAULT x'',
  stale BLOB NOT NULL DEFAULT x'');
CREATE INDEX ann_space ON ann(space);
)sql";

constexpr const char* kVersion3 = R"sql(
CREATE TABLE script(  -- the chunks [block * 65536, (block + 1) * 65536) that are written in a script (text::Script)
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  block INTEGER NOT NULL,
  script INTEGER NOT NULL,
  chunks BLOB NOT NULL,
  PRIMARY KEY(collection, block, script)) WITHOUT ROWID;
)sql";

// Records: chunks that clients write, beside those of documents. One row each; what finds them by their metadata lies
// in field segments, as what finds them by their words lies in keyword segments.
constexpr const char* kVersion4 = R"sql(
ALTER TABLE collection ADD COLUMN uuid TEXT NOT NULL DEFAULT '';
ALTER TABLE collection ADD COLUMN metric INTEGER NOT NULL DEFAULT 0;   -- 0 cosine, 1 squared distance, 2 product
ALTER TABLE collection ADD COLUMN records INTEGER NOT NULL DEFAULT 0;  -- of its chunks

CREATE TABLE tenant(name TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID;
CREATE TABLE tenant_database(
  uuid TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE(tenant, name)) WITHOUT ROWID;
CREATE TABLE note(  -- what callers keep with a collection, byte for byte
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(collection, key)) WITHOUT ROWID;

CREATE TABLE namespace(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  made INTEGER NOT NULL DEFAULT 0,  -- 1: it stays when it has no records
  note TEXT NOT NULL DEFAULT '',
  records INTEGER NOT NULL DEFAULT 0,
  UNIQUE(collection, name));
CREATE TABLE record(
  chunk INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL,
  namespace INTEGER NOT NULL,
  id TEXT NOT NULL,
  first INTEGER NOT NULL,   -- its chunk when it was first written: the order of records
  document TEXT,
  uri TEXT,
  metadata TEXT NOT NULL,
  sparse BLOB,              -- indices (uint32), ascending, then their weights (float32)
  UNIQUE(namespace, id));

CREATE TABLE field_segment(  -- metadata by value (docs/formats/store.md): in field_segment_blob, or in index/FILE
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  file TEXT NOT NULL,
  gone BLOB NOT NULL);
CREATE INDEX field_segment_collection ON field_segment(collection, first);
CREATE TABLE field_segment_blob(
  segment INTEGER PRIMARY KEY REFERENCES field_segment(id) ON DELETE CASCADE, bytes BLOB NOT NULL);
)sql";

void fill_uuids(Database& database) {
  std::vector<int64_t> collections;
  {
    Rows rows = database.query("SELECT id FROM collection");
    while (rows.next()) collections.push_back(rows.integer(0));
  }
  for (const int64_t id : collections) {
    const std::string uuid = make_uuid();
    database.run("UPDATE collection SET uuid = ?2 WHERE id = ?1", id, std::string_view(uuid));
  }
  database.script("CREATE UNIQUE INDEX collection_uuid ON collection(uuid)");
}

void fill_scripts(Database& database) {
  std::vector<int64_t> collections;
  {
    Rows rows = database.query("SELECT id FROM collection WHERE chunks > 0");
    while (rows.next()) collections.push_back(rows.integer(0));
  }
  if (!collections.empty()) base::log().info("{}: noting the script of every passage, once", database.file().string());
  for (const int64_t id : collections) repair_scripts(database, id);
}

// A new version is one entry here; entry i leads from version i to i + 1.
struct Step {
  const char* tables;
  void (*fill)(Database&) = nullptr;  // what new tables hold of what is there already
};
constexpr Step kSteps[] = {{kVersion1}, {kVersion2}, {kVersion3, fill_scripts}, {kVersion4, fill_uuids}};
static_assert(std::size(kSteps) == kSchemaVersion);

int64_t version_of(Database& database) {
  const int64_t version = database.number("PRAGMA user_version");
  const int64_t owner = database.number("PRAGMA application_id");
  if (version != 0 && owner != kApplicationId)
    throw Error(Code::Corrupt, database.file().string() + ": is another program's SQLite file (application id " +
                                   std::to_string(owner) + "); choose another data folder with --data");
  if (version > kSchemaVersion)
    throw Error(Code::Unsupported, database.file().string() + ": was written by a newer hanok (format " +
                                       std::to_string(version) + ", this one knows up to " +
                                       std::to_string(kSchemaVersion) + "); update hanok");
  return version;
}

}  // namespace

void migrate(Database& database) {
  if (version_of(database) == kSchemaVersion) return;
  Transaction transaction(database, Transaction::Kind::Write);
  const int64_t from = version_of(database);
  for (int64_t version = from; version < kSchemaVersion; ++version) {
    database.script(kSteps[version].tables);
    database.run("INSERT INTO migration VALUES (?1, ?2)", version + 1, base::now_ms());
  }
  // What fills tables reads with today's functions, so all of today's tables are there before.
  for (int64_t version = from; version < kSchemaVersion; ++version)
    if (kSteps[version].fill) kSteps[version].fill(database);
  database.script("PRAGMA application_id=" + std::to_string(kApplicationId) +
                  "; PRAGMA user_version=" + std::to_string(kSchemaVersion));
  transaction.commit();
}

void check_schema(Database& database) {
  const int64_t version = version_of(database);
  if (version == kSchemaVersion) return;
  if (version == 0)
    throw Error(Code::NotFound, database.file().string() + ": holds no collections yet; ingest something first");
  throw Error(Code::Unsupported, database.file().string() + ": has the older format " + std::to_string(version) +
                                     "; run any writing command (hanok ingest) once to bring it to format " +
                                     std::to_string(kSchemaVersion));
}

bool has_records(Database& database) { return database.number("PRAGMA user_version") >= 4; }

void check_export(Database& database) {
  if (version_of(database) == 0)
    throw Error(Code::Corrupt,
                database.file().string() + ": holds no collection; export one with hanok collections export");
}

}  // namespace hanok::store

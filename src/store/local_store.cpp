#include "store/local_store.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "store/ann_writer.h"
#include "store/catalog.h"
#include "store/documents.h"
#include "store/uuid.h"

namespace hanok::store {
namespace {

constexpr int kDropDocuments =
    2000;  // documents deleted in one transaction, so that no reader or WAL waits for a large one

// Open collections that nobody holds are kept up to so many: each has its views in memory, and opening one anew takes
// some milliseconds.
constexpr size_t kMostOpen = 256;

bool holds_bytes(const fs::path& file) {
  std::error_code ignored;
  const auto size = fs::file_size(file, ignored);
  return !ignored && size > 0;
}

// An empty database is a new one, unless what belongs to an older one lies beside it, which would be taken for rubbish.
void refuse_emptied(const fs::path& folder) {
  const fs::path file = folder / "hanok.db";
  std::error_code ignored;
  if (!fs::exists(file) || holds_bytes(file) || holds_bytes(folder / "hanok.db-wal")) return;
  for (const char* beside : {"index", "files"})
    if (fs::is_directory(folder / beside, ignored) && !fs::is_empty(folder / beside, ignored))
      throw Error(Code::Corrupt,
                  file.string() + ": is empty, but " + beside +
                      "/ beside it is not: the data were lost; restore a backup (hanok restore), or move " +
                      "this folder away to begin anew");
}

fs::path prepared(const fs::path& folder, bool read_only) {
  const fs::path file = folder / "hanok.db";
  refuse_emptied(folder);
  if (read_only) {
    if (!fs::exists(file))
      throw Error(Code::NotFound, folder.string() +
                                      ": holds no hanok data (no hanok.db); ingest something first, or choose "
                                      "another folder with --data");
    return file;
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::Unavailable, folder.string() + ": cannot make this folder: " + error.message());
  return file;
}

// A full disk must not keep anybody from reading: what cannot be written anew is made in memory.
void repair(StoredCollection& collection) {
  try {
    collection.upkeep().repair();
  } catch (const Error& e) {
    if (e.code() != Code::Exhausted && e.code() != Code::Unavailable) throw;
    base::log().warn("collection '{}': its index could not be repaired: {}", collection.name(), e.what());
  }
  collection.upkeep().wake();
}

// In index/, of one collection.
std::vector<std::string> files_of(Database& db, int64_t collection) {
  std::vector<std::string> out;
  Rows rows = db.query(
      "SELECT file FROM segment WHERE collection = ?1 AND file <> '' UNION ALL SELECT file FROM field_segment WHERE "
      "collection = ?1 AND file <> '' UNION ALL SELECT f.file FROM vector_file f JOIN "
      "space s ON s.id = f.space WHERE s.collection = ?1 UNION ALL SELECT a.file FROM ann a JOIN space s ON s.id = "
      "a.space WHERE s.collection = ?1",
      collection);
  while (rows.next()) out.push_back(rows.text(0));
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  if (names.empty()) return "there are none yet";
  std::string out = "there are: ";
  for (size_t i = 0; i < names.size(); ++i) out += (i ? ", " : "") + names[i];
  return out;
}

}  // namespace

void check_collection_name(std::string_view name) {
  const bool bad =
      name.empty() || name.size() > 512 || name.find_first_not_of('.') == std::string_view::npos ||
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; });
  if (bad)
    throw Error(Code::Invalid, "collection name '" + std::string(name.substr(0, 80)) +
                                   "': expected 1 to 512 bytes without '/' and control characters");
}

std::unique_ptr<Store> Store::open(const fs::path& folder, const StoreOptions& options) {
  return std::make_unique<LocalStore>(folder, options);
}

LocalStore::LocalStore(const fs::path& folder, const StoreOptions& options)
    : folder_(folder),
      lock_((prepared(folder, options.read_only), options.read_only)
                ? std::nullopt
                : std::optional<base::FileLock>(std::in_place, folder / "lock")),
      data_(std::make_shared<DataFolder>(folder, options.read_only)),
      background_(options.background),
      catalog_(std::make_unique<StoredCatalog>(*this)) {
  if (options.read_only) return;
  {
    Writing writing(connections());
    forget_unfinished_ann(writing.db());
  }
  finish_drops();
  remove_unused_files();
}

LocalStore::~LocalStore() {
  if (connections().read_only()) return;
  for (auto& [id, opened] : open_) opened.collection->upkeep().finish();
  try {  // deleted text leaves the WAL too
    Writing writing(connections());
    writing.db().checkpoint();
  } catch (const std::exception& e) {
    base::log().info("last checkpoint: {}", e.what());
  }
  connections().close();
}

std::vector<std::string> LocalStore::collections() const {
  std::vector<std::string> out;
  Reading reading(connections());
  Rows rows = reading.db().query("SELECT name FROM collection WHERE hidden = 0 ORDER BY name");
  while (rows.next()) out.push_back(rows.text(0));
  return out;
}

int64_t LocalStore::find(Database& db, std::string_view name) {
  return db.number("SELECT id FROM collection WHERE name = ?1 AND hidden = 0", name);
}

Error LocalStore::not_found(std::string_view name) const {
  return {Code::NotFound,
          "collection '" + std::string(name) + "': is not in " + folder_.string() + "; " + joined(collections())};
}

int64_t LocalStore::create(std::string_view name) {
  check_collection_name(name);
  Change change(*data_);
  const std::string uuid = make_uuid();
  change.db().run("INSERT INTO collection(name, created_ms, uuid) VALUES (?1, ?2, ?3)", name, base::now_ms(),
                  std::string_view(uuid));
  const int64_t id = change.db().last_id();
  change.commit();
  return id;
}

std::shared_ptr<StoredCollection> LocalStore::opened(int64_t id) {
  std::lock_guard lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end()) return nullptr;
  found->second.used = ++now_;
  return found->second.collection;
}

// Called with naming_ held.
std::shared_ptr<StoredCollection> LocalStore::open(int64_t id, std::string_view name) {
  if (auto there = opened(id)) return there;
  auto made = std::make_shared<StoredCollection>(data_, id, std::string(name), background_);
  if (!connections().read_only()) repair(*made);
  close_cold();
  std::lock_guard lock(mutex_);
  return open_.try_emplace(id, Opened{std::move(made), ++now_}).first->second.collection;
}

// Whoever holds a collection keeps it; of the others those asked for longest ago make room. What each had to tidy up is
// seen again after its next write.
void LocalStore::close_cold() {
  std::vector<std::shared_ptr<StoredCollection>> cold;  // freed without the lock: they wait for what they are doing
  {
    std::lock_guard lock(mutex_);
    while (open_.size() >= kMostOpen) {
      auto oldest = open_.end();
      for (auto at = open_.begin(); at != open_.end(); ++at)
        if (at->second.collection.use_count() == 1 && (oldest == open_.end() || at->second.used < oldest->second.used))
          oldest = at;
      if (oldest == open_.end()) return;
      cold.push_back(std::move(oldest->second.collection));
      open_.erase(oldest);
    }
  }
}

std::shared_ptr<Collection> LocalStore::collection(std::string_view name, bool create_it) {
  const auto find_it = [&] {
    Reading reading(connections());
    const int64_t id = find(reading.db(), name);
    if (id == 0 && !create_it) throw not_found(name);
    return id;
  };
  if (auto there = opened(find_it())) return there;
  std::lock_guard lock(naming_);  // nobody drops it meanwhile, nor makes another of this name
  int64_t id = find_it();
  if (id == 0) id = create(name);
  return open(id, name);
}

std::pair<std::shared_ptr<StoredCollection>, std::string> LocalStore::find_open(const std::string& column,
                                                                                const std::string& value) {
  struct Found {
    int64_t id = 0;
    std::string name, uuid;
  };
  const auto look = [&] {
    Reading reading(connections());
    Rows row = reading.db().query("SELECT id, name, uuid FROM collection WHERE hidden = 0 AND " + column + " = ?1",
                                  std::string_view(value));
    return row.next() ? Found{row.integer(0), row.text(1), row.text(2)} : Found();
  };
  Found found = look();
  if (found.id == 0) return {};
  if (auto there = opened(found.id)) return {there, found.uuid};
  std::lock_guard lock(naming_);  // nobody drops it meanwhile
  found = look();
  if (found.id == 0) return {};
  return {open(found.id, found.name), found.uuid};
}

bool LocalStore::drop(std::string_view name) {
  int64_t id = 0;
  std::shared_ptr<StoredCollection> dropped;  // freed with its last user
  {
    std::lock_guard lock(naming_);
    Change change(*data_);
    id = find(change.db(), name);
    if (id == 0) return false;
    const std::string buried = "/dropped-" + std::to_string(id);  // '/' is in no collection's name
    change.db().run("UPDATE collection SET hidden = 1, name = ?2, generation = generation + 1 WHERE id = ?1", id,
                    std::string_view(buried));
    change.commit();
    std::lock_guard map_lock(mutex_);
    if (const auto found = open_.find(id); found != open_.end()) {
      dropped = std::move(found->second.collection);
      open_.erase(found);
    }
  }
  if (dropped) dropped->upkeep().stop();
  purge_now_or_later(id);
  return true;
}

void LocalStore::purge_now_or_later(int64_t id) noexcept {
  try {
    purge(id);
  } catch (const std::exception& e) {
    base::log().warn("a deleted collection takes space until the folder is opened next: {}", e.what());
  }
}

// What a crash left of drops and imports.
void LocalStore::finish_drops() {
  std::vector<int64_t> ids;
  {
    Reading reading(connections());
    Rows rows = reading.db().query("SELECT id FROM collection WHERE hidden = 1");
    while (rows.next()) ids.push_back(rows.integer(0));
  }
  for (const int64_t id : ids) purge(id);
}

// In steps, each a transaction, so that no reader or writer waits for a large one.
void LocalStore::purge(int64_t id) {
  std::vector<std::string> files;
  {
    Change change(*data_);
    files = files_of(change.db(), id);
    change.db().run("UPDATE space SET role = 0 WHERE collection = ?1", id);
    change.commit();
  }
  while (purge_dropped(*data_, id)) {
  }
  for (bool any = true; any;) {
    Change change(*data_);
    Database& db = change.db();
    std::vector<std::string> paths;
    {
      Rows rows = db.query("SELECT path FROM document WHERE collection = ?1 LIMIT ?2", id, kDropDocuments);
      while (rows.next()) paths.push_back(rows.text(0));
    }
    for (const auto& path : paths) delete_document(db, id, path);
    any = !paths.empty();
    if (!any) {
      db.run(
          "DELETE FROM record WHERE chunk IN (SELECT r.chunk FROM namespace n JOIN record r ON r.namespace = n.id WHERE "
          "n.collection = ?1 LIMIT ?2)",
          id, kDropDocuments);
      any = db.changes() > 0;
    }
    if (!any) db.run("DELETE FROM collection WHERE id = ?1", id);
    change.commit();
  }
  for (const auto& file : files) data_->index.retire(file);
  Writing writing(connections());
  writing.db().run("PRAGMA incremental_vacuum");
}

void LocalStore::remove_unused_files() {
  Writing writing(connections());
  std::set<std::string> wanted;
  Rows rows = writing.db().query(
      "SELECT file FROM segment UNION SELECT file FROM field_segment UNION SELECT file FROM vector_file UNION SELECT "
      "file FROM ann");
  while (rows.next()) wanted.insert(rows.text(0));
  data_->index.remove_others(wanted);
}

}  // namespace hanok::store

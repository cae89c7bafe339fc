#include "store/catalog.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "store/ann_build.h"
#include "store/records.h"
#include "store/uuid.h"

namespace hanok::store {
namespace {

const Place kDefault;
// The default database has no row, so that a folder that was never written to has it too.
constexpr const char* kDefaultDatabaseUuid = "00000000-0000-4000-8000-000000000000";

Error no_tenant(std::string_view name) {
  return {Code::NotFound, "tenant '" + std::string(name.substr(0, 80)) + "': there is none"};
}

void check_part(std::string_view part, const char* what) {
  const bool bad = part.empty() || part.size() > 512 ||
                   std::any_of(part.begin(), part.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (bad)
    throw Error(Code::Invalid, std::string(what) + " name '" + std::string(part.substr(0, 80)) +
                                   "': expected 1 to 512 bytes without control characters");
}

bool tenant_there(Database& db, std::string_view name) {
  return name == kDefault.tenant || db.number("SELECT count(*) FROM tenant WHERE name = ?1", name) > 0;
}

std::optional<DatabaseInfo> database_row(Database& db, const Place& place) {
  if (place == kDefault) return DatabaseInfo{kDefaultDatabaseUuid, place.tenant, place.database};
  Rows row = db.query("SELECT uuid FROM tenant_database WHERE tenant = ?1 AND name = ?2",
                      std::string_view(place.tenant), std::string_view(place.database));
  return row.next() ? std::optional(DatabaseInfo{row.text(0), place.tenant, place.database}) : std::nullopt;
}

VectorSpace declared_space(const NewRecords& what) {
  VectorSpace out = what.model;
  if (what.dim && out.dim && out.dim != *what.dim)
    throw Error(Code::Invalid, "collection '" + what.name + "': its dimension is " + std::to_string(*what.dim) +
                                   ", that of its model is " + std::to_string(out.dim));
  if (what.dim) out.dim = *what.dim;
  if (what.dim && *what.dim == 0) throw Error(Code::Invalid, "collection '" + what.name + "': a dimension of 0");
  if (!out.fingerprint.empty() && out.dim == 0)
    throw Error(Code::Invalid, "collection '" + what.name + "': the dimension of its model is missing");
  if (out.fingerprint.empty()) out.fingerprint = kGiven;
  return out;
}

}  // namespace

// ---- tenants and databases ----

void StoredCatalog::create_tenant(std::string_view name) {
  check_part(name, "tenant");
  Change change(store_.folder());
  if (tenant_there(change.db(), name))
    throw Error(Code::Exists, "tenant '" + std::string(name) + "': is there already");
  change.db().run("INSERT INTO tenant(name) VALUES (?1)", name);
  change.commit();
}

bool StoredCatalog::has_tenant(std::string_view name) const {
  Reading reading(store_.folder().connections);
  return tenant_there(reading.db(), name);
}

std::optional<std::string> StoredCatalog::tenant_note(std::string_view name) const {
  Reading reading(store_.folder().connections);
  if (!tenant_there(reading.db(), name)) throw no_tenant(name);
  Rows row = reading.db().query("SELECT note FROM tenant WHERE name = ?1", name);
  return row.next() && !row.null(0) ? std::optional(row.text(0)) : std::nullopt;
}

void StoredCatalog::set_tenant_note(std::string_view name, std::string_view note) {
  Change change(store_.folder());
  if (!tenant_there(change.db(), name)) throw no_tenant(name);
  change.db().run("INSERT INTO tenant VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET note = ?2", name, note);
  change.commit();
}

void StoredCatalog::create_database(const Place& place, std::string_view uuid) {
  check_part(place.database, "database");
  if (!uuid.empty() && !is_uuid(uuid))
    throw Error(Code::Invalid,
                "database '" + place.database + "': '" + std::string(uuid.substr(0, 80)) + "' is no UUID");
  const std::string id = uuid.empty() ? make_uuid() : std::string(uuid);
  Change change(store_.folder());
  if (!tenant_there(change.db(), place.tenant)) throw no_tenant(place.tenant);
  if (database_row(change.db(), place) ||
      change.db().number("SELECT count(*) FROM tenant_database WHERE uuid = ?1", std::string_view(id)))
    throw Error(Code::Exists, "database '" + place.database + "': is there already");
  change.db().run("INSERT INTO tenant_database VALUES (?1, ?2, ?3)", std::string_view(id),
                  std::string_view(place.tenant), std::string_view(place.database));
  change.commit();
}

std::optional<DatabaseInfo> StoredCatalog::find_database(const Place& place) const {
  Reading reading(store_.folder().connections);
  return database_row(reading.db(), place);
}

std::vector<DatabaseInfo> StoredCatalog::databases(std::string_view tenant, const Page& page) const {
  Reading reading(store_.folder().connections);
  if (!tenant_there(reading.db(), tenant)) throw no_tenant(tenant);
  std::vector<DatabaseInfo> all, out;
  if (tenant == kDefault.tenant) all.push_back(*database_row(reading.db(), kDefault));
  Rows rows = reading.db().query("SELECT uuid, name FROM tenant_database WHERE tenant = ?1 ORDER BY name", tenant);
  while (rows.next()) all.push_back({rows.text(0), std::string(tenant), rows.text(1)});
  for (size_t i = page.offset; i < all.size() && out.size() < page.limit; ++i) out.push_back(std::move(all[i]));
  return out;
}

void StoredCatalog::require_place(Database& db, const Place& place) const {
  if (!tenant_there(db, place.tenant)) throw no_tenant(place.tenant);
  if (!database_row(db, place))
    throw Error(Code::NotFound, "database '" + place.database + "' of tenant '" + place.tenant + "': there is none");
}

std::vector<int64_t> StoredCatalog::in_place(Database& db, const Place& place) const {
  std::vector<int64_t> out;
  if (place == kDefault) {
    Rows rows = db.query("SELECT id FROM collection WHERE hidden = 0 AND instr(name, '/') = 0 ORDER BY name");
    while (rows.next()) out.push_back(rows.integer(0));
    return out;
  }
  const std::string from = stored_name("", place);
  const std::string to = from.substr(0, from.size() - 1) + '0';  // '0' follows '/'
  Rows rows = db.query("SELECT id FROM collection WHERE hidden = 0 AND name >= ?1 AND name < ?2 ORDER BY name",
                       std::string_view(from), std::string_view(to));
  while (rows.next()) out.push_back(rows.integer(0));
  return out;
}

bool StoredCatalog::drop_database(const Place& place) {
  if (place == kDefault) throw Error(Code::Invalid, "database 'default_database': the default one cannot be deleted");
  std::vector<RecordsInfo> collections;
  {
    Change change(store_.folder());
    if (!database_row(change.db(), place)) return false;
    for (const int64_t id : in_place(change.db(), place)) collections.push_back(records_info(change.db(), id));
    change.db().run("DELETE FROM tenant_database WHERE tenant = ?1 AND name = ?2", std::string_view(place.tenant),
                    std::string_view(place.database));
    change.commit();
  }
  for (const auto& c : collections) drop(c.name, place);
  return true;
}

// ---- collections ----

std::shared_ptr<Records> StoredCatalog::create(const NewRecords& what) {
  check_collection_name(what.name);
  const VectorSpace space = declared_space(what);
  if (!what.settings.is_object())
    throw Error(Code::Invalid, "collection '" + what.name + "': settings must be an object");
  bm25_options(what.settings);
  ann_settings(what.settings);
  const std::string name = stored_name(what.name, what.place), settings = base::dump_json(what.settings);
  const std::string uuid = make_uuid();
  {
    const auto naming = store_.naming();
    Change change(store_.folder());
    Database& db = change.db();
    require_place(db, what.place);
    if (store_.find(db, name))
      throw Error(Code::Exists, "collection '" + what.name + "': is there already; choose another name or delete it");
    db.run("INSERT INTO collection(name, created_ms, settings, uuid, metric) VALUES (?1, ?2, ?3, ?4, ?5)",
           std::string_view(name), base::now_ms(), std::string_view(settings), std::string_view(uuid),
           static_cast<int>(what.metric));
    const int64_t id = db.last_id();
    if (space.dim > 0) set_space(db, id, space);
    for (const auto& [key, text] : what.notes)
      db.run("INSERT INTO note VALUES (?1, ?2, ?3)", id, std::string_view(key), std::string_view(text));
    change.commit();
  }
  auto out = find_uuid(uuid);
  if (!out) throw Error(Code::NotFound, "collection '" + what.name + "': was deleted as soon as it was made");
  return out;
}

std::shared_ptr<Records> StoredCatalog::find(std::string_view name, const Place& place) {
  auto [collection, uuid] = store_.find_open("name", stored_name(name, place));
  return collection ? std::make_shared<StoredRecords>(store_.shared_folder(), std::move(collection), std::move(uuid))
                    : nullptr;
}

std::shared_ptr<Records> StoredCatalog::find_uuid(std::string_view uuid) {
  auto [collection, own] = store_.find_open("uuid", std::string(uuid));
  return collection ? std::make_shared<StoredRecords>(store_.shared_folder(), std::move(collection), std::move(own))
                    : nullptr;
}

std::vector<RecordsInfo> StoredCatalog::list(const Place& place, const Page& page) const {
  std::vector<RecordsInfo> out;
  Reading reading(store_.folder().connections);
  const auto all = in_place(reading.db(), place);
  for (size_t i = page.offset; i < all.size() && out.size() < page.limit; ++i)
    out.push_back(records_info(reading.db(), all[i]));
  return out;
}

size_t StoredCatalog::count(const Place& place) const {
  Reading reading(store_.folder().connections);
  return in_place(reading.db(), place).size();
}

bool StoredCatalog::drop(std::string_view name, const Place& place) { return store_.drop(stored_name(name, place)); }

void StoredCatalog::rename(std::string_view name, std::string_view to, const Place& place) {
  check_collection_name(to);
  const std::string old = stored_name(name, place), now = stored_name(to, place);
  const auto naming = store_.naming();
  Change change(store_.folder());
  const int64_t id = store_.find(change.db(), old);
  if (id == 0) throw Error(Code::NotFound, "collection '" + std::string(name) + "': there is none");
  if (old == now) return;
  if (store_.find(change.db(), now))
    throw Error(Code::Exists, "collection '" + std::string(to) + "': is there already; choose another name");
  change.db().run("UPDATE collection SET name = ?2, generation = generation + 1 WHERE id = ?1", id,
                  std::string_view(now));
  change.commit();
  if (const auto open = store_.opened(id)) open->rename(now);
}

std::shared_ptr<Records> StoredCatalog::fork(std::string_view name, const Place& from, std::string_view to,
                                             const Place& into) {
  check_collection_name(to);
  const std::string target = stored_name(to, into);
  {
    Reading reading(store_.folder().connections);
    require_place(reading.db(), into);
  }
  store_.copy_collection(stored_name(name, from), target);
  return find(to, into);
}

void StoredCatalog::reset() {
  for (const auto& name : store_.collections()) store_.drop(name);
  Change change(store_.folder());
  change.db().run("DELETE FROM tenant_database");
  change.db().run("DELETE FROM tenant");
  change.commit();
}

}  // namespace hanok::store

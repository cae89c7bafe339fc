#include "store/records.h"

#include "store/prefix.h"
#include "store/record_snapshot.h"

namespace hanok::store {
namespace {

std::string escaped(std::string_view part) {
  std::string out;
  for (const char c : part) {
    if (c == '/')
      out += "%2F";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
  return out;
}

std::string unescaped(std::string_view part) {
  std::string out;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part.substr(i, 3) == "%2F")
      out += '/', i += 2;
    else if (part.substr(i, 3) == "%25")
      out += '%', i += 2;
    else
      out += part[i];
  }
  return out;
}

}  // namespace

std::string stored_name(std::string_view name, const Place& place) {
  if (place == Place()) return std::string(name);
  return escaped(place.tenant) + "/" + escaped(place.database) + "/" + escaped(name);
}

std::pair<Place, std::string> parse_stored_name(std::string_view stored) {
  const size_t first = stored.find('/');
  if (first == std::string_view::npos) return {Place(), std::string(stored)};
  const size_t second = stored.find('/', first + 1);
  return {{unescaped(stored.substr(0, first)), unescaped(stored.substr(first + 1, second - first - 1))},
          unescaped(stored.substr(second + 1))};
}

RecordsInfo records_info(Database& db, int64_t collection) {
  RecordsInfo out;
  Rows row = db.query("SELECT name, uuid, metric, chunks, created_ms FROM collection WHERE id = ?1 AND hidden = 0",
                      collection);
  if (!row.next()) throw Error(Code::NotFound, "the collection was deleted");
  auto [place, name] = parse_stored_name(row.bytes(0));
  out.tenant = std::move(place.tenant);
  out.database = std::move(place.database);
  out.name = std::move(name);
  out.uuid = row.text(1);
  out.metric = static_cast<Metric>(row.integer(2));
  out.records = static_cast<size_t>(row.integer(3));
  out.created_ms = row.integer(4);
  if (const auto space = find_space(db, collection, Role::Active)) {
    out.dim = space->space.dim;
    if (space->space.fingerprint != kGiven) out.model = space->space;
  }
  return out;
}

void StoredRecords::require(Database& db) const {
  if (db.number("SELECT count(*) FROM collection WHERE id = ?1 AND hidden = 0", collection_->id()) == 0)
    throw Error(Code::NotFound, "collection '" + collection_->name() + "' was deleted");
}

RecordsInfo StoredRecords::info() const {
  Reading reading(folder_->connections);
  require(reading.db());
  return records_info(reading.db(), collection_->id());
}

std::shared_ptr<const RecordSnapshot> StoredRecords::read() const {
  return std::make_shared<const StoredRecordSnapshot>(collection_->stored_snapshot());
}

std::optional<std::string> StoredRecords::note(std::string_view key) const {
  Reading reading(folder_->connections);
  require(reading.db());
  Rows row = reading.db().query("SELECT text FROM note WHERE collection = ?1 AND key = ?2", collection_->id(), key);
  return row.next() ? std::optional(row.text(0)) : std::nullopt;
}

std::map<std::string, std::string> StoredRecords::notes(std::string_view prefix) const {
  Reading reading(folder_->connections);
  require(reading.db());
  const std::string end = after_prefix(prefix);
  Rows rows =
      reading.db().query("SELECT key, text FROM note WHERE collection = ?1 AND key >= ?2 AND (?3 = '' OR key < ?3)",
                         collection_->id(), prefix, std::string_view(end));
  std::map<std::string, std::string> out;
  while (rows.next()) out.emplace(rows.text(0), rows.text(1));
  return out;
}

void StoredRecords::set_note(std::string_view key, std::optional<std::string_view> text) {
  Change change(*folder_);
  require(change.db());
  change.db().run("DELETE FROM note WHERE collection = ?1 AND key = ?2", collection_->id(), key);
  if (text) change.db().run("INSERT INTO note VALUES (?1, ?2, ?3)", collection_->id(), key, *text);
  change.db().run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_->id());
  change.commit();
}

}  // namespace hanok::store

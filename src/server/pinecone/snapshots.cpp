#include "server/pinecone/snapshots.h"

#include "base/clock.h"
#include "base/json.h"
#include "server/pinecone/imports.h"

namespace hanok::server::pinecone {
namespace {

constexpr const char* kTenant = "pinecone";
constexpr std::string_view kCopyNote = "pinecone.copy";
constexpr const char* kSource = "source_index_name";  // in the note

Copy copy_of(std::shared_ptr<store::Records> records, store::RecordsInfo info) {
  Copy out{.records = std::move(records), .info = std::move(info)};
  const auto note = out.records->note(kCopyNote);
  out.note = note ? base::parse_json(*note, "note of a copy") : Json::object();
  out.source = out.note.value(kSource, "");
  out.note.erase(kSource);
  return out;
}

[[noreturn]] void refuse_taken(const std::string& name) { refuse(409, "Resource " + name + " already exists"); }

}  // namespace

void make_place(const store::Place& place, House& house) {
  auto& catalog = house.store->catalog();
  const auto quietly = [](auto make) {
    try {
      make();
    } catch (const Error& error) {
      if (error.code() != Code::Exists) throw;  // another request made it meanwhile
    }
  };
  if (!catalog.has_tenant(place.tenant)) quietly([&] { catalog.create_tenant(place.tenant); });
  if (!catalog.find_database(place)) quietly([&] { catalog.create_database(place); });
}

store::Place backups_place() { return {.tenant = kTenant, .database = "backups"}; }
store::Place collections_place() { return {.tenant = kTenant, .database = "collections"}; }

Copy copy_index(const Index& index, const store::Place& place, const std::string& name, const Json& note,
                House& house) {
  make_place(place, house);
  auto& catalog = house.store->catalog();
  if (catalog.find(name, place)) refuse_taken(name);
  auto records = catalog.fork(index.info.name, {}, name, place);
  Copy out{.records = records, .info = records->info(), .source = index.info.name};
  set_copy_note(out, note);
  return copy_of(records, out.info);
}

void set_copy_note(const Copy& copy, const Json& note) {
  Json kept = note;
  kept[kSource] = copy.source;
  copy.records->set_note(kCopyNote, base::dump_json(kept));
}

Json show_backup(const Copy& copy) {
  Json out = copy.note;
  const IndexModel model = model_of(*copy.records, copy.info);
  out["source_index_name"] = copy.source;
  out["backup_id"] = copy.info.name;
  out["status"] = "Ready";
  out["record_count"] = copy.info.records;
  out["namespace_count"] = copy.records->read()->namespaces().size();
  out["size_bytes"] = copy.records->statistics().value("bytes", 0);
  out["metric"] = model.metric;
  out["cloud"] = model.deployment.value("cloud", "local");
  out["region"] = model.deployment.value("region", "local");
  out["tags"] = model.tags.empty() ? Json() : Json(model.tags);
  if (model.dimension) out["dimension"] = *model.dimension;
  out["schema"] = show(model, copy.info, "").at("schema");
  out["created_at"] = base::iso_time(copy.info.created_ms);
  return out;
}

Copy find_copy(const store::Place& place, const std::string& name, const Request& request, House& house, Scope needed) {
  const auto records = house.store->catalog().find(name, place);
  if (!records) refuse(404, "Resource " + name + " not found");
  Copy out = copy_of(records, records->info());
  request.access.require(needed, out.source);
  return out;
}

void each_copy(const store::Place& place, House& house, const std::function<void(const Copy&)>& take) {
  each_collection(place, house, [&](const std::shared_ptr<store::Records>& records, store::RecordsInfo info) {
    take(copy_of(records, std::move(info)));
  });
}

std::vector<Copy> list_copies(const store::Place& place, const Request& request, House& house) {
  std::vector<Copy> out;
  each_copy(place, house, [&](const Copy& copy) {
    if (request.access.of(copy.source) >= Scope::Read) out.push_back(copy);
  });
  return out;
}

void drop_copy(const store::Place& place, const std::string& name, const Request& request, House& house) {
  find_copy(place, name, request, house, Scope::Write);
  house.store->catalog().drop(name, place);
}

Index restore(const Copy& copy, const std::string& index, const IndexModel& model, const Request& request,
              House& house) {
  check_index_name(index);
  request.access.require(Scope::Write, index);
  auto& catalog = house.store->catalog();
  if (catalog.find(index)) refuse_taken(index);
  const store::Place place{.tenant = copy.info.tenant, .database = copy.info.database};
  Index out{.records = catalog.fork(copy.info.name, place, index, {}), .model = model};
  out.records->set_note(kNote, to_note(model));
  out.records->set_note(kCopyNote, std::nullopt);
  for (const auto& [key, import] : out.records->notes(kImportNote)) out.records->set_note(key, std::nullopt);
  out.info = out.records->info();
  return out;
}

Index restore_collection(const NewIndex& said, const Request& request, House& house) {
  const std::string& source = said.model.source_collection;
  const Copy copy = find_copy(collections_place(), source, request, house, Scope::Read);
  const IndexModel of_copy = model_of(*copy.records, copy.info);
  if (said.model.dimension != of_copy.dimension)
    refuse_argument("dimension: the collection " + source + " holds vectors of " +
                    std::to_string(of_copy.dimension.value_or(0)) + " dimensions");
  if (said.model.metric != of_copy.metric)
    refuse_argument("metric: the collection " + source + " was made of an index with the metric " + of_copy.metric);
  return restore(copy, said.name, said.model, request, house);
}

}  // namespace hanok::server::pinecone

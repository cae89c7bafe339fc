// Collections: made, listed, found, changed, dropped.
#include <algorithm>

#include "base/json.h"
#include "server/chroma/collection_json.h"
#include "server/chroma/configuration.h"
#include "server/chroma/names.h"
#include "server/chroma/restrictions.h"
#include "server/chroma/service.h"
#include "server/wire/body.h"
#include "server/wire/json_writer.h"
#include "server/wire/told.h"
#include "store/uuid.h"

namespace hanok::server::chroma {
namespace {

Tree tree_of(Object body, std::string_view name) {
  const auto value = member(body, name);
  return value ? ordered_json_of(*value) : Tree(nullptr);
}

Reply show(const Target& target) {
  JsonWriter out;
  write_collection(out, target);
  return Reply::json(out.take());
}

/// nullopt: it was dropped meanwhile.
std::optional<Reply> shown(const std::shared_ptr<store::Records>& records) {
  try {
    return show({records, records->info()});
  } catch (const Error& error) {
    if (error.code() != Code::NotFound) throw;
    return std::nullopt;
  }
}

/// nullptr: another request was quicker.
std::shared_ptr<store::Records> made(store::Catalog& catalog, const store::NewRecords& what) {
  try {
    return catalog.create(what);
  } catch (const Error& error) {
    if (error.code() != Code::Exists && error.code() != Code::NotFound) throw;
    return nullptr;
  }
}

/// Those that the description speaks of are as it says.
store::Json settings_with(const Description& description, store::Json settings) {
  if (const size_t ef = description.ef())
    settings["index"]["ef"] = ef;
  else if (const auto index = settings.find("index"); index != settings.end())
    index->erase("ef");
  return settings;
}

constexpr int kMostTurns = 1000;

Reply create(const Request& request, House& house) {
  const Body body(request.body);
  const Object said = body.object();
  const std::string name(text_of(required(said, "name"), "name"));
  check_name(name);
  const bool or_get = flag(said, "get_or_create");
  const store::Place place = place_of(request);
  request.access.require(Scope::Write, name);
  auto& catalog = house.store->catalog();

  Description description =
      describe(tree_of(said, "configuration"), tree_of(said, "schema"), tree_of(said, "metadata"));
  if (!catalog.find_database(place))
    refuse(404, "NotFoundError", "Database [" + place.database + "] does not exist in tenant [" + place.tenant + "]");
  store::NewRecords fresh{.name = name, .place = place, .metric = description.metric()};
  fresh.notes[std::string(kNote)] = to_note(description);
  fresh.settings = settings_with(description, fresh.settings);
  if (const std::string restrictions = restrictions_of(description); !restrictions.empty())
    fresh.notes[std::string(kRestrictions)] = restrictions;
  // Others may make and drop a collection of this name at the same time; whoever asks for either gets one in the end.
  for (int turn = 0; turn < kMostTurns; ++turn) {
    auto records = catalog.find(name, place);
    if (records && !or_get) refuse(409, "ChromaError", "Collection [" + name + "] already exists");
    if (!records) records = made(catalog, fresh);
    if (auto reply = records ? shown(records) : std::nullopt) return std::move(*reply);
  }
  refuse(409, "ChromaError", "Collection [" + name + "] is made and dropped by others all the time (concurrent)");
}

Reply list(const Request& request, House& house) {
  const store::Page page{.offset = request.number("offset", 0), .limit = request.number("limit", SIZE_MAX)};
  auto& catalog = house.store->catalog();
  const store::Place place = place_of(request);
  JsonWriter out;
  out.open_array();
  if (catalog.find_database(place))
    for (auto& info : catalog.list(place, page)) {
      auto records = request.access.of(info.name) >= Scope::Read ? catalog.find_uuid(info.uuid) : nullptr;
      if (const auto reply = records ? shown(records) : std::nullopt) out.raw(reply->body);
    }
  return Reply::json(out.close_array().take());
}

Reply count(const Request& request, House& house) {
  const store::Place place = place_of(request);
  auto& catalog = house.store->catalog();
  if (!catalog.find_database(place)) return Reply::json("0");
  if (request.access.collections.empty() && request.access.of_collection.empty())
    return Reply::json(std::to_string(catalog.count(place)));
  const auto all = catalog.list(place, {.limit = SIZE_MAX});  // a key for some counts those that it may see
  return Reply::json(std::to_string(std::count_if(
      all.begin(), all.end(), [&](const auto& info) { return request.access.of(info.name) >= Scope::Read; })));
}

Reply get_by_name(const Request& request, House& house) { return show(target_by_name(request, house, Scope::Read)); }

Reply get_by_uuid(const Request& request, House& house) {
  if (!store::is_uuid(request.capture("collection")))
    refuse_argument("Validation error: collection_id: Invalid collection ID format, expected UUID");
  return show(target_of(request, house, Scope::Read));
}

Reply remove(const Request& request, House& house) {
  const Target target = target_by_name(request, house, Scope::Write);
  if (!house.store->catalog().drop(target.info.name, place_of(request))) refuse_missing(target.info.name);
  return Reply::json("{}");
}

Reply modify(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  Description description = description_of(*target.records, target.info);
  const size_t ef_before = description.ef();
  const Tree metadata = tree_of(said, "new_metadata");
  if (!metadata.is_null()) {
    check_collection_metadata(metadata, "new_metadata");
    description.metadata = metadata;
  }
  if (const Tree configuration = tree_of(said, "new_configuration"); !configuration.is_null())
    update(description, configuration);
  const auto new_name = member(said, "new_name");
  const std::string name(new_name ? text_of(*new_name, "new_name") : target.info.name);
  if (name != target.info.name) {
    check_name(name);
    request.access.require(Scope::Write, name);
    if (house.store->catalog().find(name, place_of(request)))
      refuse(409, "ChromaError", "Collection [" + name + "] already exists");
  }
  if (description.ef() != ef_before)
    target.records->set_settings(settings_with(description, target.records->settings()));
  target.records->set_note(kNote, to_note(description));
  if (name != target.info.name) house.store->catalog().rename(target.info.name, name, place_of(request));
  return Reply::json("{}");
}

}  // namespace

void write_collection(JsonWriter& out, const Target& target) {
  const store::RecordsInfo& info = target.info;
  const Description description = description_of(*target.records, info);
  out.open_object().member("id", info.uuid).member("name", info.name);
  out.key("configuration_json").raw(base::dump_json(description.configuration()));
  out.key("schema").raw(base::dump_json(description.schema));
  out.key("metadata").raw(base::dump_json(description.metadata));
  out.key("dimension");
  info.dim ? out.value(static_cast<uint64_t>(*info.dim)) : out.null();
  out.member("tenant", info.tenant).member("database", info.database);
  out.member("log_position", 0).member("version", 0).close_object();  // 0: both are of Chroma's cluster
}

void add_collection_routes(Routes& routes, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const std::string database = "/tenants/{tenant}/databases/{database}";
  const RouteOptions change{.scope = Scope::Write, .lane = Lane::Write};
  routes.add("POST", database + "/collections", bound(create), told("Makes a collection", change));
  routes.add("GET", database + "/collections", bound(list), told("Lists the collections of a database"));
  routes.add("GET", database + "/collections_count", bound(count), told("Counts the collections of a database"));
  routes.add("GET", database + "/collections/{collection}", bound(get_by_name), told("A collection by its name"));
  routes.add("GET", database + "/collections/by-id/{collection}", bound(get_by_uuid), told("A collection by its id"));
  routes.add("DELETE", database + "/collections/{collection}", bound(remove), told("Drops a collection", change));
  routes.add("PUT", database + "/collections/{collection}", bound(modify),
             told("Changes a collection's name, metadata and configuration", change));
}

}  // namespace hanok::server::chroma

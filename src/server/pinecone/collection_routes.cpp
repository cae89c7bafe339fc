// Pinecone's collections: copies that stand still, of which indexes are made again.
#include "base/json.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

Json shown(const store::Records& records, const store::RecordsInfo& info) {
  Json out = note_of_copy(records);
  out["name"] = info.name;
  out["status"] = "Ready";
  out["vector_count"] = info.records;
  if (info.dim) out["dimension"] = *info.dim;
  out["size"] = records.statistics().value("bytes", 0);
  return out;
}

Reply make(const Request& request, House& house) {
  const Json body = base::parse_json(request.body, "body");
  const auto text = [&](const char* key) -> std::string {
    if (!body.is_object() || !body.contains(key) || !body[key].is_string())
      refuse(422, std::string("Failed to deserialize the JSON body: missing field `") + key + "`");
    return body[key];
  };
  const std::string name = text("name");
  check_index_name(name);
  const Index source = find_index(text("source"), request, house, Scope::Read);
  if (house.store->catalog().find(name, collections_place())) refuse(409, "Resource " + name + " already exists");
  const Json note = {{"environment", source.model.deployment.value("environment", std::string("local"))}};
  const auto copy = copy_index(source, collections_place(), name, note, house);
  return Reply::json(base::dump_json(shown(*copy, copy->info())), 201);
}

Reply list(const Request&, House& house) {
  Json out = Json::array();
  auto& catalog = house.store->catalog();
  if (catalog.find_database(collections_place()))
    for (const auto& info : catalog.list(collections_place()))
      if (const auto records = catalog.find_uuid(info.uuid)) out.push_back(shown(*records, info));
  return Reply::json(base::dump_json(Json{{"collections", std::move(out)}}));
}

std::shared_ptr<store::Records> find(const Request& request, House& house) {
  const std::string& name = request.capture("collection");
  auto out = house.store->catalog().find(name, collections_place());
  if (!out) refuse(404, "Resource " + name + " not found");
  return out;
}

Reply describe(const Request& request, House& house) {
  const auto records = find(request, house);
  return Reply::json(base::dump_json(shown(*records, records->info())));
}

Reply remove(const Request& request, House& house) {
  find(request, house);
  house.store->catalog().drop(request.capture("collection"), collections_place());
  return Reply::empty(202);
}

}  // namespace

void add_collection_routes(Router& router, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  auto routes = router.group("/collections", "pinecone", problem);
  routes.add("GET", "", bound(list), told("Lists collections, the copies of indexes"));
  routes.add("POST", "", bound(make), told("Makes a collection, a copy of an index", writing));
  routes.add("GET", "/{collection}", bound(describe), told("A collection"));
  routes.add("DELETE", "/{collection}", bound(remove), told("Removes a collection", writing));
}

}  // namespace hanok::server::pinecone

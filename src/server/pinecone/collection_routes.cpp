// Pinecone's collections: copies that stand still, of which indexes are made again.
#include "base/json.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

Json shown(const Copy& copy) {
  Json out = copy.note;
  out["name"] = copy.info.name;
  out["status"] = "Ready";
  out["vector_count"] = copy.info.records;
  if (copy.info.dim) out["dimension"] = *copy.info.dim;
  out["size"] = copy.records->statistics().value("bytes", 0);
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
  const Json note = {{"environment", source.model.deployment.value("environment", std::string("local"))}};
  return Reply::json(base::dump_json(shown(copy_index(source, collections_place(), name, note, house))), 201);
}

Reply list(const Request& request, House& house) {
  Json out = Json::array();
  for (const Copy& copy : list_copies(collections_place(), request, house)) out.push_back(shown(copy));
  return Reply::json(base::dump_json(Json{{"collections", std::move(out)}}));
}

Reply describe(const Request& request, House& house) {
  const Copy copy = find_copy(collections_place(), request.capture("collection"), request, house, Scope::Read);
  return Reply::json(base::dump_json(shown(copy)));
}

Reply remove(const Request& request, House& house) {
  drop_copy(collections_place(), request.capture("collection"), request, house);
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

// The control plane of indexes.
#include "base/json.h"
#include "server/pinecone/index_json.h"
#include "server/pinecone/index_model.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

Reply list(const Request& request, House& house) {
  Json out = Json::array();
  each_index(request, house, [&](const Index& index) {
    if (!index.info.dim && !index.records->note(kNote)) return;  // it holds no vectors yet: no index to Pinecone
    out.push_back(show(index.model, index.info, host_of(request, index.info.name)));
  });
  return Reply::json(base::dump_json(Json{{"indexes", std::move(out)}}));
}

Reply make(const Request& request, House& house) {
  const NewIndex said = read_create(base::parse_json(request.body, "body"));
  const Index made =
      said.model.source_collection.empty() ? create(said, request, house) : restore_collection(said, request, house);
  return shown(made, request, 201);
}

Reply make_for_model(const Request& request, House& house) {
  NewIndex said = read_create_for_model(base::parse_json(request.body, "body"));
  auto* embedder = house.models->embedder(said.model.embed["model"].get<std::string>());
  if (embedder == nullptr) refuse(404, "Model not found: start the server with --embedding-model EMBEDDING-MODEL");
  const size_t dim = embedder->model().space().dim;
  if (said.model.embed.contains("dimension") && said.model.embed["dimension"] != dim)
    refuse_argument("embed.dimension: the vectors of this model have " + std::to_string(dim) + " dimensions, found " +
                    said.model.embed["dimension"].dump());
  said.model.dimension = dim;
  return shown(create(said, request, house), request, 201);
}

Reply describe(const Request& request, House& house) {
  return shown(index_of(request, house, Scope::Read), request, 200);
}

Reply change(const Request& request, House& house) {
  Index index = index_of(request, house, Scope::Write);
  configure(index.model, base::parse_json(request.body, "body"));
  index.records->set_note(kNote, to_note(index.model));
  return shown(index, request, 202);
}

Reply remove(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Write);
  if (index.model.protected_from_deletion)
    refuse(403, "Deletion protection is enabled for this index. Disable deletion protection before retrying.");
  house.store->catalog().drop(index.info.name);
  return Reply::empty(202);
}

}  // namespace

std::string host_of(const Request& request, const std::string& index) { return request.base_url + "/i/" + index; }

Reply shown(const Index& index, const Request& request, int status) {
  return Reply::json(base::dump_json(show(index.model, index.info, host_of(request, index.info.name))), status);
}

void add_index_routes(Router& router, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  auto routes = router.group("/indexes", "pinecone", problem);
  routes.add("GET", "", bound(list), told("Lists indexes"));
  routes.add("POST", "", bound(make), told("Makes an index", writing));
  routes.add("POST", "/create-for-model", bound(make_for_model), told("Makes an index that embeds texts", writing));
  routes.add("GET", "/{index}", bound(describe), told("An index"));
  routes.add("PATCH", "/{index}", bound(change), told("Changes an index's tags and protection", writing));
  routes.add("DELETE", "/{index}", bound(remove), told("Drops an index", writing));
}

}  // namespace hanok::server::pinecone

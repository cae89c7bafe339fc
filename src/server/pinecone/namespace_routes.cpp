// Namespaces of an index, and its statistics.
#include "base/json.h"
#include "server/pinecone/vectors.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kUsualPage = 100;

Reply statistics(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  store::Filter filter;
  if (!request.body.empty()) {
    const Body body(request.body);
    const auto said = member(body.object(), "filter");
    if (said && object_of(*said, "filter").size() > 0) {
      if (!index.model.pod())
        refuse_argument("Serverless and Starter indexes do not support describing index stats with metadata filtering");
      filter = read_filter(*said, true);
    }
  }
  const auto now = index.records->read();
  uint64_t total = 0;
  JsonWriter out;
  out.open_object().key("namespaces").open_object();
  for (const auto& ns : now->namespaces()) {
    const uint64_t count = filter.everything() ? ns.records : now->count({.ns = ns.name, .where = filter});
    total += count;
    out.key(shown_namespace(ns.name)).open_object().member("vectorCount", count).close_object();
  }
  out.close_object();
  if (index.model.dimension) out.member("dimension", static_cast<uint64_t>(*index.model.dimension));
  out.member("indexFullness", 0.0).member("totalVectorCount", total).member("metric", index.model.metric);
  out.member("vectorType", index.model.sparse ? "sparse" : "dense").member("memoryFullness", 0.0);
  return Reply::json(out.close_object().take());
}

Json shown(const store::NamespaceInfo& ns) {
  Json out = {{"name", shown_namespace(ns.name)}, {"record_count", ns.records}};
  if (!ns.note.empty()) out["schema"] = base::parse_json(ns.note, "note of a namespace");
  return out;
}

Reply list(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const size_t limit = request.number("limit", kUsualPage, 1, kUsualPage);
  const std::string prefix = request.parameter("prefix").value_or("");
  std::optional<std::string> after;
  if (const auto token = request.parameter("paginationToken"); token && !token->empty()) after = from_token(*token);
  const auto now = index.records->read();
  auto page = now->namespaces(prefix, limit + 1, after);
  Json out = {{"namespaces", Json::array()}, {"total_count", now->namespaces(prefix).size()}};
  if (page.size() > limit) {
    page.pop_back();
    out["pagination"] = {{"next", to_token(page.back().name)}};
  }
  for (const auto& ns : page) out["namespaces"].push_back(shown(ns));
  return Reply::json(base::dump_json(out));
}

Reply make(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Write);
  const Body body(request.body);
  const std::string name = namespace_of(text_of(required(body.object(), "name"), "name"));
  if (name.empty()) refuse(409, "Namespace already exists: the default one is always there");
  const auto schema = member(body.object(), "schema");
  const std::string note = schema ? base::dump_json(json_of(*schema)) : "";
  try {
    index.records->create_namespace(name, note);
  } catch (const Error& error) {
    if (error.code() != Code::Exists) throw;
    refuse(409, "Namespace " + name + " already exists");
  }
  return Reply::json(base::dump_json(shown({.name = name, .note = note})), 201);
}

store::NamespaceInfo found(const Index& index, const Request& request) {
  const auto ns = index.records->read()->find_namespace(namespace_of(request.capture("namespace")));
  if (!ns) refuse(404, "Namespace " + request.capture("namespace") + " not found");
  return *ns;
}

Reply describe(const Request& request, House& house) {
  return Reply::json(base::dump_json(shown(found(index_of(request, house, Scope::Read), request))));
}

Reply remove(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Write);
  index.records->remove_namespace(found(index, request).name);
  return Reply::json("{}", 202);
}

}  // namespace

void add_namespace_routes(Routes& routes, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  routes.add("POST", "/{index}/describe_index_stats", bound(statistics),
             told("How many vectors there are, by namespace"));
  routes.add("GET", "/{index}/describe_index_stats", bound(statistics),
             told("How many vectors there are, by namespace"));
  routes.add("GET", "/{index}/namespaces", bound(list), told("Lists namespaces"));
  routes.add("POST", "/{index}/namespaces", bound(make), told("Makes a namespace", writing));
  routes.add("GET", "/{index}/namespaces/{namespace}", bound(describe), told("A namespace"));
  routes.add("DELETE", "/{index}/namespaces/{namespace}", bound(remove),
             told("Removes a namespace and its records", writing));
}

}  // namespace hanok::server::pinecone

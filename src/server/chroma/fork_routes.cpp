// Copies of collections, and what only Chroma's cluster has.
#include "server/chroma/collection_json.h"
#include "server/chroma/configuration.h"
#include "server/chroma/names.h"
#include "server/chroma/service.h"
#include "server/wire/body.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

Reply fork(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Read);
  const Body body(request.body);
  const std::string name(text_of(required(body.object(), "new_name"), "new_name"));
  check_name(name);
  request.access.require(Scope::Write, name);
  const store::Place place = place_of(request);
  auto& catalog = house.store->catalog();
  if (catalog.find(name, place)) refuse(409, "ChromaError", "Collection [" + name + "] already exists");

  Description description = description_of(*target.records, target.info);
  if (description.lineage.empty()) {
    description.lineage = target.info.uuid;
    target.records->set_note(kNote, to_note(description));
  }
  auto made = catalog.fork(target.info.name, place, name, place);
  const auto info = made->info();
  JsonWriter out;
  write_collection(out, {std::move(made), info});
  return Reply::json(out.take());
}

/// How many others of the same lineage there are.
Reply fork_count(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Read);
  const std::string lineage = description_of(*target.records, target.info).lineage;
  uint64_t others = 0;
  auto& catalog = house.store->catalog();
  if (!lineage.empty())
    for (const auto& info : catalog.list(place_of(request))) {
      const auto records = info.uuid == target.info.uuid ? nullptr : catalog.find_uuid(info.uuid);
      if (records && description_of(*records, info).lineage == lineage) ++others;
    }
  JsonWriter out;
  return Reply::json(out.open_object().member("count", others).close_object().take());
}

Handler refusing(const char* name, const char* message) {
  return [name, message](const Request&) -> Reply { refuse(501, name, message); };
}

}  // namespace

void add_fork_routes(Routes& routes, House& house) {
  const std::string collection = "/tenants/{tenant}/databases/{database}/collections/{collection}";
  const RouteOptions change{.scope = Scope::Write, .lane = Lane::Write};
  routes.add(
      "POST", collection + "/fork", [&house](const Request& r) { return fork(r, house); },
      told("Copies a collection", change));
  routes.add(
      "GET", collection + "/fork_count", [&house](const Request& r) { return fork_count(r, house); },
      told("How many copies of a collection there are"));
  for (const char* path : {"/conditional/get", "/conditional/commit"})
    routes.add("POST", collection + path,
               refusing("TransactionsNotSupported", "Transactions are not supported by this server"),
               told("Transactions: not supported"));
  const char* functions = "Functions that run over a collection are not supported by this server";
  routes.add("POST", collection + "/functions/attach", refusing("ChromaError", functions),
             told("Attached functions: not supported"));
  routes.add("POST", collection + "/attached_functions/{name}/detach", refusing("ChromaError", functions),
             told("Attached functions: not supported"));
  routes.add(
      "GET", collection + "/functions/{name}",
      [](const Request&) -> Reply { refuse(404, "NotFoundError", "Attached function not found"); },
      told("Attached functions: there are none"));
}

}  // namespace hanok::server::chroma

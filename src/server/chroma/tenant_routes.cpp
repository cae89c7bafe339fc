// Tenants and their databases.
#include "server/chroma/names.h"
#include "server/chroma/service.h"
#include "server/wire/body.h"
#include "server/wire/json_writer.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

Reply create_tenant(const Request& request, House& house) {
  const Body body(request.body);
  const std::string name(text_of(required(body.object(), "name"), "name"));
  check_tenant_name(name);
  auto& catalog = house.store->catalog();
  if (catalog.has_tenant(name)) refuse(409, "ChromaError", "Tenant [" + name + "] already exists");
  catalog.create_tenant(name);
  return Reply::json("{}");
}

void require_tenant(const House& house, const std::string& tenant) {
  if (!house.store->catalog().has_tenant(tenant)) refuse(404, "NotFoundError", "Tenant [" + tenant + "] not found");
}

Reply get_tenant(const Request& request, House& house) {
  const std::string& name = request.capture("tenant");
  require_tenant(house, name);
  const auto resource = house.store->catalog().tenant_note(name);
  JsonWriter out;
  out.open_object().member("name", name).key("resource_name");
  resource ? out.value(*resource) : out.null();
  return Reply::json(out.close_object().take());
}

Reply update_tenant(const Request& request, House& house) {
  const Body body(request.body);
  const std::string& name = request.capture("tenant");
  require_tenant(house, name);
  house.store->catalog().set_tenant_note(name, text_of(required(body.object(), "resource_name"), "resource_name"));
  return Reply::json("{}");
}

void write_database(JsonWriter& out, const store::DatabaseInfo& database) {
  out.open_object().member("id", database.uuid).member("name", database.name).member("tenant", database.tenant);
  out.close_object();
}

Reply create_database(const Request& request, House& house) {
  const Body body(request.body);
  const std::string name(text_of(required(body.object(), "name"), "name"));
  check_name(name);
  const store::Place place{.tenant = request.capture("tenant"), .database = name};
  require_tenant(house, place.tenant);
  if (house.store->catalog().find_database(place)) refuse(409, "ChromaError", "Database [" + name + "] already exists");
  house.store->catalog().create_database(place);
  return Reply::json("{}");
}

Reply list_databases(const Request& request, House& house) {
  const std::string& tenant = request.capture("tenant");
  JsonWriter out;
  out.open_array();
  if (house.store->catalog().has_tenant(tenant)) {
    const store::Page page{.offset = request.number("offset", 0), .limit = request.number("limit", SIZE_MAX)};
    for (const auto& database : house.store->catalog().databases(tenant, page)) write_database(out, database);
  }
  return Reply::json(out.close_array().take());
}

Reply get_database(const Request& request, House& house) {
  const store::Place place = place_of(request);
  const auto database = house.store->catalog().find_database(place);
  if (!database) refuse(404, "NotFoundError", "Database [" + place.database + "] not found. Are you sure it exists?");
  JsonWriter out;
  write_database(out, *database);
  return Reply::json(out.take());
}

Reply delete_database(const Request& request, House& house) {
  const store::Place place = place_of(request);
  if (!house.store->catalog().drop_database(place))
    refuse(404, "NotFoundError", "Database [" + place.database + "] not found");
  return Reply::json("{}");
}

}  // namespace

void add_tenant_routes(Routes& routes, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions change{.scope = Scope::Admin, .lane = Lane::Write};
  routes.add("POST", "/tenants", bound(create_tenant), told("Makes a tenant", change));
  routes.add("GET", "/tenants/{tenant}", bound(get_tenant), told("A tenant"));
  routes.add("PATCH", "/tenants/{tenant}", bound(update_tenant), told("Changes a tenant", change));
  routes.add("GET", "/tenants/{tenant}/databases", bound(list_databases), told("Lists the databases of a tenant"));
  routes.add("POST", "/tenants/{tenant}/databases", bound(create_database), told("Makes a database", change));
  routes.add("GET", "/tenants/{tenant}/databases/{database}", bound(get_database), told("A database"));
  routes.add("DELETE", "/tenants/{tenant}/databases/{database}", bound(delete_database),
             told("Drops a database and its collections", change));
}

}  // namespace hanok::server::chroma

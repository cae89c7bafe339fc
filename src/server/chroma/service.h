// What the routes of Chroma's API share: where a request points, and how it is refused.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "hanok/records.h"
#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server::chroma {

using Tree = nlohmann::ordered_json;  // what a client gave is shown to it in its own order
/// The member where it is there and not null, else nullptr.
const Tree* find(const Tree& object, const char* key);

/// {"error": NAME, "message": ...}: the Python client makes the exception of that name of it, the JavaScript one looks
/// at the status.
Reply problem(const Problem& problem, const Request& request);

/// 400 InvalidArgumentError.
[[noreturn]] void refuse_argument(const std::string& message);
/// 404 NotFoundError "Collection [NAME] does not exist".
[[noreturn]] void refuse_missing(std::string_view collection);
/// Any other status; NAME is one of those that the client knows, else ChromaError.
[[noreturn]] void refuse(int status, std::string name, const std::string& message);

/// nullopt: it was dropped meanwhile.
std::optional<store::RecordsInfo> info_of(const store::Records& records);
/// {tenant} and {database} of the path.
store::Place place_of(const Request& request);

struct Target {
  std::shared_ptr<store::Records> records;
  store::RecordsInfo info;
};
/// {collection} of the path, by its uuid, in the place the path names. `needed`: what the key must be allowed there.
Target target_of(const Request& request, const House& house, Scope needed);
/// The same by name.
Target target_by_name(const Request& request, const House& house, Scope needed);

// One function adds the routes of each file, to the group /api/v2.
using Routes = Router::Group;
void add_system_routes(Routes& routes, House& house);
void add_tenant_routes(Routes& routes, House& house);
void add_collection_routes(Routes& routes, House& house);
void add_write_routes(Routes& routes, House& house);
void add_read_routes(Routes& routes, House& house);
void add_query_routes(Routes& routes, House& house);
void add_search_routes(Routes& routes, House& house);
void add_fork_routes(Routes& routes, House& house);

}  // namespace hanok::server::chroma

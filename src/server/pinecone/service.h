// What the routes of Pinecone's API share: where a request points, and how it is refused.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "hanok/records.h"
#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server::pinecone {

using Json = nlohmann::json;

/// The union of what the clients of all versions read:
/// {"status": 404, "error": {"code": "NOT_FOUND", "message": M, "details": {}}, "code": 5, "message": M, "details": []}
Reply problem(const Problem& problem, const Request& request);

/// 400 INVALID_ARGUMENT.
[[noreturn]] void refuse_argument(const std::string& message);
[[noreturn]] void refuse(int status, const std::string& message);

/// "__default__" and "" are one namespace, which the store calls "".
std::string namespace_of(std::string_view said);
/// What a client is shown.
std::string shown_namespace(std::string_view ns);

// A place in a list, as an opaque word; 400 for one that this server did not give.
std::string to_token(std::string_view place);
std::string from_token(std::string_view token);
/// The same for a place that is a number.
size_t offset_of_token(std::string_view token);

/// {"data": [...], "pagination": {"next": TOKEN}}, the latter where there are more; by the request's limit and token.
Reply pages(const Request& request, std::vector<Json> all);

/// Calls `take` with every collection of a place, by name. One that is dropped meanwhile is passed over.
using TakeCollection = std::function<void(const std::shared_ptr<store::Records>& records, store::RecordsInfo info)>;
void each_collection(const store::Place& place, House& house, const TakeCollection& take);

// One function adds the routes of each file.
void add_index_routes(Router& router, House& house);
void add_backup_routes(Router& router, House& house);
class BackupSchedules;
void add_schedule_routes(Router& router, House& house, BackupSchedules& schedules);
void add_collection_routes(Router& router, House& house);
void add_inference_routes(Router& router, House& house);
using Routes = Router::Group;  // /i
void add_vector_routes(Routes& routes, House& house);
void add_query_routes(Routes& routes, House& house);
void add_namespace_routes(Routes& routes, House& house);
void add_record_routes(Routes& routes, House& house);
void add_document_routes(Routes& routes, House& house);

}  // namespace hanok::server::pinecone

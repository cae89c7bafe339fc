#include "server/chroma/service.h"

#include <cctype>

#include "server/wire/json_writer.h"
#include "store/uuid.h"

namespace hanok::server::chroma {
namespace {

/// The client's name of a problem; that of a Refusal is one already.
std::string error_name(const Problem& problem) {
  if (!problem.code.empty() && std::isupper(static_cast<unsigned char>(problem.code[0]))) return problem.code;
  switch (problem.status) {
    case 400:
    case 422:
      return "InvalidArgumentError";
    case 401:
      return "AuthorizationError";
    case 403:
      return "AuthError";
    case 404:
      return "NotFoundError";
    case 413:
      return "BatchSizeExceededError";
    case 429:
      return "RateLimitError";
    case 500:
    case 503:
    case 507:
      return "InternalError";
    default:
      return "ChromaError";
  }
}

Target checked(std::shared_ptr<store::Records> records, const Request& request, std::string_view said, Scope needed) {
  if (!records) refuse_missing(said);
  const auto info = info_of(*records);
  if (!info) refuse_missing(said);
  Target out{std::move(records), *info};
  const store::Place place = place_of(request);
  if (out.info.tenant != place.tenant || out.info.database != place.database) refuse_missing(said);
  request.access.require(needed, out.info.name);
  return out;
}

}  // namespace

const Tree* find(const Tree& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Reply problem(const Problem& problem, const Request& request) {
  JsonWriter out;
  out.open_object().member("error", error_name(problem)).member("message", problem.message).close_object();
  Reply reply = Reply::json(out.take(), problem.status);
  reply.headers.emplace_back("chroma-trace-id", request.id);  // clients show it with the error
  return reply;
}

void refuse(int status, std::string name, const std::string& message) {
  throw Refusal({.status = status, .message = message, .code = std::move(name)});
}

void refuse_argument(const std::string& message) { refuse(400, "InvalidArgumentError", message); }

void refuse_missing(std::string_view collection) {
  refuse(404, "NotFoundError", "Collection [" + std::string(collection) + "] does not exist");
}

std::optional<store::RecordsInfo> info_of(const store::Records& records) {
  try {
    return records.info();
  } catch (const Error& error) {
    if (error.code() != Code::NotFound) throw;
    return std::nullopt;
  }
}

store::Place place_of(const Request& request) {
  return {.tenant = request.capture("tenant"), .database = request.capture("database")};
}

Target target_of(const Request& request, const House& house, Scope needed) {
  const std::string& uuid = request.capture("collection");
  if (!store::is_uuid(uuid)) refuse_argument("Collection ID is not a valid UUIDv4: '" + uuid + "'");
  return checked(house.store->catalog().find_uuid(uuid), request, uuid, needed);
}

Target target_by_name(const Request& request, const House& house, Scope needed) {
  const std::string& name = request.capture("collection");
  return checked(house.store->catalog().find(name, place_of(request)), request, name, needed);
}

}  // namespace hanok::server::chroma

#include "server/pinecone/service.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "server/wire/json_writer.h"

namespace hanok::server::pinecone {
namespace {

struct Kind {
  int status;
  const char* word;
  int grpc;  // https://grpc.io/docs/guides/status-codes: what the data plane calls it
};
constexpr std::array<Kind, 12> kKinds = {{{400, "INVALID_ARGUMENT", 3},
                                          {401, "UNAUTHENTICATED", 16},
                                          {403, "FORBIDDEN", 7},
                                          {404, "NOT_FOUND", 5},
                                          {405, "INVALID_ARGUMENT", 3},
                                          {409, "ALREADY_EXISTS", 6},
                                          {412, "FAILED_PRECONDITION", 9},
                                          {413, "INVALID_ARGUMENT", 3},
                                          {415, "INVALID_ARGUMENT", 3},
                                          {422, "UNPROCESSABLE_ENTITY", 3},
                                          {429, "RESOURCE_EXHAUSTED", 8},
                                          {507, "RESOURCE_EXHAUSTED", 8}}};
constexpr Kind kUnknown{500, "UNKNOWN", 2};

Kind kind_of_status(int status) {
  for (const Kind& kind : kKinds)
    if (kind.status == status) return kind;
  return kUnknown;
}

constexpr size_t kMostPerPage = 100;
constexpr std::string_view kDigits = "0123456789abcdef";

[[noreturn]] void refuse_token(std::string_view token) {
  refuse_argument("Invalid pagination token: '" + std::string(token) + "' is none that this server gave");
}

}  // namespace

Reply problem(const Problem& problem, const Request&) {
  // Its TypeScript client tries a 5xx again and then keeps the words to itself: what is not served is a 404 that says
  // so.
  const int status = problem.status == 501 ? 404 : problem.status;
  const Kind kind = kind_of_status(status);
  JsonWriter out;
  out.open_object().member("status", status).key("error").open_object();
  out.member("code", kind.word).member("message", problem.message).key("details").open_object().close_object();
  out.close_object().member("code", kind.grpc).member("message", problem.message);
  out.key("details").open_array().close_array().close_object();
  return Reply::json(out.take(), status);
}

void refuse(int status, const std::string& message) {
  throw Refusal({.status = status, .message = message, .code = kind_of_status(status).word});
}

void refuse_argument(const std::string& message) { refuse(400, message); }

std::string namespace_of(std::string_view said) { return said == "__default__" ? "" : std::string(said); }

std::string shown_namespace(std::string_view ns) { return ns.empty() ? "__default__" : std::string(ns); }

std::string to_token(std::string_view place) {
  std::string out;
  for (const char c : place) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string from_token(std::string_view token) {
  std::string out;
  for (size_t i = 0; i + 1 < token.size(); i += 2) {
    const size_t high = kDigits.find(token[i]), low = kDigits.find(token[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) break;
    out += static_cast<char>(high << 4 | low);
  }
  if (out.size() * 2 != token.size() || token.empty()) refuse_token(token);
  return out;
}

size_t offset_of_token(std::string_view token) {
  const std::string digits = from_token(token);
  uint32_t out = 0;  // records have numbers of 32 bits
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size()) refuse_token(token);
  return out;
}

Reply pages(const Request& request, std::vector<Json> all) {
  const size_t limit = request.number("limit", kMostPerPage, 1, kMostPerPage);
  size_t begin = 0;
  if (const auto token = request.parameter("paginationToken"); token && !token->empty())
    begin = std::min(all.size(), offset_of_token(*token));
  const size_t end = std::min(all.size(), begin + limit);
  Json out = {{"data", Json::array()}};
  for (size_t i = begin; i < end; ++i) out["data"].push_back(std::move(all[i]));
  if (end < all.size()) out["pagination"] = {{"next", to_token(std::to_string(end))}};
  return Reply::json(base::dump_json(out));
}

void each_collection(const store::Place& place, House& house, const TakeCollection& take) {
  auto& catalog = house.store->catalog();
  if (!catalog.find_database(place)) return;
  for (auto& info : catalog.list(place)) {
    const auto records = catalog.find_uuid(info.uuid);
    if (!records) continue;
    try {
      take(records, std::move(info));
    } catch (const Error& error) {
      if (error.code() != Code::NotFound) throw;
    }
  }
}

}  // namespace hanok::server::pinecone

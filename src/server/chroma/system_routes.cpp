// Questions about the server itself: what clients ask before anything else.
#include <chrono>

#include "server/chroma/service.h"
#include "server/wire/json_writer.h"

namespace hanok::server::chroma {
namespace {

// Chroma's own is bound by SQLite's number of parameters (5,461); clients only split batches that are larger.
constexpr int kMaxBatch = 100'000;
// The version of the wire, as the server of Chroma 1.5 tells it: clients choose by it what they may send.
constexpr const char* kWireVersion = "1.0.0";

Reply heartbeat(const Request&) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  JsonWriter out;
  out.open_object();
  out.member("nanosecond heartbeat",
             static_cast<int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
  out.close_object();
  return Reply::json(out.take());
}

Reply identity(const Request&) {
  return Reply::json(R"({"user_id":"","tenant":"default_tenant","databases":["default_database"]})");
}

Reply checks(const Request&) {
  JsonWriter out;
  out.open_object().member("max_batch_size", kMaxBatch).member("supports_base64_encoding", true).close_object();
  return Reply::json(out.take());
}

Reply reset(House& house) {
  if (!house.allow_reset)
    refuse(403, "AuthError", "Resetting is disabled: start the server with --allow-reset to let clients empty it");
  house.store->catalog().reset();
  return Reply::json("true");
}

}  // namespace

void add_system_routes(Routes& routes, House& house) {
  routes.add("GET", "", heartbeat, {.scope = Scope::Open, .summary = "Whether the server lives"});
  routes.add("GET", "/heartbeat", heartbeat, {.scope = Scope::Open, .summary = "Whether the server lives"});
  routes.add("GET", "/version", [](const Request&) { return Reply::json("\"" + std::string(kWireVersion) + "\""); },
             {.scope = Scope::Open, .summary = "Version of Chroma's API"});
  routes.add("GET", "/healthcheck",
             [](const Request&) { return Reply::json(R"({"is_executor_ready":true,"is_log_client_ready":true})"); },
             {.scope = Scope::Open, .summary = "Whether the server is ready"});
  routes.add("GET", "/pre-flight-checks", checks, {.scope = Scope::Open, .summary = "What batches may be sent"});
  routes.add("GET", "/auth/identity", identity, {.summary = "Who the caller is"});
  routes.add("POST", "/reset", [&house](const Request&) { return reset(house); },
             {.scope = Scope::Admin, .lane = Lane::Write, .summary = "Removes everything, where the server allows it"});
}

}  // namespace hanok::server::chroma

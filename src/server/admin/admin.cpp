#include "server/admin/admin.h"

#include "base/json.h"
#include "server/admin/ingest.h"
#include "server/admin/openapi.h"
#include "server/openai/openai.h"

namespace hanok::server {

void add_admin_routes(Router& router, House& house, AdminHooks hooks) {
  auto group = router.group("", "hanok", openai_problem);
  group.add("GET", "/healthz", [](const Request&) { return Reply::text("ok\n"); },
            {.scope = Scope::Open, .summary = "The server is up"});
  group.add("GET", "/readyz",
            [ready = hooks.ready](const Request&) {
              if (ready()) return Reply::text("ready\n");
              throw Error(Code::Unavailable, "not ready yet");
            },
            {.scope = Scope::Open, .summary = "The store can be read and requests are taken"});
  group.add("GET", "/metrics",
            [metrics = hooks.metrics](const Request&) {
              Reply out = Reply::text(metrics());
              out.content_type = "text/plain; version=0.0.4; charset=utf-8";
              return out;
            },
            {.summary = "Counters in Prometheus' text format"});
  group.add("GET", "/version",
            [&house](const Request&) {
              return Reply::json(base::dump_json(base::OrderedJson{{"name", "hanok"}, {"version", house.version}}));
            },
            {.scope = Scope::Open, .summary = "Name and version"});
  add_ingest_route(group, house);
  group.add("GET", "/openapi.json",
            [&house, &router](const Request&) { return Reply::json(openapi_document(router, house.version)); },
            {.scope = Scope::Open, .summary = "This document: every route with its parameters"});
}

}  // namespace hanok::server

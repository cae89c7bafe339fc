// What operators and their programs ask: is it up, is it ready, which version, what has it done.
#pragma once

#include <functional>
#include <string>

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

struct AdminHooks {
  std::function<bool()> ready;           // false or an exception: 503
  std::function<std::string()> metrics;  // Prometheus' text
};
/// /healthz, /readyz, /metrics, /version, /openapi.json, and /hanok/ingest (ingest.h).
void add_admin_routes(Router& router, House& house, AdminHooks hooks);

}  // namespace hanok::server

// The line of a route in /openapi.json.
#pragma once

#include <string>
#include <utility>

#include "server/http/router.h"

namespace hanok::server {

/// `options` with a summary: told("Removes records", writing).
inline RouteOptions told(std::string summary, RouteOptions options = {}) {
  options.summary = std::move(summary);
  return options;
}

}  // namespace hanok::server

// The OpenAPI document of everything that is served, made out of the route table.
#pragma once

#include <string>

#include "server/http/router.h"

namespace hanok::server {

/// OpenAPI 3.1, as JSON. A path that is there both under /v1 and without it is told of once.
std::string openapi_document(const Router& router, const std::string& version);

}  // namespace hanok::server

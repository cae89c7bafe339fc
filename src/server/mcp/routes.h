// POST /mcp: the MCP server of a house over HTTP.
#pragma once

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

void add_mcp_routes(Router& router, House& house);

}  // namespace hanok::server

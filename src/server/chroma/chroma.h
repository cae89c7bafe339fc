// Chroma's API, version 2, below /api/v2: what the Python, JavaScript and Rust clients of the 1.5 series call.
#pragma once

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

/// Adds the routes. `house` outlives the router.
void add_chroma_routes(Router& router, House& house);

}  // namespace hanok::server

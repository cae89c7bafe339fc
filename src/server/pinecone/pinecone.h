// Pinecone's API: the control plane at the root (/indexes, /collections, /backups, /restore-jobs, /models, /embed,
// /rerank), the data plane of an index below /i/INDEX, which is the host that `describe` gives. Versions 2025-01 to
// 2026-07 of the API differ in the shape of an index; the answers hold the members of all of them.
#pragma once

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

/// Adds the routes. `house` outlives the router.
void add_pinecone_routes(Router& router, House& house);

}  // namespace hanok::server

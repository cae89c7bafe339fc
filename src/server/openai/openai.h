// OpenAI's API, under /v1 and without it: SDKs append bare paths to whatever base URL their users gave.
#pragma once

#include <string>

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

/// {"error": {"message", "type", "param", "code"}}, always all four; x-should-retry: false where the same request would
/// fail again, since SDKs retry 409 and 5xx by themselves.
Reply openai_problem(const Problem& problem, const Request& request);

void add_openai_routes(Router& router, House& house);

// Each of them adds the routes of one file to a group.
void add_openai_models(Router::Group& group, House& house);
void add_openai_embeddings(Router::Group& group, House& house);

}  // namespace hanok::server

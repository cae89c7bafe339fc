#include "server/chroma/chroma.h"

#include "server/chroma/service.h"

namespace hanok::server {

void add_chroma_routes(Router& router, House& house) {
  auto routes = router.group("/api/v2", "chroma", chroma::problem);
  chroma::add_system_routes(routes, house);
  chroma::add_tenant_routes(routes, house);
  chroma::add_collection_routes(routes, house);
  chroma::add_write_routes(routes, house);
  chroma::add_read_routes(routes, house);
  chroma::add_query_routes(routes, house);
  chroma::add_search_routes(routes, house);
  chroma::add_fork_routes(routes, house);
  // Version 1 was given up by Chroma itself; its clients are told so in its words. Everything below it is an unknown
  // path, and the group's way of refusing says 410.
  router.group("/api/v1", "chroma", [](const Problem& problem, const Request& request) {
    if (problem.status != 404 && problem.status != 405) return chroma::problem(problem, request);
    return chroma::problem(
        {.status = 410, .message = "The v1 API is deprecated. Please use /v2 apis", .code = "Unimplemented"}, request);
  });
}

}  // namespace hanok::server

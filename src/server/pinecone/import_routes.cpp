// The routes of bulk imports.
#include "base/clock.h"
#include "base/json.h"
#include "server/body.h"
#include "server/pinecone/imports.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

Json shown(const Import& import) {
  Json out = {{"id", import.id},
              {"uri", import.uri},
              {"status", import.status},
              {"createdAt", base::iso_time(import.created_ms)},
              {"percentComplete", import.percent},
              {"recordsImported", import.records}};
  if (import.finished_ms > 0) out["finishedAt"] = base::iso_time(import.finished_ms);
  if (!import.error.empty()) out["error"] = import.error;
  return out;
}

Reply start(const Request& request, House& house, Imports& imports) {
  // It reads files of this machine, which a key that may only write has no say in.
  const Index index = index_of(request, house, Scope::Admin);
  if (!index.model.of_vectors())
    refuse_argument("This index has a document schema, so writes must go through the documents API.");
  if (!index.model.text_field().empty())
    refuse_argument("Imports are for indexes whose vectors are given; this one embeds texts itself");
  const Json body = json_body(request);
  const std::string uri = text_field(body, "uri");
  std::string on_error = "abort";
  if (const Json* mode = field(body, "errorMode")) {
    if (!mode->is_object()) wrong_field("errorMode", "an object with onError", *mode);
    on_error = text_field_or_none(*mode, "onError").value_or(on_error);
  }
  if (on_error != "abort" && on_error != "continue") wrong_field("errorMode.onError", "abort or continue", on_error);
  return Reply::json(base::dump_json(Json{{"id", imports.start(index, uri, on_error == "continue")}}));
}

Reply list(const Request& request, House& house, Imports& imports) {
  std::vector<Json> out;
  for (const Import& import : imports.of(index_of(request, house, Scope::Read))) out.push_back(shown(import));
  return pages(request, std::move(out));
}

Reply describe(const Request& request, House& house, Imports& imports) {
  const Index index = index_of(request, house, Scope::Read);
  return Reply::json(base::dump_json(shown(imports.find(index, request.capture("import")))));
}

Reply cancel(const Request& request, House& house, Imports& imports) {
  imports.cancel(index_of(request, house, Scope::Write), request.capture("import"));
  return Reply::json("{}");
}

}  // namespace

void add_import_routes(Routes& routes, House& house, Imports& imports) {
  const auto bound = [&](Reply (*handle)(const Request&, House&, Imports&)) {
    return [&house, &imports, handle](const Request& request) { return handle(request, house, imports); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  routes.add(
      "POST", "/{index}/bulk/imports", bound(start),
      told("Imports a folder of Parquet files of the server's machine", {.scope = Scope::Admin, .lane = Lane::Write}));
  routes.add("GET", "/{index}/bulk/imports", bound(list), told("Lists imports"));
  routes.add("GET", "/{index}/bulk/imports/{import}", bound(describe), told("How far an import is"));
  routes.add("DELETE", "/{index}/bulk/imports/{import}", bound(cancel), told("Ends an import", writing));
}

}  // namespace hanok::server::pinecone

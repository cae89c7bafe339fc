// Records read: get, count, and how far the index is.
#include "server/chroma/answers.h"
#include "server/chroma/restrictions.h"
#include "server/chroma/service.h"
#include "server/chroma/where.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

store::Page read_page(Object body) {
  store::Page page;
  if (const auto limit = member(body, "limit")) page.limit = static_cast<size_t>(whole_of(*limit, "limit", 0));
  if (const auto offset = member(body, "offset")) page.offset = static_cast<size_t>(whole_of(*offset, "offset", 0));
  return page;
}

Reply get(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Read);
  const Body body(request.body);
  const Object said = body.object();
  const Wanted wanted = read_wanted(said, false);
  const store::Json where = read_where(said);
  check_allowed(*target.records, where);
  store::Selection which{.where = store::Filter(where), .into_lists = false};
  if (const auto ids = member(said, "ids")) which.ids = texts_of(*ids, "ids");
  const auto records = target.records->read()->get(which, read_page(said), wanted.parts());

  JsonWriter out;
  out.open_object().key("ids").open_array();
  for (const auto& record : records) out.value(record.id);
  out.close_array();
  write_part(out, "embeddings", wanted.embeddings, [&] { write_list(out, records, write_embedding); });
  write_part(out, "documents", wanted.documents, [&] { write_list(out, records, write_document); });
  write_part(out, "uris", wanted.uris, [&] { write_list(out, records, write_uri); });
  write_part(out, "metadatas", wanted.metadatas, [&] {
    write_list(out, records, [](JsonWriter& o, const store::Record& r) { write_metadata(o, r.metadata); });
  });
  write_include(out, wanted);
  return Reply::json(out.close_object().take());
}

Reply count(const Request& request, House& house) {
  return Reply::json(std::to_string(target_of(request, house, Scope::Read).info.records));
}

/// Every acknowledged write is found by the next search, so nothing is ever left to be indexed.
Reply indexing_status(const Request& request, House& house) {
  const auto records = static_cast<uint64_t>(target_of(request, house, Scope::Read).info.records);
  JsonWriter out;
  out.open_object().member("num_indexed_ops", records).member("num_unindexed_ops", 0).member("total_ops", records);
  out.member("op_indexing_progress", 1.0).close_object();
  return Reply::json(out.take());
}

}  // namespace

void add_read_routes(Routes& routes, House& house) {
  const std::string collection = "/tenants/{tenant}/databases/{database}/collections/{collection}";
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  routes.add("POST", collection + "/get", bound(get), told("Records by id and condition"));
  routes.add("GET", collection + "/count", bound(count), told("Counts records"));
  routes.add("GET", collection + "/indexing_status", bound(indexing_status),
             told("How much of a collection is indexed"));
}

}  // namespace hanok::server::chroma

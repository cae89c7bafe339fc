// Records written and removed.
#include "server/chroma/batch.h"
#include "server/chroma/restrictions.h"
#include "server/chroma/service.h"
#include "server/chroma/where.h"
#include "server/wire/json_writer.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

Reply write(const Request& request, House& house, BatchKind kind, store::WriteMode mode) {
  const Target target = target_of(request, house, Scope::Write);
  const Body body(request.body);
  auto records = read_batch(body.object(), kind, target.info.dim);
  if (!records.empty()) target.records->write(mode, std::move(records));
  return Reply::json("{}", kind == BatchKind::Add ? 201 : 200);
}

Reply remove(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Write);
  const Body body(request.body);
  const Object said = body.object();
  store::Selection which{.into_lists = false};
  if (const auto ids = member(said, "ids")) which.ids = texts_of(*ids, "ids");
  const store::Json where = read_where(said);
  const auto limit = member(said, "limit");
  if (limit && where.is_null())
    refuse_argument("Validation error: limit, where: limit can only be specified when a where clause is provided");
  const size_t most = limit ? static_cast<size_t>(whole_of(*limit, "limit", 0)) : SIZE_MAX;
  size_t gone = 0;
  if (which.ids || !where.is_null()) {  // a body that says nothing removes nothing
    check_allowed(*target.records, where);
    which.where = store::Filter(where);
    gone = target.records->remove(which, most);
  }
  JsonWriter out;
  out.open_object().member("deleted", static_cast<uint64_t>(gone)).close_object();
  return Reply::json(out.take());
}

}  // namespace

void add_write_routes(Routes& routes, House& house) {
  const std::string collection = "/tenants/{tenant}/databases/{database}/collections/{collection}";
  const auto writing = [&house](BatchKind kind, store::WriteMode mode) {
    return [&house, kind, mode](const Request& request) { return write(request, house, kind, mode); };
  };
  const RouteOptions change{.scope = Scope::Write, .lane = Lane::Write};
  routes.add("POST", collection + "/add", writing(BatchKind::Add, store::WriteMode::Add),
             told("Adds records; those that are there are left alone", change));
  routes.add("POST", collection + "/upsert", writing(BatchKind::Upsert, store::WriteMode::Merge),
             told("Adds records or changes those that are there", change));
  routes.add("POST", collection + "/update", writing(BatchKind::Update, store::WriteMode::Update),
             told("Changes records that are there", change));
  routes.add(
      "POST", collection + "/delete", [&house](const Request& request) { return remove(request, house); },
      told("Removes records by id and condition", change));
}

}  // namespace hanok::server::chroma

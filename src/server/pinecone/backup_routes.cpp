// Backups of indexes, and indexes made of them. Both are done when the request is answered.
#include "base/json.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kMostPerPage = 100;

Json parsed(const Request& request) {
  return request.body.empty() ? Json::object() : base::parse_json(request.body, "body");
}

Json shown(const store::Records& records, const store::RecordsInfo& info) {
  Json out = note_of_copy(records);
  const IndexModel model = model_of(records, info);
  out["backup_id"] = info.name;
  out["status"] = "Ready";
  out["record_count"] = info.records;
  out["namespace_count"] = records.read()->namespaces().size();
  out["size_bytes"] = records.statistics().value("bytes", 0);
  out["metric"] = model.metric;
  out["cloud"] = model.deployment.value("cloud", "local");
  out["region"] = model.deployment.value("region", "local");
  out["tags"] = model.tags.empty() ? Json() : Json(model.tags);
  if (model.dimension) out["dimension"] = *model.dimension;
  out["schema"] = show(model, info, "").at("schema");
  out["created_at"] = time_text(info.created_ms);
  return out;
}

Reply make(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Json body = parsed(request);
  Json note = {{"source_index_name", index.info.name}, {"source_index_id", index.info.uuid}};
  for (const char* part : {"name", "description"})
    if (body.is_object() && body.contains(part) && body[part].is_string()) note[part] = body[part];
  const auto copy = copy_index(index, backups_place(), new_uuid(), note, house);
  return Reply::json(base::dump_json(shown(*copy, copy->info())), 201);
}

/// {"data": [...], "pagination": {"next": TOKEN}}, the latter where there are more.
Reply page(const Request& request, std::vector<Json> all) {
  const size_t limit = request.number("limit", kMostPerPage, 1, kMostPerPage);
  size_t begin = 0;
  if (const auto token = request.parameter("paginationToken"); token && !token->empty())
    begin = std::min<size_t>(all.size(), std::strtoull(from_token(*token).c_str(), nullptr, 10));
  const size_t end = std::min(all.size(), begin + limit);
  Json out = {{"data", Json::array()}};
  for (size_t i = begin; i < end; ++i) out["data"].push_back(std::move(all[i]));
  if (end < all.size()) out["pagination"] = {{"next", to_token(std::to_string(end))}};
  return Reply::json(base::dump_json(out));
}

std::vector<Json> backups(House& house, const std::string& index) {
  std::vector<Json> out;
  auto& catalog = house.store->catalog();
  if (!catalog.find_database(backups_place())) return out;
  for (const auto& info : catalog.list(backups_place())) {
    const auto records = catalog.find_uuid(info.uuid);
    if (!records) continue;
    Json one = shown(*records, info);
    if (index.empty() || one.value("source_index_name", "") == index) out.push_back(std::move(one));
  }
  return out;
}

Reply list(const Request& request, House& house) { return page(request, backups(house, "")); }

Reply list_of_index(const Request& request, House& house) {
  return page(request, backups(house, request.capture("index")));
}

std::shared_ptr<store::Records> find(const Request& request, House& house) {
  const std::string& id = request.capture("backup");
  auto out = house.store->catalog().find(id, backups_place());
  if (!out) refuse(404, "Backup " + id + " not found");
  return out;
}

Reply describe(const Request& request, House& house) {
  const auto records = find(request, house);
  return Reply::json(base::dump_json(shown(*records, records->info())));
}

Reply remove(const Request& request, House& house) {
  find(request, house);
  house.store->catalog().drop(request.capture("backup"), backups_place());
  return Reply::empty(202);
}

Reply restore_index(const Request& request, House& house) {
  const auto backup = find(request, house);
  const Json body = parsed(request);
  if (!body.is_object() || !body.contains("name") || !body["name"].is_string())
    refuse(422, "Failed to deserialize the JSON body: missing field `name`");
  IndexModel model = model_of(*backup, backup->info());
  model.source_backup = request.capture("backup");
  model.restore_job = new_uuid();
  Json changes = body;
  changes.erase("name");
  configure(model, changes);
  const Index made = restore(backups_place(), model.source_backup, body["name"], model, request, house);
  return Reply::json(base::dump_json(Json{{"restore_job_id", model.restore_job}, {"index_id", made.info.uuid}}), 202);
}

// A restore is done at once; what remains of it is written with the index that it made.
std::vector<Json> restore_jobs(House& house, const std::string& id) {
  std::vector<Json> out;
  auto& catalog = house.store->catalog();
  for (const auto& info : catalog.list({})) {
    const auto records = catalog.find_uuid(info.uuid);
    if (!records) continue;
    const IndexModel model = model_of(*records, info);
    if (model.restore_job.empty() || (!id.empty() && model.restore_job != id)) continue;
    out.push_back({{"restore_job_id", model.restore_job},
                   {"backup_id", model.source_backup},
                   {"target_index_name", info.name},
                   {"target_index_id", info.uuid},
                   {"status", "Completed"},
                   {"created_at", time_text(info.created_ms)},
                   {"completed_at", time_text(info.created_ms)},
                   {"percent_complete", 100.0}});
  }
  return out;
}

Reply list_jobs(const Request& request, House& house) { return page(request, restore_jobs(house, "")); }

Reply describe_job(const Request& request, House& house) {
  const auto jobs = restore_jobs(house, request.capture("job"));
  if (jobs.empty()) refuse(404, "Restore job " + request.capture("job") + " not found");
  return Reply::json(base::dump_json(jobs[0]));
}

}  // namespace

void add_backup_routes(Router& router, House& house) {
  const auto bound = [&house](Reply (*handle)(const Request&, House&)) {
    return [&house, handle](const Request& request) { return handle(request, house); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  auto indexes = router.group("/indexes", "pinecone", problem);
  indexes.add("POST", "/{index}/backups", bound(make), told("Makes a backup of an index", writing));
  indexes.add("GET", "/{index}/backups", bound(list_of_index), told("Lists the backups of an index"));
  auto backups = router.group("/backups", "pinecone", problem);
  backups.add("GET", "", bound(list), told("Lists backups"));
  backups.add("GET", "/{backup}", bound(describe), told("A backup"));
  backups.add("DELETE", "/{backup}", bound(remove), told("Removes a backup", writing));
  backups.add("POST", "/{backup}/create-index", bound(restore_index), told("Makes an index of a backup", writing));
  auto jobs = router.group("/restore-jobs", "pinecone", problem);
  jobs.add("GET", "", bound(list_jobs), told("Lists the restores of backups"));
  jobs.add("GET", "/{job}", bound(describe_job), told("A restore of a backup"));
}

}  // namespace hanok::server::pinecone

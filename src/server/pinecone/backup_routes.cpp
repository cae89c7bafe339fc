// Backups of indexes, and indexes made of them. Both are done when the request is answered.
#include "base/clock.h"
#include "base/json.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"
#include "store/uuid.h"

namespace hanok::server::pinecone {
namespace {

Json parsed(const Request& request) {
  return request.body.empty() ? Json::object() : base::parse_json(request.body, "body");
}

Reply make(const Request& request, House& house) {
  const Index index = index_of(request, house, Scope::Read);
  const Json body = parsed(request);
  Json note = {{"source_index_id", index.info.uuid}};
  for (const char* part : {"name", "description"})
    if (body.is_object() && body.contains(part) && body[part].is_string()) note[part] = body[part];
  return Reply::json(base::dump_json(show_backup(copy_index(index, backups_place(), store::make_uuid(), note, house))),
                     201);
}

Reply list(const Request& request, House& house) {
  std::vector<Json> out;
  for (const Copy& copy : list_copies(backups_place(), request, house)) out.push_back(show_backup(copy));
  return pages(request, std::move(out));
}

Reply list_of_index(const Request& request, House& house) {
  std::vector<Json> out;
  for (const Copy& copy : list_copies(backups_place(), request, house))
    if (copy.source == request.capture("index")) out.push_back(show_backup(copy));
  return pages(request, std::move(out));
}

Copy found(const Request& request, House& house) {
  return find_copy(backups_place(), request.capture("backup"), request, house, Scope::Read);
}

Reply describe(const Request& request, House& house) {
  return Reply::json(base::dump_json(show_backup(found(request, house))));
}

Reply remove(const Request& request, House& house) {
  drop_copy(backups_place(), request.capture("backup"), request, house);
  return Reply::empty(202);
}

Reply restore_index(const Request& request, House& house) {
  const Copy backup = found(request, house);
  const Json body = parsed(request);
  if (!body.is_object() || !body.contains("name") || !body["name"].is_string())
    refuse(422, "Failed to deserialize the JSON body: missing field `name`");
  IndexModel model = model_of(*backup.records, backup.info);
  model.source_backup = backup.info.name;
  model.restore_job = store::make_uuid();
  Json changes = body;
  changes.erase("name");
  configure(model, changes);
  const Index made = restore(backup, body["name"], model, request, house);
  return Reply::json(base::dump_json(Json{{"restore_job_id", model.restore_job}, {"index_id", made.info.uuid}}), 202);
}

// A restore is done at once; what remains of it is written with the index that it made.
std::vector<Json> restore_jobs(const Request& request, House& house, const std::string& id) {
  std::vector<Json> out;
  each_index(request, house, [&](const Index& index) {
    const IndexModel& model = index.model;
    if (model.restore_job.empty() || (!id.empty() && model.restore_job != id)) return;
    out.push_back({{"restore_job_id", model.restore_job},
                   {"backup_id", model.source_backup},
                   {"target_index_name", index.info.name},
                   {"target_index_id", index.info.uuid},
                   {"status", "Completed"},
                   {"created_at", base::iso_time(index.info.created_ms)},
                   {"completed_at", base::iso_time(index.info.created_ms)},
                   {"percent_complete", 100.0}});
  });
  return out;
}

Reply list_jobs(const Request& request, House& house) { return pages(request, restore_jobs(request, house, "")); }

Reply describe_job(const Request& request, House& house) {
  const auto jobs = restore_jobs(request, house, request.capture("job"));
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

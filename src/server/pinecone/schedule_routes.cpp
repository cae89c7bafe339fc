// The routes of backup schedules (from 2026-07 on).
#include <array>

#include "base/clock.h"
#include "base/json.h"
#include "server/body.h"
#include "server/pinecone/schedules.h"
#include "server/pinecone/snapshots.h"
#include "server/wire/told.h"

namespace hanok::server::pinecone {
namespace {

constexpr int64_t kMostDays = 36'500;

Json shown(const Schedule& schedule) {
  return {{"schedule_id", schedule.id},
          {"name", schedule.name},
          {"index_id", schedule.index},
          {"project_id", "local"},
          {"schedule_type", "time-based"},
          {"frequency", schedule.frequency},
          {"retention_expire_after_days", schedule.days},
          {"enabled", schedule.enabled},
          {"next_scheduled_run", schedule.enabled ? Json(base::iso_time(schedule.next_ms)) : Json()},
          {"created_at", base::iso_time(schedule.created_ms)}};
}

Reply reply(const Schedule& schedule, int status = 200) {
  return Reply::json(base::dump_json(shown(schedule)), status);
}

std::string read_frequency(const Json& value) {
  constexpr std::array<const char*, 3> known{"daily", "weekly", "monthly"};
  if (std::find(known.begin(), known.end(), value) == known.end())
    wrong_field("frequency", "daily, weekly or monthly", value);
  return value;
}

int64_t read_days(const Json& retention) {
  if (!retention.is_object()) wrong_field("retention", "an object with expire_after_days", retention);
  const auto days = whole_field(retention, "expire_after_days", 1, kMostDays);
  if (!days) wrong_field("retention.expire_after_days", "a number of days", Json());
  return *days;
}

const Json& needed(const Json& body, const char* name) {
  const Json* value = field(body, name);
  if (!value) wrong_field(name, "a value", Json());
  return *value;
}

Reply make(const Request& request, House& house, BackupSchedules& schedules) {
  const Index index = index_of(request, house, Scope::Write);
  if (index.model.pod()) refuse_argument("Backup schedules are for serverless and BYOC indexes");
  const Json body = json_body(request);
  const std::string name = text_field(body, "name");
  if (name.empty()) wrong_field("name", "a text", name);
  const Json& schedule = needed(body, "schedule");
  if (!schedule.is_object() || text_field_or_none(schedule, "type") != "time-based")
    wrong_field("schedule", R"({"type": "time-based", "frequency": ...})", schedule);
  const std::string frequency = read_frequency(needed(schedule, "frequency"));
  return reply(schedules.create(index, name, frequency, read_days(needed(body, "retention"))), 201);
}

Reply list(const Request& request, House& house, BackupSchedules& schedules) {
  std::vector<Json> out;
  for (const Schedule& schedule : schedules.of(index_of(request, house, Scope::Read))) out.push_back(shown(schedule));
  return pages(request, std::move(out));
}

struct Found {
  Schedule schedule;
  store::RecordsInfo index;
};

Found found(const Request& request, House& house, BackupSchedules& schedules, Scope scope) {
  const std::string& id = request.capture("schedule");
  const auto schedule = schedules.find(id);
  const auto records = schedule ? house.store->catalog().find_uuid(schedule->index) : nullptr;
  if (!records) refuse(404, "Backup schedule " + id + " not found");
  Found out{*schedule, records->info()};
  request.access.require(scope, out.index.name);
  return out;
}

Reply describe(const Request& request, House& house, BackupSchedules& schedules) {
  return reply(found(request, house, schedules, Scope::Read).schedule);
}

Reply change(const Request& request, House& house, BackupSchedules& schedules) {
  const Schedule before = found(request, house, schedules, Scope::Write).schedule;
  const Json body = json_body(request);
  BackupSchedules::Change change;
  if (const Json* frequency = field(body, "frequency")) change.frequency = read_frequency(*frequency);
  if (const Json* retention = field(body, "retention")) change.days = read_days(*retention);
  if (field(body, "enabled")) change.enabled = flag_field(body, "enabled", true);
  return reply(schedules.change(before.id, change));
}

Reply remove(const Request& request, House& house, BackupSchedules& schedules) {
  schedules.remove(found(request, house, schedules, Scope::Write).schedule.id);
  return Reply::empty(202);
}

/// The next one first, which is planned, and then those that are there, newest first.
Reply history(const Request& request, House& house, BackupSchedules& schedules) {
  const auto [schedule, index] = found(request, house, schedules, Scope::Read);
  std::vector<Json> out;
  if (schedule.enabled)
    out.push_back({{"backup_id", schedule.next_backup},
                   {"source_index_id", schedule.index},
                   {"source_index_name", index.name},
                   {"name", backup_name(schedule, schedule.next_ms)},
                   {"status", "Initializing"},
                   {"cloud", "local"},
                   {"region", "local"},
                   {"created_at", base::iso_time(schedule.planned_ms)},
                   {"scheduled_execution_at", base::iso_time(schedule.next_ms)}});
  std::vector<Copy> done;
  each_copy(backups_place(), house, [&](const Copy& copy) {
    if (copy.note.value(kOfSchedule, "") == schedule.id) done.push_back(copy);
  });
  std::sort(done.begin(), done.end(),
            [](const Copy& a, const Copy& b) { return a.info.created_ms > b.info.created_ms; });
  for (const Copy& copy : done) out.push_back(show_backup(copy));
  return pages(request, std::move(out));
}

}  // namespace

void add_schedule_routes(Router& router, House& house, BackupSchedules& schedules) {
  const auto bound = [&](Reply (*handle)(const Request&, House&, BackupSchedules&)) {
    return [&house, &schedules, handle](const Request& request) { return handle(request, house, schedules); };
  };
  const RouteOptions writing{.scope = Scope::Write, .lane = Lane::Write};
  auto indexes = router.group("/indexes", "pinecone", problem);
  indexes.add("POST", "/{index}/backup-schedules", bound(make), told("Plans backups of an index", writing));
  indexes.add("GET", "/{index}/backup-schedules", bound(list), told("Lists the backup schedules of an index"));
  auto routes = router.group("/backup-schedules", "pinecone", problem);
  routes.add("GET", "/{schedule}", bound(describe), told("A backup schedule"));
  routes.add("PATCH", "/{schedule}", bound(change), told("Changes, stops or resumes a backup schedule", writing));
  routes.add("DELETE", "/{schedule}", bound(remove), told("Removes a backup schedule; its backups stay", writing));
  routes.add("GET", "/{schedule}/history", bound(history), told("The backups of a schedule, and the next one"));
}

}  // namespace hanok::server::pinecone

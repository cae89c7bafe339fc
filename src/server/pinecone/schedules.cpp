#include "server/pinecone/schedules.h"

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "server/pinecone/snapshots.h"
#include "store/uuid.h"

namespace hanok::server::pinecone {
namespace {

constexpr int64_t kDay = 24LL * 60 * 60 * 1000, kWeek = 7 * kDay;  // ms
constexpr int64_t kAgain = 60LL * 60 * 1000;                       // ms until a backup that failed is tried once more
constexpr std::chrono::seconds kLongestSleep{60};                  // the wall clock may be set meanwhile
constexpr const char* kShelf = "schedules";
constexpr std::string_view kKey = "schedule/";
constexpr const char* kDays = "expire_after_days";  // in the note of a backup

store::Place schedules_place() { return {.tenant = backups_place().tenant, .database = kShelf}; }

std::string key_of(const std::string& id) { return std::string(kKey) + id; }

Json to_json(const Schedule& s) {
  return {{"id", s.id},
          {"name", s.name},
          {"index", s.index},
          {"frequency", s.frequency},
          {"days", s.days},
          {"enabled", s.enabled},
          {"created_ms", s.created_ms},
          {"planned_ms", s.planned_ms},
          {"next_ms", s.next_ms},
          {"next_backup", s.next_backup}};
}

Schedule from_json(const Json& json) {
  return {.id = json.at("id"),
          .name = json.at("name"),
          .index = json.at("index"),
          .frequency = json.at("frequency"),
          .days = json.at("days"),
          .enabled = json.at("enabled"),
          .created_ms = json.at("created_ms"),
          .planned_ms = json.at("planned_ms"),
          .next_ms = json.at("next_ms"),
          .next_backup = json.at("next_backup")};
}

void plan(Schedule& schedule, int64_t now_ms) {
  schedule.next_ms = schedule.enabled ? next_run(schedule.frequency, schedule.planned_ms, now_ms) : 0;
  schedule.next_backup = schedule.enabled ? store::make_uuid() : "";
}

[[noreturn]] void refuse_unknown(const std::string& id) { refuse(404, "Backup schedule " + id + " not found"); }

}  // namespace

int64_t next_run(const std::string& frequency, int64_t planned_ms, int64_t now_ms) {
  if (frequency != "monthly") {
    const int64_t period = frequency == "weekly" ? kWeek : kDay;
    return planned_ms + period * (std::max<int64_t>(0, now_ms - planned_ms) / period + 1);
  }
  using namespace std::chrono;
  const sys_time<milliseconds> planned{milliseconds(planned_ms)};
  const auto day = floor<days>(planned);
  for (int n = 1;; ++n) {
    year_month_day then = year_month_day(day) + months(n);
    if (!then.ok()) then = then.year() / then.month() / last;
    const int64_t ms = (sys_time<milliseconds>(sys_days(then)) + (planned - day)).time_since_epoch().count();
    if (ms > now_ms) return ms;
  }
}

std::string backup_name(const Schedule& schedule, int64_t ms) {
  std::string time = base::iso_time(ms);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return schedule.name + "-" + time;
}

BackupSchedules::BackupSchedules(House& house) : house_(house) {
  if (shelf(false)) wake();
}

std::shared_ptr<store::Records> BackupSchedules::shelf(bool make) const {
  auto& catalog = house_.store->catalog();
  auto records = catalog.find(kShelf, schedules_place());
  if (records || !make) return records;
  make_place(schedules_place(), house_);
  try {
    return catalog.create({.name = kShelf, .place = schedules_place()});
  } catch (const Error& error) {
    if (error.code() != Code::Exists) throw;  // another request made it meanwhile
    return catalog.find(kShelf, schedules_place());
  }
}

std::vector<Schedule> BackupSchedules::all() const {
  std::vector<Schedule> out;
  if (const auto records = shelf(false))
    for (const auto& [key, text] : records->notes(kKey)) out.push_back(from_json(base::parse_json(text, key)));
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.created_ms < b.created_ms; });
  return out;
}

void BackupSchedules::write(const Schedule& schedule) {
  shelf(true)->set_note(key_of(schedule.id), base::dump_json(to_json(schedule)));
}

std::vector<Schedule> BackupSchedules::of(const Index& index) const {
  std::vector<Schedule> out = all();
  std::erase_if(out, [&](const Schedule& s) { return s.index != index.info.uuid; });
  return out;
}

std::optional<Schedule> BackupSchedules::find(const std::string& id) const {
  const auto records = shelf(false);
  const auto text = records ? records->note(key_of(id)) : std::nullopt;
  if (!text) return std::nullopt;
  Schedule out = from_json(base::parse_json(*text, id));
  return house_.store->catalog().find_uuid(out.index) ? std::optional(out) : std::nullopt;
}

void BackupSchedules::require_alone(const Schedule& schedule) const {
  for (const Schedule& other : all())
    if (other.enabled && other.index == schedule.index && other.id != schedule.id)
      refuse(409, "The index has an enabled backup schedule already: " + other.name + " (" + other.id +
                      "). Disable or delete it first.");
}

Schedule BackupSchedules::create(const Index& index, const std::string& name, const std::string& frequency,
                                 int64_t days) {
  const int64_t now = base::now_ms();
  Schedule out{.id = store::make_uuid(),
               .name = name,
               .index = index.info.uuid,
               .frequency = frequency,
               .days = days,
               .created_ms = now,
               .planned_ms = now};
  plan(out, now);
  {
    const std::lock_guard lock(writing_);
    require_alone(out);
    write(out);
  }
  wake();
  return out;
}

Schedule BackupSchedules::change(const std::string& id, const Change& change) {
  Schedule out;
  {
    const std::lock_guard lock(writing_);
    auto there = find(id);
    if (!there) refuse_unknown(id);
    out = *there;
    if (change.frequency) out.frequency = *change.frequency;
    if (change.days) out.days = *change.days;
    if (change.enabled) out.enabled = *change.enabled;
    if (out.enabled && !there->enabled) require_alone(out);
    if (out.enabled != there->enabled || out.frequency != there->frequency) {
      out.planned_ms = base::now_ms();
      plan(out, out.planned_ms);
    }
    write(out);
    if (out.days != there->days)
      each_copy(backups_place(), house_, [&](const Copy& copy) {
        if (copy.note.value(kOfSchedule, "") != id) return;
        Json note = copy.note;
        note[kDays] = out.days;
        set_copy_note(copy, note);
      });
  }
  wake();
  return out;
}

void BackupSchedules::remove(const std::string& id) {
  const std::lock_guard lock(writing_);
  if (!find(id)) refuse_unknown(id);
  shelf(true)->set_note(key_of(id), std::nullopt);
}

void BackupSchedules::back_up(const Schedule& schedule, int64_t now_ms) {
  auto& catalog = house_.store->catalog();
  const auto records = catalog.find_uuid(schedule.index);
  if (!records) return;
  Index index{.records = records, .info = records->info(), .model = {}};
  catalog.drop(schedule.next_backup, backups_place());  // what a kill left of it
  copy_index(index, backups_place(), schedule.next_backup,
             {{"source_index_id", schedule.index},
              {"name", backup_name(schedule, now_ms)},
              {kOfSchedule, schedule.id},
              {kDays, schedule.days}},
             house_);
}

std::optional<int64_t> BackupSchedules::run_due(int64_t now_ms) {
  for (const Schedule& due : all()) {
    if (!house_.store->catalog().find_uuid(due.index)) {  // the index was dropped, and its schedules with it
      shelf(true)->set_note(key_of(due.id), std::nullopt);
      continue;
    }
    if (!due.enabled || due.next_ms > now_ms) continue;
    bool failed = false;
    try {
      back_up(due, now_ms);
    } catch (const std::exception& error) {
      failed = true;
      base::log().error("backup schedule '{}' ({}): {}; it is tried again in an hour", due.name, due.id, error.what());
    }
    const std::lock_guard lock(writing_);
    auto now = find(due.id);
    if (!now || now->next_backup != due.next_backup) continue;  // it was changed meanwhile
    if (failed)
      now->next_ms = now_ms + kAgain;
    else
      plan(*now, now_ms);
    write(*now);
  }
  std::optional<int64_t> next;
  const auto at = [&](int64_t ms) { next = std::min(next.value_or(ms), ms); };
  for (const Schedule& schedule : all())
    if (schedule.enabled) at(schedule.next_ms);
  std::vector<std::string> over;
  each_copy(backups_place(), house_, [&](const Copy& copy) {
    if (!copy.note.contains(kDays)) return;
    const int64_t end = copy.info.created_ms + copy.note[kDays].get<int64_t>() * kDay;
    end <= now_ms ? over.push_back(copy.info.name) : at(end);
  });
  for (const auto& name : over) house_.store->catalog().drop(name, backups_place());
  return next;
}

void BackupSchedules::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    changed_since_ = true;
  }
  changed_.notify_all();
  background_.start([this](const std::atomic<bool>&) { run(); });  // where it does not run yet
}

void BackupSchedules::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    changed_since_ = false;
    lock.unlock();
    std::optional<int64_t> next;
    try {
      next = run_due(base::now_ms());
    } catch (const std::exception& error) {  // the thread goes on to the next time
      base::log().error("backup schedules: {}", error.what());
    }
    lock.lock();
    const auto sleep = next ? std::chrono::milliseconds(std::max<int64_t>(1, *next - base::now_ms())) : kLongestSleep;
    changed_.wait_for(lock, std::min<std::chrono::milliseconds>(sleep, kLongestSleep),
                      [&] { return stopped_ || changed_since_; });
  }
}

void BackupSchedules::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  background_.stop();
}

}  // namespace hanok::server::pinecone

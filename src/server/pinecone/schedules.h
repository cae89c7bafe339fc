// Backup schedules: an index is copied every day, week or month, and each copy is dropped after its days. A schedule is
// a note of one collection beside those of clients, so that it is there after a restart; a run that was due while no
// server was there is made once, when one is there again.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/background.h"
#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

struct Schedule {
  std::string id, name, index;  // index: its uuid, so that one made anew under the name has none
  std::string frequency;        // daily, weekly, monthly
  int64_t days = 0;             // how long each backup is kept
  bool enabled = true;
  int64_t created_ms = 0;
  int64_t planned_ms = 0;        // since when runs are counted: created, changed or enabled
  int64_t next_ms = 0;           // 0: disabled
  std::string next_backup = {};  // the id that it will have
};

/// The first of planned + 1, 2, ... periods that is after `now_ms`. A month ends in the day of the month that it began
/// in, or in the month's last.
int64_t next_run(const std::string& frequency, int64_t planned_ms, int64_t now_ms);
/// Of a backup that is made at `ms`: "nightly-20260403T060000Z".
std::string backup_name(const Schedule& schedule, int64_t ms);

inline constexpr const char* kOfSchedule = "schedule_id";  // in the note of a backup

/// Everything may be called from several threads. Rights are looked at by whoever calls.
class BackupSchedules {
 public:
  /// Goes on with what an earlier process planned.
  explicit BackupSchedules(House& house);
  ~BackupSchedules() { stop(); }

  /// 409 where the index has one that is enabled.
  Schedule create(const Index& index, const std::string& name, const std::string& frequency, int64_t days);
  /// By the time of their making.
  std::vector<Schedule> of(const Index& index) const;
  /// nullopt: there is none, or its index was dropped.
  std::optional<Schedule> find(const std::string& id) const;
  struct Change {
    std::optional<std::string> frequency = {};
    std::optional<int64_t> days = {};  // of the backups that are there, too
    std::optional<bool> enabled = {};
  };
  /// 404 where there is none; 409 where another one of the index is enabled.
  Schedule change(const std::string& id, const Change& change);
  /// Its backups stay as long as was said. 404 where there is none.
  void remove(const std::string& id);

  /// Makes the backups that are due and drops those whose days are over. Returns when there will be something to do
  /// next; nullopt: never, as things are.
  std::optional<int64_t> run_due(int64_t now_ms);
  void stop();

 private:
  std::shared_ptr<store::Records> shelf(bool make) const;
  std::vector<Schedule> all() const;
  void write(const Schedule& schedule);
  void require_alone(const Schedule& schedule) const;
  void back_up(const Schedule& schedule, int64_t now_ms);
  void wake();
  void run();

  House& house_;
  std::mutex writing_;  // of a schedule: read, changed and written again
  std::mutex mutex_;    // of what follows
  std::condition_variable changed_;
  bool changed_since_ = false, stopped_ = false;
  base::Background background_;  // last: it uses the others
};

}  // namespace hanok::server::pinecone

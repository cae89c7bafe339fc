#include "server/pinecone/schedules.h"

#include <gmock/gmock.h>

#include "server/pinecone/snapshots.h"
#include "server/test_house.h"

namespace hanok::server::pinecone {
namespace {

constexpr int64_t kHour = 60 * 60 * 1000, kDay = 24 * kHour;
constexpr int64_t kJanuary31 = 1769860800000;  // 2026-01-31T12:00:00Z

TEST(NextRun, IsAWholeNumberOfPeriodsAfterThePlan) {
  EXPECT_EQ(next_run("daily", 0, 0), kDay);
  EXPECT_EQ(next_run("daily", 0, kDay - 1), kDay);
  EXPECT_EQ(next_run("daily", 0, kDay), 2 * kDay);
  EXPECT_EQ(next_run("daily", 10, 0), 10 + kDay) << "a clock that was set back";
  EXPECT_EQ(next_run("weekly", 5, 20 * kDay), 5 + 21 * kDay);
  EXPECT_EQ(next_run("monthly", kJanuary31, kJanuary31), kJanuary31 + 28 * kDay) << "February has no 31st";
  EXPECT_EQ(next_run("monthly", kJanuary31, kJanuary31 + 28 * kDay), kJanuary31 + 59 * kDay) << "March has";
}

class Schedules : public testing::Test {
 protected:
  base::Json ask(const std::string& method, const std::string& path, const base::Json& body, int status = 200) {
    const auto answer = server_.send(method, path, body.is_null() ? "" : body.dump());
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
    return answer.body.empty() ? base::Json() : base::parse_json(answer.body, path);
  }
  void make_index(const std::string& name) {
    ask("POST", "/indexes",
        {{"name", name}, {"dimension", 2}, {"spec", {{"serverless", {{"cloud", "aws"}, {"region", "r"}}}}}}, 201);
    ask("POST", "/i/" + name + "/vectors/upsert", {{"vectors", {{{"id", "a"}, {"values", {1, 2}}}}}});
  }
  base::Json body(const std::string& name, const std::string& frequency, int days) {
    return {{"name", name},
            {"schedule", {{"type", "time-based"}, {"frequency", frequency}}},
            {"retention", {{"expire_after_days", days}}}};
  }
  base::Json history(const std::string& id) {
    return ask("GET", "/backup-schedules/" + id + "/history", nullptr)["data"];
  }

  test::TestHouse server_;
};

TEST_F(Schedules, AreMadeChangedAndRemoved) {
  make_index("v");
  const auto made = ask("POST", "/indexes/v/backup-schedules", body("nightly", "daily", 30), 201);
  EXPECT_EQ(made["schedule_type"], "time-based");
  EXPECT_EQ(made["retention_expire_after_days"], 30);
  EXPECT_TRUE(made["next_scheduled_run"].is_string());
  const std::string id = made["schedule_id"], path = "/backup-schedules/" + id;
  EXPECT_EQ(ask("GET", path, nullptr), made);
  EXPECT_EQ(ask("GET", "/indexes/v/backup-schedules", nullptr)["data"], base::Json::array({made}));
  ask("POST", "/indexes/v/backup-schedules", body("second", "weekly", 1), 409);
  const auto off = ask("PATCH", path, {{"enabled", false}, {"frequency", "weekly"}});
  EXPECT_EQ(off["next_scheduled_run"], nullptr);
  EXPECT_EQ(off["frequency"], "weekly");
  EXPECT_EQ(history(id).size(), 0u);
  const std::string second =
      ask("POST", "/indexes/v/backup-schedules", body("second", "monthly", 1), 201)["schedule_id"];
  ask("PATCH", path, {{"enabled", true}}, 409);
  ask("DELETE", "/backup-schedules/" + second, nullptr, 202);
  ask("GET", "/backup-schedules/" + second, nullptr, 404);
  EXPECT_TRUE(ask("PATCH", path, {{"enabled", true}})["next_scheduled_run"].is_string());
  ask("PATCH", path, base::Json::object());
  base::Json no_text = body("a", "daily", 1);
  no_text["schedule"]["type"] = 5;
  for (const auto& wrong :
       {body("", "daily", 1), body("a", "hourly", 1), body("a", "daily", 0), base::Json::object(), no_text})
    ask("POST", "/indexes/v/backup-schedules", wrong, 400);
  ask("POST", "/indexes/none/backup-schedules", body("a", "daily", 1), 404);
  ask("DELETE", "/indexes/v", nullptr, 202);
  ask("GET", path, nullptr, 404);
  make_index("v");
  EXPECT_EQ(ask("GET", "/indexes/v/backup-schedules", nullptr)["data"].size(), 0u) << "the new index has none";
}

TEST_F(Schedules, MakeBackupsAndDropThem) {
  make_index("v");
  House house{.store = std::shared_ptr<store::Store>(&server_.store(), [](store::Store*) {})};
  BackupSchedules schedules(house);  // beside the server's own, which sleeps
  const std::string id = ask("POST", "/indexes/v/backup-schedules", body("nightly", "daily", 20), 201)["schedule_id"];
  const auto planned = *schedules.find(id);
  EXPECT_EQ(history(id)[0]["status"], "Initializing");
  EXPECT_EQ(schedules.run_due(planned.next_ms - 1), planned.next_ms) << "nothing is due yet";
  EXPECT_EQ(history(id).size(), 1u);

  const auto next = schedules.run_due(planned.next_ms + 3 * kDay + kHour);  // three were missed: one is made
  const auto now = history(id);
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[1]["backup_id"], planned.next_backup);
  EXPECT_EQ(now[1]["status"], "Ready");
  EXPECT_EQ(now[1]["record_count"], 1);
  for (const auto& one : now)
    EXPECT_THAT(one["name"].get<std::string>(), testing::MatchesRegex("nightly-2[0-9]{7}T[0-9]{6}Z"));
  EXPECT_EQ(ask("GET", "/backups/" + planned.next_backup, nullptr)["source_index_name"], "v");
  EXPECT_EQ(schedules.find(id)->next_ms, planned.next_ms + 4 * kDay);
  const int64_t made = house.store->catalog().find(planned.next_backup, backups_place())->info().created_ms;
  EXPECT_EQ(next, schedules.find(id)->next_ms);

  ask("PATCH", "/backup-schedules/" + id, {{"retention", {{"expire_after_days", 50}}}, {"enabled", false}});
  EXPECT_EQ(schedules.run_due(made + 21 * kDay), made + 50 * kDay) << "the backups that are there stay longer, too";
  ask("DELETE", "/backup-schedules/" + id, nullptr, 202);
  ask("GET", "/backups/" + planned.next_backup, nullptr);
  EXPECT_EQ(schedules.run_due(made + 50 * kDay), std::nullopt);
  ask("GET", "/backups/" + planned.next_backup, nullptr, 404);
}

TEST_F(Schedules, RunByThemselvesAndAreThereAfterARestart) {
  make_index("v");
  const std::string id = ask("POST", "/indexes/v/backup-schedules", body("nightly", "daily", 2), 201)["schedule_id"];
  const auto shelf = server_.store().catalog().find("schedules", {.tenant = "pinecone", .database = "schedules"});
  base::Json due = base::parse_json(*shelf->note("schedule/" + id), "note");
  due["next_ms"] = 1;
  shelf->set_note("schedule/" + id, due.dump());
  House house{.store = std::shared_ptr<store::Store>(&server_.store(), [](store::Store*) {})};
  const BackupSchedules next_process(house);
  for (int i = 0; i < 500 && history(id).size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(history(id).size(), 2u);
}

}  // namespace
}  // namespace hanok::server::pinecone

// Bulk imports of tests/data/parquet over the wire.
#include "server/pinecone/imports.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "server/auth/keys.h"
#include "server/test_house.h"

namespace hanok::server::pinecone {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kFiles = fs::path(HANOK_SOURCE_DIR) / "tests" / "data" / "parquet";

class ImportsTest : public testing::Test {
 protected:
  base::Json ask(const std::string& method, const std::string& path, const base::Json& body, int status = 200) {
    const auto answer = server_.send(method, path, body.is_null() ? "" : body.dump());
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
    return answer.body.empty() ? base::Json() : base::parse_json(answer.body, path);
  }
  void make_index(const std::string& name, size_t dim, const std::string& metric = "cosine") {
    ask("POST", "/indexes",
        {{"name", name},
         {"dimension", dim},
         {"metric", metric},
         {"spec", {{"serverless", {{"cloud", "aws"}, {"region", "r"}}}}}},
        201);
  }
  /// "file://FOLDER" of the files at these places below it.
  std::string folder(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [place, file] : files) {
      fs::create_directories((folder_.path() / name / place).parent_path());
      fs::copy_file(kFiles / file, folder_.path() / name / place);
    }
    return "file://" + (folder_.path() / name).string();
  }
  std::string start(const std::string& index, const base::Json& body) {
    return ask("POST", "/i/" + index + "/bulk/imports", body)["id"];
  }
  base::Json ended(const std::string& index, const std::string& id) {
    for (int i = 0; i < 1000; ++i) {
      const auto out = ask("GET", "/i/" + index + "/bulk/imports/" + id, nullptr);
      if (out["status"] != "Pending" && out["status"] != "InProgress") return out;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "the import does not end";
    return {};
  }

  base::TempFolder folder_;
  test::TestHouse server_;
};

TEST_F(ImportsTest, AFolderBecomesVectorsByNamespace) {
  make_index("v", 3, "dotproduct");
  const std::string uri = folder("all", {{"a.parquet", "snappy.parquet"},
                                         {"mine/b.parquet", "pages.parquet"},
                                         {"mine/readme.txt", "make.py"},
                                         {"__default__/c.parquet", "split.parquet"}});
  const std::string id = start("v", {{"uri", uri}});
  const auto done = ended("v", id);
  EXPECT_EQ(done["status"], "Completed") << done;
  EXPECT_EQ(done["recordsImported"], 400);
  EXPECT_EQ(done["percentComplete"], 100.0);
  EXPECT_EQ(done["uri"], uri);
  EXPECT_TRUE(done["finishedAt"].is_string());
  const auto counts = ask("GET", "/i/v/describe_index_stats", nullptr)["namespaces"];
  EXPECT_EQ(counts["mine"]["vectorCount"], 300);
  EXPECT_EQ(counts["__default__"]["vectorCount"], 60) << "split.parquet has the ids of the first forty";
  const auto one = ask("GET", "/i/v/vectors/fetch?ids=r2&ids=r50&ids=r54", nullptr)["vectors"];
  EXPECT_EQ(one["r2"]["values"], base::Json({2.0, 2.5, -2.0}));
  EXPECT_EQ(one["r2"]["metadata"], base::Json({{"n", 2}, {"word", "stone"}}));
  EXPECT_EQ(one["r50"]["sparseValues"], base::Json({{"indices", {50, 57}}, {"values", {1.0, 25.0}}}));
  EXPECT_FALSE(one["r54"].contains("metadata"));
  EXPECT_FALSE(one["r54"].contains("sparseValues"));
  EXPECT_EQ(ask("POST", "/i/v/query", {{"vector", {1, 1, 1}}, {"topK", 1}, {"filter", {{"n", 7}}}})["matches"][0]["id"],
            "r7");
  const std::string second = start("v", {{"uri", uri}});
  EXPECT_NE(second, id);
  EXPECT_EQ(ended("v", second)["status"], "Completed") << "writes over what is there";
  const auto all = ask("GET", "/i/v/bulk/imports", nullptr)["data"];
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["id"], second);
  EXPECT_EQ(ask("GET", "/i/v/bulk/imports?limit=1", nullptr)["data"].size(), 1u);
  ask("DELETE", "/i/v/bulk/imports/" + id, nullptr);
  EXPECT_EQ(ended("v", id)["status"], "Completed") << "it was done";
  ask("GET", "/i/v/bulk/imports/99", nullptr, 404);
  const std::string backup = ask("POST", "/indexes/v/backups", base::Json::object(), 201)["backup_id"];
  ask("POST", "/backups/" + backup + "/create-index", {{"name", "again"}}, 202);
  EXPECT_EQ(ask("GET", "/i/again/bulk/imports", nullptr)["data"].size(), 0u);
}

TEST_F(ImportsTest, WhatIsRefusedEndsItOrIsPassedOver) {
  make_index("v", 4);  // the files have three
  const std::string uri = folder("bad", {{"a.parquet", "split.parquet"}});
  const auto failed = ended("v", start("v", {{"uri", uri}}));
  EXPECT_EQ(failed["status"], "Failed");
  EXPECT_THAT(failed["error"].get<std::string>(), HasSubstr("row 0: Vector dimension 3"));
  EXPECT_EQ(failed["recordsImported"], 0);
  const auto passed = ended("v", start("v", {{"uri", uri}, {"errorMode", {{"onError", "continue"}}}}));
  EXPECT_EQ(passed["status"], "Completed");
  EXPECT_EQ(passed["recordsImported"], 0);
  const auto zstd = ended("v", start("v", {{"uri", folder("zstd", {{"a.parquet", "zstd.parquet"}})}}));
  EXPECT_EQ(zstd["status"], "Failed");
  EXPECT_THAT(zstd["error"].get<std::string>(), HasSubstr("snappy, gzip or none"));
  fs::create_directories(folder_.path() / "empty");
  for (const std::string& wrong :
       {std::string("s3://bucket/folder"), std::string("file:///no/such/folder"), std::string("file://"),
        "file://" + (folder_.path() / "empty").string(), std::string("/tmp"), std::string()})
    EXPECT_EQ(ask("POST", "/i/v/bulk/imports", {{"uri", wrong}}, 400)["error"]["code"], "INVALID_ARGUMENT") << wrong;
  ask("POST", "/i/v/bulk/imports", {{"uri", uri}, {"errorMode", {{"onError", "stop"}}}}, 400);
  ask("POST", "/i/none/bulk/imports", {{"uri", uri}}, 404);
}

TEST_F(ImportsTest, SparseIndicesGoUpToTheLargest) {
  make_index("v", 3, "dotproduct");
  const auto done = ended("v", start("v", {{"uri", folder("large", {{"a.parquet", "unsigned.parquet"}})}}));
  EXPECT_EQ(done["status"], "Completed") << done;
  EXPECT_EQ(ask("GET", "/i/v/vectors/fetch?ids=r0", nullptr)["vectors"]["r0"]["sparseValues"],
            base::Json({{"indices", {7, 4294967295}}, {"values", {1.0, 2.0}}}));
}

TEST_F(ImportsTest, TextsAreUtf8AndIndicesWhole) {
  make_index("v", 3, "dotproduct");
  const std::string uri = folder("odd", {{"a.parquet", "odd.parquet"}});
  EXPECT_THAT(ended("v", start("v", {{"uri", uri}}))["error"].get<std::string>(),
              HasSubstr("row 0: id: a text in UTF-8"));
  const auto passed = ended("v", start("v", {{"uri", uri}, {"errorMode", {{"onError", "continue"}}}}));
  EXPECT_EQ(passed["status"], "Completed");
  EXPECT_EQ(passed["recordsImported"], 1);
  EXPECT_TRUE(ask("GET", "/i/v/vectors/fetch?ids=good", nullptr)["vectors"].contains("good"));
  const std::string named = folder("named", {{"\xff/a.parquet", "split.parquet"}});
  EXPECT_THAT(ask("POST", "/i/v/bulk/imports", {{"uri", named}}, 400)["error"]["message"].get<std::string>(),
              HasSubstr("no UTF-8"));
}

TEST_F(ImportsTest, OneThatHasNothingToWriteEndsWithTheServer) {
  make_index("v", 3);
  const auto records = server_.store().catalog().find("v");
  House house{.store = std::shared_ptr<store::Store>(&server_.store(), [](store::Store*) {}),
              .data_folder = (folder_.path() / "other").string()};
  const Index index{.records = records, .info = records->info(), .model = {}};
  {
    Imports imports(house);
    const std::string id = imports.start(index, folder("nulls", {{"a.parquet", "nulls.parquet"}}), true);
    while (imports.find(index, id).percent == 0 && imports.find(index, id).finished_ms == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(records->note("pinecone.import/1").value(), HasSubstr("Pending")) << "the next process does it";
}

TEST_F(ImportsTest, WhatWaitsIsCancelledAndWhatAKillCutOffIsDone) {
  make_index("v", 3);
  const std::string uri = folder("f", {{"a.parquet", "split.parquet"}});
  auto records = server_.store().catalog().find("v");
  House house{.store = std::shared_ptr<store::Store>(&server_.store(), [](store::Store*) {}),
              .data_folder = (folder_.path() / "other").string()};
  const auto waits = [&](const std::string& id) {  // as Imports::start leaves it before it is noted
    fs::create_directories(folder_.path() / "other/files/imports");
    const base::Json how = {{"uri", uri}, {"go_on", false}};
    const base::Json all = {{{"store", records->uuid()}, {"file", id}, {"created_ms", 5}, {"how", how}}};
    base::write_file_atomic(folder_.path() / "other/files/imports" / (id + ".json"), all.dump());
  };
  waits("8");
  { Imports imports(house); }  // stopped at once: it is done, or still waits
  {
    Imports imports(house);
    Index index{.records = records, .info = records->info(), .model = {}};
    for (int i = 0; i < 1000 && !records->note("pinecone.import/8"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(imports.find(index, "8").status, "Completed");
    EXPECT_EQ(imports.find(index, "8").created_ms, 5);
    EXPECT_EQ(imports.find(index, "8").records, 40u);
    EXPECT_EQ(imports.start(index, uri, false), "9");
    imports.cancel(index, "9");
    for (int i = 0; i < 1000 && imports.find(index, "9").finished_ms == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_THAT(imports.find(index, "9").status, testing::AnyOf("Cancelled", "Completed"));
  }
}

TEST(Imports, NeedAKeyThatMayReadThisMachinesFiles) {
  const base::TempFolder folder;
  Keys keys;
  const std::string writer = keys.add("writer", Scope::Write), admin = keys.add("admin", Scope::Admin);
  keys.save(folder.path() / "keys.json");
  test::TestHouse server({}, {.keys_file = folder.path() / "keys.json"});
  const auto header = [](const std::string& key) { return "Api-Key: " + key + "\r\n"; };
  EXPECT_EQ(
      server
          .send("POST", "/indexes", R"({"name":"v","dimension":3,"spec":{"serverless":{"cloud":"aws","region":"r"}}})",
                header(writer))
          .status,
      201);
  const std::string body = base::Json{{"uri", "file://" + kFiles.string()}}.dump();
  EXPECT_EQ(server.send("POST", "/i/v/bulk/imports", body, header(writer)).status, 403);
  EXPECT_EQ(server.send("POST", "/i/v/bulk/imports", body, header(admin)).status, 200);
  EXPECT_EQ(server.send("GET", "/i/v/bulk/imports", "", header(writer)).status, 200);
}

}  // namespace
}  // namespace hanok::server::pinecone

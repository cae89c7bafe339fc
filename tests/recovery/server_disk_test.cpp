// A full or broken disk under a server, at every single operation of a write through each vendor's API: the answer is
// an error in the vendor's shape, what was there is kept, and the server goes on when the disk does.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "faulty_disk.h"
#include "hanok/server.h"
#include "server/http/test_client.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;
using base::Json;
using recovery::Fault;

const std::string kChroma = "/api/v2/tenants/default_tenant/databases/default_database/collections";

class House {
 public:
  explicit House(const fs::path& data)
      : store_(store::Store::open(data)), server_(store_, {}, {.port = 0, .data_folder = data}) {}
  ~House() { server_.stop(); }
  test::Answer ask(const std::string& method, const std::string& path, const Json& body = nullptr) {
    test::Client client(server_.port());
    return client.ask_and_read(method, path, body.is_null() ? "" : body.dump(), "Content-Type: application/json\r\n");
  }
  Json json(const std::string& method, const std::string& path, const Json& body = nullptr) {
    const auto answer = ask(method, path, body);
    EXPECT_LT(answer.status, 300) << method << " " << path << " " << answer.body;
    return answer.body.empty() ? Json() : base::parse_json(answer.body, path);
  }
  store::Store& store() { return *store_; }

 private:
  std::shared_ptr<store::Store> store_;
  server::Server server_;
};

struct Vendor {
  std::function<std::string(House&)> make;  // returns where it is
  std::function<test::Answer(House&, const std::string&)> write;
  std::function<Json(House&, const std::string&)> read;
  std::function<std::string(const Json&)> message;  // of an error
};

const Vendor kChromaApi{
    [](House& house) {
      const std::string path = kChroma + "/" + house.json("POST", kChroma, {{"name", "c-1"}})["id"].get<std::string>();
      house.json("POST", path + "/upsert", {{"ids", {"a"}}, {"embeddings", {{1, 2}}}, {"metadatas", {{{"v", 1}}}}});
      return path;
    },
    [](House& house, const std::string& path) {
      return house.ask(
          "POST", path + "/upsert",
          {{"ids", {"a", "b"}}, {"embeddings", {{3, 4}, {5, 6}}}, {"metadatas", {{{"v", 2}}, {{"v", 2}}}}});
    },
    [](House& house, const std::string& path) {
      return house.json("POST", path + "/get", {{"include", {"embeddings", "metadatas"}}});
    },
    [](const Json& error) { return error.at("message").get<std::string>(); }};

const Vendor kPineconeApi{
    [](House& house) {
      house.json("POST", "/indexes",
                 {{"name", "p"}, {"dimension", 2}, {"spec", {{"serverless", {{"cloud", "aws"}, {"region", "r"}}}}}});
      house.json("POST", "/i/p/vectors/upsert", {{"vectors", {{{"id", "a"}, {"values", {1, 2}}}}}});
      return std::string("/i/p");
    },
    [](House& house, const std::string& path) {
      return house.ask("POST", path + "/vectors/upsert",
                       {{"vectors", {{{"id", "a"}, {"values", {3, 4}}}, {{"id", "b"}, {"values", {5, 6}}}}}});
    },
    [](House& house, const std::string& path) {
      return house.json("GET", path + "/vectors/fetch?ids=a&ids=b")["vectors"];
    },
    [](const Json& error) { return error.at("error").at("message").get<std::string>(); }};

const Vendor kOpenAiApi{
    [](House& house) {
      return "/v1/vector_stores/" + house.json("POST", "/v1/vector_stores", {{"name", "old"}})["id"].get<std::string>();
    },
    [](House& house, const std::string& path) {
      return house.ask("POST", path, {{"name", "new"}, {"metadata", {{"v", "2"}}}});
    },
    [](House& house, const std::string& path) {
      const Json all = house.json("GET", path);
      return Json{all["name"], all["metadata"]};
    },
    [](const Json& error) { return error.at("error").at("message").get<std::string>(); }};

class ServerDisk : public testing::TestWithParam<Fault> {
 protected:
  static void SetUpTestSuite() {
    recovery::install_faulty_disk();
    base::log().set_level(spdlog::level::off);  // what fails is told there, and here it fails often
  }
  void TearDown() override { recovery::fail_at(0, Fault::Full); }

  void fail_everywhere(const Vendor& vendor) {
    base::TempFolder folder;
    std::string path;
    Json before, after;
    {
      House house(folder.path() / "start");
      path = vendor.make(house);
      before = vendor.read(house, path);
    }
    {
      fs::copy(folder.path() / "start", folder.path() / "well", fs::copy_options::recursive);
      House house(folder.path() / "well");
      ASSERT_EQ(vendor.write(house, path).status, 200);
      after = vendor.read(house, path);
      ASSERT_NE(after, before);
    }
    size_t failures = 0, no_room = 0;
    for (int operation = 1;; operation += 1 + operation / 4) {
      const auto copy = folder.path() / std::to_string(operation);
      fs::copy(folder.path() / "start", copy, fs::copy_options::recursive);
      auto house = std::make_unique<House>(copy);
      vendor.read(*house, path);
      recovery::fail_at(operation, GetParam());
      const auto answer = vendor.write(*house, path);
      const bool reached = recovery::disk_operations() >= operation;
      recovery::fail_at(0, GetParam());
      if (answer.status != 200) {
        ++failures;
        EXPECT_GE(answer.status, 500) << answer.body;
        no_room += answer.status == 507;
        EXPECT_FALSE(vendor.message(base::parse_json(answer.body, "the answer")).empty()) << answer.body;
      }
      if (operation % 2) {  // half of the time as the next process finds it
        house.reset();
        house = std::make_unique<House>(copy);
      }
      const Json now = vendor.read(*house, path);
      EXPECT_TRUE(now == after || (answer.status != 200 && now == before)) << operation << " " << now;
      EXPECT_EQ(vendor.write(*house, path).status, 200) << "the disk is well again";
      EXPECT_EQ(vendor.read(*house, path), after);
      ASSERT_EQ(house->store().verify(), std::vector<std::string>()) << operation;
      if (!reached) break;
      ASSERT_LT(operation, 2000);
    }
    EXPECT_GT(failures, 1u);
    EXPECT_EQ(no_room > 0, GetParam() == Fault::Full);
  }
};

TEST_P(ServerDisk, Chroma) { fail_everywhere(kChromaApi); }
TEST_P(ServerDisk, Pinecone) { fail_everywhere(kPineconeApi); }
TEST_P(ServerDisk, OpenAi) { fail_everywhere(kOpenAiApi); }

std::string name_of(const testing::TestParamInfo<Fault>& info) {
  return info.param == Fault::Full ? "Full" : info.param == Fault::Error ? "Broken" : "HalfWritten";
}

INSTANTIATE_TEST_SUITE_P(Every, ServerDisk, testing::Values(Fault::Full, Fault::Error, Fault::HalfWritten), name_of);

}  // namespace

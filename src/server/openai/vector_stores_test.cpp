// Files, vector stores, and collections that are asked as models, over the wire.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <sstream>
#include <thread>

#include "hanok/chain.h"
#include "hanok/records.h"
#include "server/auth/keys.h"
#include "server/house.h"
#include "server/models.h"
#include "server/openai/vector_stores.h"
#include "server/test_house.h"

namespace hanok::server {
namespace {

using base::Json;
using test::TestHouse;
using testing::HasSubstr;

constexpr const char* kMaps =
    "# Opening hours\n\nThe map room of the library is open from nine to five on Saturdays.\n";
constexpr const char* kTea = "# Tea\n\nGreen tea is steeped for two minutes in water of eighty degrees.\n";

/// A text's vector: how often it has each of 64 kinds of words.
class BagOfWords : public test::WordEmbedder {
 public:
  store::VectorSpace space() const override { return {"bag", "bag", kKinds, 1}; }
  size_t max_tokens() const override { return 0; }
  Matrix embed(std::span<const std::string> texts, Prompt) const override {
    Matrix out{texts.size(), kKinds, std::vector<float>(texts.size() * kKinds)};
    for (size_t i = 0; i < texts.size(); ++i) {
      std::istringstream words(texts[i]);
      for (std::string word; words >> word;) out.row(i)[std::hash<std::string>()(word) % kKinds] += 1;
    }
    return out;
  }

 private:
  static constexpr size_t kKinds = 64;
};

class OpenAiStores : public testing::Test {
 protected:
  Json upload(const std::string& name, const std::string& text, int status = 200) {
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n--b\r\nContent-Disposition: form-data; "
        "name=\"file\"; filename=\"" +
        name + "\"\r\n\r\n" + text + "\r\n--b--\r\n";
    test::Client client(house.server().port());
    return house.json(
        client.ask_and_read("POST", "/v1/files", body, "Content-Type: multipart/form-data; boundary=b\r\n"), status);
  }
  Json get(const std::string& path, int status = 200) { return house.json(house.get(path), status); }
  Json post(const std::string& path, const Json& body, int status = 200) {
    return house.json(house.post(path, body), status);
  }
  /// What is there once nothing is in progress any more.
  Json settled(const std::string& path) {
    for (int i = 0; i < 2000; ++i) {
      const Json out = get(path);
      if (out["status"] != "in_progress") return out;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << path << " stays in progress";
    return {};
  }
  TestHouse house{{.embedding = {{"bag", std::make_shared<BagOfWords>()}}}};
};

TEST_F(OpenAiStores, FilesComeAndGo) {
  const Json file = upload("../../maps.md", kMaps);
  const std::string id = file["id"];
  EXPECT_EQ(file["filename"], "maps.md") << "no folders";
  EXPECT_EQ(file["bytes"], std::string(kMaps).size());
  EXPECT_EQ(get("/v1/files/" + id), file);
  EXPECT_EQ(house.get("/v1/files/" + id + "/content").body, kMaps);
  EXPECT_EQ(get("/v1/files")["data"].size(), 1u);
  EXPECT_EQ(get("/v1/files?purpose=batch")["data"].size(), 0u);
  EXPECT_EQ(house.json(house.send("DELETE", "/v1/files/" + id))["deleted"], true);
  EXPECT_EQ(get("/v1/files/" + id, 404)["error"]["code"], "not_found");
  for (const char* trick : {"..", "..%2F..%2Fetc%2Fpasswd", "file-..%2F0000000000000000000000", "keys"})
    EXPECT_EQ(house.get("/v1/files/" + std::string(trick)).status, 404) << trick;
  EXPECT_EQ(house.send("POST", "/v1/files", "{}").status, 415);
}

TEST(OpenAiFiles, AKeyForSomeCollectionsSeesItsOwnFilesAlone) {
  const base::TempFolder folder;
  Keys keys;
  const std::string all = keys.add("all", Scope::Write), one = keys.add("one", Scope::Read, {{"notes", Scope::Write}});
  keys.save(folder.path() / "keys.json");
  TestHouse house({}, {.keys_file = folder.path() / "keys.json"});
  const auto bearer = [](const std::string& key) { return "Authorization: Bearer " + key + "\r\n"; };
  const auto upload = [&](const std::string& key) {
    test::Client client(house.server().port());
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=purpose\r\n\r\nassistants\r\n--b\r\nContent-Disposition: form-data; "
        "name=file; filename=a.md\r\n\r\nhello\r\n--b--\r\n";
    return house
        .json(client.ask_and_read("POST", "/v1/files", body,
                                  bearer(key) + "Content-Type: multipart/form-data; boundary=b\r\n"))["id"]
        .get<std::string>();
  };
  const std::string of_all = upload(all), of_one = upload(one);
  EXPECT_EQ(house.json(house.get("/v1/files", bearer(all)))["data"].size(), 2u);
  const Json seen = house.json(house.get("/v1/files", bearer(one)))["data"];
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0]["id"], of_one);
  EXPECT_EQ(house.get("/v1/files/" + of_one + "/content", bearer(one)).body, "hello");
  EXPECT_EQ(house.get("/v1/files/" + of_all + "/content", bearer(one)).status, 404);
  EXPECT_EQ(house.send("DELETE", "/v1/files/" + of_all, "", bearer(one)).status, 404);
  EXPECT_EQ(house.get("/v1/files/" + of_all + "/content", bearer(all)).body, "hello");
  // Nor does it read them by way of its collection.
  house.store().collection("notes", true);
  const std::string notes = "/v1/vector_stores/notes";
  EXPECT_EQ(house.post(notes + "/files", {{"file_id", of_all}}, bearer(one)).status, 404);
  EXPECT_EQ(house.post(notes + "/file_batches", {{"file_ids", {of_all}}}, bearer(one)).status, 404);
  EXPECT_EQ(house.post(notes + "/files", {{"file_id", of_one}}, bearer(one)).status, 200);
}

TEST_F(OpenAiStores, StoresReadFilesAndFindPassages) {
  const std::string maps = upload("maps.md", kMaps)["id"], tea = upload("tea.md", kTea)["id"];
  const Json store = post("/v1/vector_stores", {{"name", "library"}, {"metadata", {{"a", "b"}}}});
  const std::string id = store["id"], path = "/v1/vector_stores/" + id;
  EXPECT_EQ(store["status"], "completed");
  EXPECT_EQ(store["file_counts"]["total"], 0);
  Json attached = post(path + "/files", {{"file_id", maps}, {"attributes", {{"year", 2024}}}});
  EXPECT_EQ(attached["status"], "in_progress");
  EXPECT_EQ(attached["last_error"], nullptr);
  EXPECT_EQ(attached["attributes"]["year"], 2024);
  attached = settled(path + "/files/" + maps);
  EXPECT_EQ(attached["status"], "completed");
  EXPECT_EQ(attached["attributes"]["year"], 2024);
  EXPECT_EQ(attached["chunking_strategy"]["static"]["max_chunk_size_tokens"], 800);
  const auto noted = [&] { return house.store().catalog().find(id)->notes("openai.").size(); };
  EXPECT_EQ(noted(), 0u) << "nothing is noted of a file that is as all are";
  Json own = {{"type", "static"}, {"static", {{"max_chunk_size_tokens", 200}, {"chunk_overlap_tokens", 50}}}};
  post(path + "/files", {{"file_id", maps}, {"attributes", {{"year", 2024}}}, {"chunking_strategy", own}});
  EXPECT_EQ(settled(path + "/files/" + maps)["chunking_strategy"], own);
  EXPECT_EQ(noted(), 1u);
  post(path + "/files", {{"file_id", maps}, {"attributes", {{"year", 2024}}}});
  EXPECT_EQ(settled(path + "/files/" + maps)["chunking_strategy"]["static"]["max_chunk_size_tokens"], 800);
  EXPECT_EQ(noted(), 0u);
  const std::string batch = post(path + "/file_batches", {{"file_ids", {tea}}, {"attributes", {{"year", 1900}}}})["id"];
  const Json done = settled(path + "/file_batches/" + batch);
  EXPECT_EQ(done["status"], "completed");
  EXPECT_EQ(done["file_counts"]["completed"], 1);
  EXPECT_EQ(post(path + "/file_batches/" + batch + "/cancel", Json::object())["file_counts"]["cancelled"], 0)
      << "it was done";
  EXPECT_EQ(get(path)["file_counts"]["completed"], 2);
  EXPECT_EQ(settled(path)["file_counts"]["total"], 2);
  EXPECT_EQ(get(path)["name"], "library");
  Json many = Json::object();
  for (int i = 0; i < 17; ++i) many["key " + std::to_string(i)] = "value";
  for (const Json& wrong : {many, Json("text"), Json({{"a", 1}})}) {
    EXPECT_EQ(post("/v1/vector_stores", {{"metadata", wrong}}, 400)["error"]["code"], "invalid") << wrong;
    EXPECT_EQ(post(path, {{"metadata", wrong}}, 400)["error"]["code"], "invalid") << wrong;
  }
  EXPECT_EQ(post(path + "/files", {{"file_id", maps}, {"attributes", many}}, 400)["error"]["param"], "attributes");

  const Json found = post(path + "/search", {{"query", "when does the map room open"}});
  EXPECT_EQ(found["data"][0]["file_id"], maps);
  EXPECT_EQ(found["data"][0]["filename"], "maps.md");
  EXPECT_THAT(found["data"][0]["content"][0]["text"].get<std::string>(), HasSubstr("nine to five"));
  const auto by = [&](const Json& filter) {
    const Json all = post(path + "/search", {{"query", "tea and maps"}, {"filters", filter}});
    Json out = Json::array();
    for (const auto& row : all["data"]) out.push_back(row["filename"]);
    return out;
  };
  EXPECT_EQ(by({{"type", "lt"}, {"key", "year"}, {"value", 2000}}), Json({"tea.md"}));
  EXPECT_EQ(
      by({{"type", "and"},
          {"filters",
           {{{"type", "gte"}, {"key", "year"}, {"value", 2000}}, {{"type", "ne"}, {"key", "year"}, {"value", 1}}}}}),
      Json({"maps.md"}));
  for (const Json& wrong : {Json(1), Json({{"type", "like"}, {"key", "a"}, {"value", 1}}), Json({{"type", "and"}}),
                            Json({{"type", "eq"}, {"key", "a"}})})
    EXPECT_EQ(house.post(path + "/search", {{"query", "x"}, {"filters", wrong}}).status, 400) << wrong;

  EXPECT_EQ(post(path + "/files/" + tea, {{"attributes", {{"year", 2030}}}})["attributes"]["year"], 2030);
  for (const Json& wrong : {Json("auto"), Json({{"type", "dynamic"}}), Json({{"type", 5}})})
    EXPECT_EQ(post(path + "/files/" + tea, {{"chunking_strategy", wrong}}, 400)["error"]["code"], "invalid") << wrong;
  EXPECT_EQ(by({{"type", "gt"}, {"key", "year"}, {"value", 2025}}), Json({"tea.md"}));
  EXPECT_THAT(get(path + "/files/" + tea + "/content")["data"][0]["text"].get<std::string>(), HasSubstr("steeped"));
  EXPECT_EQ(get(path + "/files?limit=1")["has_more"], true);
  EXPECT_EQ(house.json(house.send("DELETE", path + "/files/" + tea))["deleted"], true);
  EXPECT_EQ(get(path + "/files")["data"].size(), 1u);

  const std::string broken = upload("broken.docx", "no zip at all")["id"];
  EXPECT_EQ(post(path + "/files", {{"file_id", broken}})["status"], "in_progress");
  const Json failed = settled(path + "/files/" + broken);
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_FALSE(failed["last_error"]["message"].get<std::string>().empty());
  EXPECT_EQ(get(path)["file_counts"]["failed"], 1);
  EXPECT_EQ(post(path + "/files", {{"file_id", "file-000000000000000000000000"}}, 404)["error"]["code"], "not_found");
  EXPECT_EQ(house.json(house.send("DELETE", path))["deleted"], true);
  EXPECT_EQ(get(path, 404)["error"]["code"], "not_found");
}

// A data directory is moved, or restored from a backup under another name: its files are who they were.
TEST(OpenAiFiles, StoresKnowTheirFilesWhenTheDataDirectoryHasMoved) {
  const base::TempFolder folder;
  const auto at = [&](const char* data, const std::function<void(VectorStores&, FileShelf&)>& use) {
    const auto path = folder.path() / data;
    House house;
    house.store = store::Store::open(path);
    house.models = std::make_shared<Models>();
    house.data_folder = path.string();
    FileShelf shelf(path / "files");
    VectorStores stores(house, shelf);
    use(stores, shelf);
    stores.stop();
  };
  std::string file, store;
  const auto read = [&](VectorStores& stores) {
    stores.attach({}, store, {{"file_id", file}}, Json::object());
    for (int i = 0; i < 2000 && stores.show_file(store, file)["status"] == "in_progress"; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  at("old", [&](VectorStores& stores, FileShelf& shelf) {
    file = shelf.add("maps.md", "assistants", kMaps).id;
    store = stores.create({}, Json::object())["id"];
    read(stores);
    EXPECT_EQ(stores.search(store, "map room", {}, 1).at(0).file_id, file);
  });
  std::filesystem::rename(folder.path() / "old", folder.path() / "new");
  at("new", [&](VectorStores& stores, FileShelf&) {
    EXPECT_EQ(stores.show_file(store, file)["status"], "completed");
    EXPECT_EQ(stores.list_files(store).at(0)["id"], file);
    EXPECT_EQ(stores.search(store, "map room", {}, 1).at(0).file_id, file);
    read(stores);
    EXPECT_EQ(stores.show(store)["file_counts"]["total"], 1) << "read again it is no second one";
  });
  std::filesystem::rename(folder.path() / "new", folder.path() / "newer");
  at("newer", [&](VectorStores& stores, FileShelf&) {
    stores.detach(store, file);
    EXPECT_EQ(stores.show(store)["file_counts"]["total"], 0);
  });
}

TEST_F(OpenAiStores, TheirJsonHasTheLimitOfOpenAisRoutes) {
  for (const char* path : {"/v1/vector_stores", "/v1/vector_stores/x/search", "/v1/vector_stores/x/file_batches"}) {
    test::Client client(house.server().port());
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 68000000\r\n\r\n");
    EXPECT_EQ(client.answer().status, 413) << path;
  }
}

TEST_F(OpenAiStores, ABatchIsReadBesideAndMayBeCancelled) {
  Json ids = Json::array();
  for (int i = 0; i < 20; ++i) ids.push_back(upload("f" + std::to_string(i) + ".md", kTea)["id"]);
  const Json made = post("/v1/vector_stores", {{"file_ids", ids}});
  EXPECT_EQ(made["file_counts"]["total"], 20);
  const std::string path = "/v1/vector_stores/" + made["id"].get<std::string>();
  EXPECT_EQ(settled(path)["file_counts"]["completed"], 20);

  // Read once more, and most of it cancelled before its turn comes.
  const Json batch = post(path + "/file_batches", {{"file_ids", ids}});
  EXPECT_EQ(batch["file_counts"]["total"], 20) << batch["status"] << ": a quick machine may have read them";
  const std::string one = path + "/file_batches/" + batch["id"].get<std::string>();
  post(one + "/cancel", Json::object());
  const Json after = settled(one);
  EXPECT_EQ(after["status"], "cancelled");
  EXPECT_EQ(after["file_counts"]["total"], 20);
  EXPECT_EQ(get(path)["file_counts"]["completed"], 20) << "what was read before is there still";
  EXPECT_EQ(get(one + "/files?limit=50")["data"].size(), 20u);
  // What waits can be taken out, and goes with its store.
  post(path + "/files", {{"file_id", ids[0]}});
  EXPECT_EQ(house.json(house.send("DELETE", path + "/files/" + ids[0].get<std::string>()))["deleted"], true);
  EXPECT_EQ(get(path + "/files/" + ids[0].get<std::string>(), 404)["error"]["code"], "not_found");
  post(path + "/file_batches", {{"file_ids", ids}});
  EXPECT_EQ(house.json(house.send("DELETE", path))["deleted"], true);
  EXPECT_EQ(get(path, 404)["error"]["code"], "not_found");
  const std::string gone = upload("gone.md", kTea)["id"];
  const std::string other = post("/v1/vector_stores", Json::object())["id"];
  house.send("DELETE", "/v1/files/" + gone);
  EXPECT_EQ(post("/v1/vector_stores/" + other + "/files", {{"file_id", gone}}, 404)["error"]["code"], "not_found");
}

TEST_F(OpenAiStores, ACollectionAnswersWithItsSources) {
  const auto file = house.folder() / "notes" / "지도 maps.md";
  base::fs::create_directories(file.parent_path());
  base::write_file_atomic(file, kMaps);
  const auto collection = house.store().collection("notes", true);
  chain::ingest(*collection, std::span(&file, 1));
  const Json body = {{"model", "hanok/notes"},
                     {"messages", {{{"role", "user"}, {"content", "When is the map room open on Saturdays?"}}}}};
  const Json out = post("/v1/chat/completions", body);
  const Json& message = out["choices"][0]["message"];
  EXPECT_THAT(message["content"].get<std::string>(), HasSubstr("nine to five"));
  ASSERT_FALSE(message["annotations"].empty());
  const Json& citation = message["annotations"][0]["url_citation"];
  EXPECT_EQ(citation["title"], "지도 maps.md");
  EXPECT_THAT(citation["url"].get<std::string>(), HasSubstr("%EC%A7%80%EB%8F%84%20maps.md"));
  EXPECT_EQ(message["content"].get<std::string>().substr(citation["start_index"], 3), "[1]");
  EXPECT_EQ(out["hanok"]["answered"], true);
  EXPECT_EQ(out["hanok"]["citations"][0]["quote"].is_string(), true);

  Json streaming = body;
  streaming["stream"] = true;
  const std::string stream = house.post("/v1/chat/completions", streaming).body;
  EXPECT_THAT(stream, HasSubstr("nine to five"));
  EXPECT_THAT(stream, HasSubstr("url_citation"));
  EXPECT_THAT(stream, HasSubstr("data: [DONE]"));
  Json other = body;
  other["messages"][0]["content"] = "Who wrote the opera about the barber of Seville?";
  EXPECT_EQ(post("/v1/chat/completions", other)["hanok"]["answered"], false);
  // What it cannot keep to is refused.
  const Json tools = Json::parse(R"([{"type":"function","function":{"name":"f"}}])");
  const std::vector<std::pair<Json, std::string>> refused = {
      {{{"response_format", {{"type", "json_object"}}}}, "response_format"},
      {{{"n", 2}}, "n"},
      {{{"logprobs", true}}, "logprobs"},
      {{{"tools", tools}, {"tool_choice", "required"}}, "tool_choice"}};
  for (const auto& [more, field] : refused) {
    Json asked = body;
    asked.update(more);
    EXPECT_EQ(post("/v1/chat/completions", asked, 400)["error"]["param"], field);
  }
  Json with_tools = body;
  with_tools["tools"] = tools;
  EXPECT_EQ(post("/v1/chat/completions", with_tools)["hanok"]["answered"], true) << "they need not be called";
  other["model"] = "hanok/gone";
  EXPECT_EQ(post("/v1/chat/completions", other, 404)["error"]["code"], "not_found");

  const Json response =
      post("/v1/responses", {{"model", "hanok/notes"}, {"input", "When is the map room open on Saturdays?"}});
  EXPECT_EQ(response["output"][0]["content"][0]["annotations"][0]["type"], "url_citation");
  EXPECT_EQ(post("/v1/responses",
                 {{"model", "hanok/notes"}, {"input", "When?"}, {"text", {{"format", {{"type", "json_object"}}}}}},
                 400)["error"]["code"],
            "unsupported");
  const Json searched = post("/v1/responses", {{"model", "hanok/notes:extractive"},
                                               {"input", "When is the map room open on Saturdays?"},
                                               {"tools", {{{"type", "file_search"}, {"vector_store_ids", {"notes"}}}}},
                                               {"include", {"file_search_call.results"}}});
  EXPECT_EQ(searched["output"][0]["type"], "file_search_call");
  EXPECT_EQ(searched["output"][0]["results"][0]["filename"], "지도 maps.md");
  EXPECT_EQ(searched["output"][1]["content"][0]["annotations"][0]["type"], "file_citation");
}

}  // namespace
}  // namespace hanok::server

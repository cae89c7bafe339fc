#include "hanok/tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "chain/http/http.h"
#include "chain/providers/test_server.h"
#include "chain/test_models.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

std::string refused(const AgentTool& tool, const std::string& input) {
  try {
    return "done: " + tool.call(input);
  } catch (const Error& e) {
    return e.what();
  }
}

class DocumentToolsTest : public testing::Test {
 protected:
  DocumentToolsTest() {
    const base::fs::path docs = base::fs::path(HANOK_SOURCE_DIR) / "examples" / "docs" / "opening-hours.md";
    ingest(*documents_.collection, std::span(&docs, 1));
  }
  base::TempFolder folder_;
  std::unique_ptr<store::Store> store_ = store::Store::open(folder_.path());
  DocumentTools documents_{.collection = store_->collection("c", true)};
};

TEST_F(DocumentToolsTest, SearchFetchAskList) {
  const auto found = base::parse_json(make_search_tool(documents_)->call(R"({"query":"library Saturday"})"), "");
  ASSERT_FALSE(found["results"].empty());
  const auto& first = found["results"][0];
  EXPECT_THAT(first["id"].get<std::string>(), testing::ContainsRegex("opening-hours.md#[0-9]+$"));
  EXPECT_THAT(first["url"].get<std::string>(), testing::StartsWith("file:///"));
  const auto fetch = make_fetch_tool(documents_);
  const auto passage = base::parse_json(fetch->call(base::Json{{"id", first["id"]}}.dump()), "");
  EXPECT_THAT(passage["text"].get<std::string>(), HasSubstr(first["text"].get<std::string>().substr(0, 20)));
  const std::string path = first["id"].get<std::string>().substr(0, first["id"].get<std::string>().rfind('#'));
  const auto whole = base::parse_json(fetch->call(base::Json{{"id", path}}.dump()), "");
  EXPECT_EQ(whole["text"].get<std::string>(), documents_.collection->document_text(path));
  for (const auto& id : std::vector<std::string>{"none", "#1", path + "#99", path + "#x", path + "#-1"})
    EXPECT_THAT(refused(*fetch, base::Json{{"id", id}}.dump()), HasSubstr("there is no document")) << id;
  const auto asked = base::parse_json(
      make_ask_tool(documents_)->call(R"({"question":"When does the library open on Saturday?"})"), "");
  EXPECT_EQ(asked["answered"], true);
  EXPECT_FALSE(asked["citations"].empty());
  EXPECT_EQ(base::parse_json(make_list_documents_tool(documents_)->call("{}"), "")["documents"].size(), 1u);
  EXPECT_THROW(make_search_tool({}), Error);
}

TEST_F(DocumentToolsTest, AskTakesAPromptOfYourOwn) {
  const auto model = std::make_shared<test::Played>([](auto, const auto&) { return test::said("At ten [1]."); });
  documents_.model = model;
  documents_.prompt_template = "Mine: {passages} {question}";
  make_ask_tool(documents_)->call(R"({"question":"When does the library open on Saturday?"})");
  ASSERT_EQ(model->asked.size(), 1u);
  EXPECT_THAT(model->asked[0].at(0).text(), testing::StartsWith("Mine: "));
}

TEST_F(DocumentToolsTest, LongTextsAreCutAndItIsSaid) {
  documents_.most_bytes = 100;
  const std::string path = documents_.collection->documents()[0].path;
  const auto whole = base::parse_json(make_fetch_tool(documents_)->call(base::Json{{"id", path}}.dump()), "");
  EXPECT_THAT(whole["text"].get<std::string>(), HasSubstr("[cut here"));
}

TEST(Tools, FilesAndTables) {
  const base::TempFolder folder;
  base::write_file_atomic(folder.path() / "a.md", "# 제목\n\n내용");
  base::fs::create_directory(folder.path() / "sub");
  EXPECT_THAT(make_read_file_tool({folder.path()})->call(R"({"path":"a.md"})"), HasSubstr("내용"));
  EXPECT_EQ(make_list_files_tool({folder.path()})->call(R"({"path":"."})"), "a.md  16 bytes\nsub/\n");
  EXPECT_THAT(refused(*make_list_files_tool({folder.path()}), R"({"path":"/"})"), HasSubstr("none of the folders"));
  EXPECT_THROW(make_read_file_tool({}), Error);
  EXPECT_THROW(make_read_file_tool({folder.path() / "none"}), Error);
  EXPECT_THROW(make_sql_tool(folder.path() / "none.db"), Error);
}

TEST(Tools, PagesOfOtherHostsAndPrivateAddressesAreRefused) {
  const test::LocalServer server(
      [](int socket, const std::string&, int) { test::LocalServer::send(socket, test::reply(200, "inside")); });
  const std::string url = server.url(), port = url.substr(url.rfind(':'));
  EXPECT_EQ(http({.url = url}).body, "inside");  // it is there, for who may
  const auto get = make_http_get_tool({.hosts = {"127.0.0.1", "localhost", "example.org"}});
  EXPECT_THAT(refused(*get, base::Json{{"url", url}}.dump()), HasSubstr("private"));
  EXPECT_THAT(refused(*get, base::Json{{"url", "http://localhost" + port.substr(0, port.find('/'))}}.dump()),
              HasSubstr("private"));
  // Other ways to write this machine's address, even where somebody allows them.
  const std::string behind = port.substr(0, port.find('/'));
  for (const char* same : {"2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "0", "0.0.0.0"}) {
    const auto odd = make_http_get_tool({.hosts = {same}});
    EXPECT_THAT(refused(*odd, base::Json{{"url", std::string("http://") + same + behind}}.dump()), HasSubstr("private"))
        << same;
    EXPECT_THAT(refused(*get, base::Json{{"url", std::string("http://") + same + behind}}.dump()),
                HasSubstr("not among"));
  }
  for (const char* other : {"http://evil.org/", "http://example.org.evil.org/", "http://notexample.org/"})
    EXPECT_THAT(refused(*get, base::Json{{"url", other}}.dump()), HasSubstr("is not among those")) << other;
  for (const char* odd : {"file:///etc/passwd", "http://user@example.org/", "http://[::1]/", "gopher://example.org",
                          "http://example.org\\@evil.org/", "http:///x", "example.org"})
    EXPECT_THAT(refused(*get, base::Json{{"url", odd}}.dump()), HasSubstr("was expected")) << odd;
  EXPECT_THROW(make_http_get_tool({}), Error);
}

TEST(Tools, AShellHasWallsOrIsNone) {
  const base::TempFolder folder;
  base::fs::create_directory(folder.path() / "in");
  std::shared_ptr<const AgentTool> shell;
  try {
    shell = make_shell_tool(folder.path() / "in");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
    GTEST_SKIP() << e.what();
  }
  EXPECT_THAT(shell->call(R"({"command":"echo hi > a; cat a"})"), HasSubstr("hi"));
  EXPECT_TRUE(base::fs::exists(folder.path() / "in" / "a"));
  shell->call(base::Json{{"command", "echo bad > " + (folder.path() / "out").string()}}.dump());
  EXPECT_FALSE(base::fs::exists(folder.path() / "out"));
  EXPECT_THAT(shell->call(R"({"command":"cat /etc/passwd"})"), HasSubstr("exit status"));
}

TEST(Tools, AnEquationIsCalculatedUpToItsSign) {
  const auto calculator = make_calculator();
  EXPECT_EQ(calculator->call(R"({"expression":"12.5% * 80"})"), "10");
  EXPECT_EQ(calculator->call(R"({"expression":"12.5% * 80 = 8.5% * 80 = 48"})"),
            "10\n[what stands behind '=' was not read]");
  EXPECT_THROW(calculator->call(R"({"expression":"= 5"})"), Error);
  EXPECT_THROW(calculator->call(R"({"expression":"x = 5"})"), Error);
}

TEST(Tools, DefinitionsMustBeSchemas) {
  EXPECT_THROW(make_tool({"x", "", "{"}, {}), Error);
  EXPECT_THROW(make_tool({"x", "", R"({"type":"string"})"}, {}), Error);
}

}  // namespace
}  // namespace hanok::chain

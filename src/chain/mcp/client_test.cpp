#include "chain/mcp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
#include "chain/providers/test_server.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A server that answers each line it reads with the next of these, whatever it was asked. %ID% becomes its id.
std::string script(const base::fs::path& file, const std::vector<std::string>& lines,
                   const std::string& end = "cat > /dev/null") {
  std::string text = "n=0\n";
  for (const auto& line : lines) {
    if (line == "-")  // a notification is read, and not answered
      text += "read -r q\n";
    else
      text += "read -r q; n=$((n+1)); printf '%s\\n' '" + line + "' | sed \"s/%ID%/$n/\"\n";
  }
  base::write_file_atomic(file, text + end + "\n");
  return "sh '" + file.string() + "'";
}

const std::string kHello =
    R"({"jsonrpc":"2.0","id":%ID%,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}})";
std::string tools_line(const std::string& tools) {
  return R"({"jsonrpc":"2.0","id":%ID%,"result":{"tools":[)" + tools + "]}}";
}
const std::string kEcho =
    R"({"name":"echo","description":"says it","inputSchema":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}})";

class Mcp : public testing::Test {
 protected:
  std::string why(const std::vector<std::string>& lines, const McpOptions& options = {.timeout_seconds = 2},
                  const std::string& end = "cat > /dev/null") {
    try {
      const auto tools = connect_mcp(script(folder_.path() / "s.sh", lines, end), options);
      if (tools.empty()) return "no tools";
      return "done: " + tools[0]->call(R"({"text":"hi"})");
    } catch (const Error& e) {
      return e.what();
    }
  }
  base::TempFolder folder_;
};

TEST_F(Mcp, ToolsOfAServerOverStdio) {
  const auto tools = connect_mcp(
      script(folder_.path() / "s.sh",
             {kHello, "-", tools_line(kEcho),
              R"({"jsonrpc":"2.0","id":%ID%,"result":{"content":[{"type":"text","text":"hi"},{"type":"image"}]}})",
              R"({"jsonrpc":"2.0","id":%ID%,"result":{"isError":true,"content":[{"type":"text","text":"no luck"}]}})",
              R"({"jsonrpc":"2.0","id":%ID%,"error":{"code":-32602,"message":"bad input"}})"}));
  ASSERT_EQ(tools.size(), 1u);
  EXPECT_EQ(tools[0]->definition().name, "echo");
  EXPECT_EQ(tools[0]->call(R"({"text":"hi"})"), "hi\n[image]");
  EXPECT_THROW(tools[0]->call(R"({"text":"hi"})"), Error);
  try {
    tools[0]->call(R"({"text":"hi"})");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("bad input"));
  }
}

TEST_F(Mcp, OfTheEraWithoutSessions) {
  const std::string no = R"({"jsonrpc":"2.0","id":%ID%,"error":{"code":-32601,"message":"unknown method"}})";
  EXPECT_EQ(
      why({no, R"({"jsonrpc":"2.0","id":%ID%,"result":{"supportedVersions":["2026-07-28"],"resultType":"complete"}})",
           tools_line(kEcho), R"({"jsonrpc":"2.0","id":%ID%,"result":{"content":[{"type":"text","text":"modern"}]}})"}),
      "done: modern");
  EXPECT_THAT(why({no, R"({"jsonrpc":"2.0","id":%ID%,"result":{"supportedVersions":["2030-01-01"]}})"}),
              HasSubstr("2030"));
}

TEST_F(Mcp, LiesAreErrors) {
  EXPECT_THAT(why({"no json"}), HasSubstr("its line"));
  EXPECT_THAT(why({R"({"jsonrpc":"2.0","id":%ID%,"result":[]})"}), HasSubstr("no result"));
  EXPECT_THAT(why({R"({"jsonrpc":"2.0","id":%ID%,"result":{}})"}), HasSubstr("protocolVersion"));
  EXPECT_THAT(why({kHello, "-", tools_line(R"({"name":5})")}), HasSubstr("no name"));
  EXPECT_THAT(why({kHello, "-", tools_line(R"({"name":"x","inputSchema":"{}"})")}), HasSubstr("is no object"));
  EXPECT_THAT(why({kHello, "-", tools_line(R"({"name":"x","inputSchema":{"type":"array"}})")}),
              HasSubstr("type object"));
  EXPECT_THAT(why({kHello, "-", tools_line(kEcho + "," + kEcho)}, {.timeout_seconds = 2, .most_tools = 1}),
              HasSubstr("more than 1 tools"));
  EXPECT_THAT(why({kHello, "-", R"({"jsonrpc":"2.0","id":%ID%,"result":{"tools":{}}})"}), HasSubstr("no list"));
  // Values of another kind than the protocol's.
  EXPECT_THAT(why({kHello, "-", tools_line(R"({"name":"x","inputSchema":{"type":["object"]}})")}),
              HasSubstr("type object"));
  EXPECT_THAT(why({kHello, "-", R"({"jsonrpc":"2.0","id":%ID%,"error":{"code":"x","message":5}})"}),
              HasSubstr(R"(tools/list: {"code":"x","message":5})"));
  EXPECT_EQ(
      why({kHello, "-", tools_line(kEcho),
           R"({"jsonrpc":"2.0","id":%ID%,"result":{"content":[5,{"type":7},{"type":"resource","resource":{"text":5}}]}})"}),
      "done: [something]\n[something]\n[a resource without text]");
}

TEST_F(Mcp, SilenceAndFloodsEndWithinTheLimits) {
  const base::Stopwatch watch;
  EXPECT_THAT(why({}, {.timeout_seconds = 0.2}, "sleep 60"),
              testing::AllOf(HasSubstr("MCP server sh"), HasSubstr("says nothing")));
  // Every page comes in time, and there is no end of them.
  EXPECT_THAT(why({kHello, "-"}, {.timeout_seconds = 0.5},
                  R"(while read -r q; do sleep 0.2; n=$((n+1)); echo >> "$0.pages"
printf '{"jsonrpc":"2.0","id":%s,"result":{"tools":[],"nextCursor":"more"}}\n' "$n"; done)"),
              HasSubstr("list of tools does not end"));
  EXPECT_LT(base::read_file(folder_.path() / "s.sh.pages").size(), 10u);
  EXPECT_THAT(why({}, {.timeout_seconds = 5},
                  R"(while :; do echo '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'; done)"),
              HasSubstr("does not answer"));
  EXPECT_THAT(why({}, {.timeout_seconds = 5, .most_bytes = 10'000}, "while :; do printf xxxxxxxxxxxxxxxxxxxx; done"),
              HasSubstr("more than 10000 bytes"));
  EXPECT_THAT(why({}, {}, "echo broken >&2"), testing::AllOf(HasSubstr("has ended"), HasSubstr("broken")));
  EXPECT_LT(watch.seconds(), 20);
}

TEST_F(Mcp, OverHttpAsJsonAndAsEvents) {
  const test::LocalServer server([](int socket, const std::string& request, int) {
    const auto body = base::Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
    if (!body.contains("id")) return (void)test::LocalServer::send(socket, test::reply(202, ""));
    base::Json out{{"jsonrpc", "2.0"}, {"id", body["id"]}};
    if (body["method"] == "initialize")
      out["result"] = {{"protocolVersion", "2025-11-25"}};
    else if (body["method"] == "tools/list")
      out["result"] = {{"tools", {base::Json::parse(kEcho)}}};
    else
      out["result"] = {{"content", {{{"type", "text"}, {"text", body["params"]["arguments"]["text"]}}}}};
    if (body["method"] != "tools/call") return (void)test::LocalServer::send(socket, test::reply(200, out.dump()));
    test::LocalServer::send(socket,
                            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                            "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\ndata: " +
                                out.dump() + "\n\n");
  });
  const auto tools = connect_mcp(server.url(), {.timeout_seconds = 5});
  ASSERT_EQ(tools.size(), 1u);
  EXPECT_EQ(tools[0]->call(R"({"text":"over http"})"), "over http");
  EXPECT_THROW(connect_mcp("http://127.0.0.1:1/mcp"), Error);
}

TEST(McpCommand, WordsAndQuotes) {
  EXPECT_THAT(mcp::split_command("a 'b c' \"d \\\" e\" f\\ g ''"), ElementsAre("a", "b c", "d \" e", "f g", ""));
  EXPECT_THROW(mcp::split_command("a 'b"), Error);
  EXPECT_THROW(mcp::split_command(" "), Error);
}

}  // namespace
}  // namespace hanok::chain

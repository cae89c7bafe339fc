#include "server/mcp/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/error.h"

namespace hanok::server::mcp {
namespace {

using base::Json;
using testing::HasSubstr;

Protocol made() {
  return Protocol({chain::make_calculator(),
                   chain::make_tool({"shop", "prices"}, [](auto&) -> std::string { return R"({"price":5})"; }),
                   chain::make_tool({"broken", "fails"},
                                    [](auto&) -> std::string { throw Error(Code::Unavailable, "out of order"); })},
                  "9.9");
}

Json ask(const std::string& method, const Json& params = Json::object(), const Json& id = 1) {
  const auto out =
      made().answer_line(Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump());
  EXPECT_TRUE(out);
  return out ? Json::parse(*out) : Json();
}
Json modern(Json params = Json::object()) {
  params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
  return params;
}

TEST(McpProtocol, SessionsOfTheOlderEra) {
  const Json hello = ask("initialize", {{"protocolVersion", "2025-06-18"}, {"capabilities", Json::object()}})["result"];
  EXPECT_EQ(hello["protocolVersion"], "2025-06-18");
  EXPECT_EQ(hello["serverInfo"]["version"], "9.9");
  EXPECT_TRUE(hello["capabilities"].contains("tools"));
  EXPECT_EQ(ask("initialize", {{"protocolVersion", "1999-01-01"}})["result"]["protocolVersion"], "2025-11-25");
  EXPECT_EQ(ask("initialize")["result"]["protocolVersion"], "2025-11-25");
  EXPECT_FALSE(made().answer_line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"));
  EXPECT_EQ(ask("ping", Json::object(), "abc"), Json::parse(R"({"jsonrpc":"2.0","id":"abc","result":{}})"));
}

TEST(McpProtocol, ToolsAreListedAndCalled) {
  const Json tools = ask("tools/list")["result"]["tools"];
  ASSERT_EQ(tools.size(), 3u);
  EXPECT_EQ(tools[0]["name"], "calculator");
  EXPECT_EQ(tools[0]["inputSchema"]["type"], "object");
  EXPECT_EQ(tools[0]["annotations"]["readOnlyHint"], true);
  const Json five = ask("tools/call", {{"name", "calculator"}, {"arguments", {{"expression", "2+3"}}}})["result"];
  EXPECT_EQ(five, Json::parse(R"({"content":[{"type":"text","text":"5"}],"isError":false})"));
  const Json shop = ask("tools/call", {{"name", "shop"}})["result"];
  EXPECT_EQ(shop["structuredContent"]["price"], 5);
  // What a tool cannot do is a result; what a client gets wrong is an error.
  const Json broken = ask("tools/call", {{"name", "broken"}})["result"];
  EXPECT_EQ(broken["isError"], true);
  EXPECT_EQ(broken["content"][0]["text"], "out of order");
  const Json unfit = ask("tools/call", {{"name", "calculator"}, {"arguments", {{"sum", 1}}}})["result"];
  EXPECT_EQ(unfit["isError"], true);
  EXPECT_THAT(unfit["content"][0]["text"].get<std::string>(), HasSubstr("does not suit"));
  EXPECT_EQ(ask("tools/call", {{"name", "none"}})["error"]["code"], Protocol::kParameters);
  EXPECT_EQ(ask("tools/call")["error"]["code"], Protocol::kParameters);
  EXPECT_EQ(ask("tools/call", {{"name", "shop"}, {"arguments", 5}})["error"]["code"], Protocol::kParameters);
}

TEST(McpProtocol, RequestsOfTheNewerEra) {
  const Json found = ask("server/discover", modern())["result"];
  EXPECT_EQ(found["supportedVersions"][0], "2026-07-28");
  EXPECT_EQ(found["resultType"], "complete");
  const Json list = ask("tools/list", modern())["result"];
  EXPECT_EQ(list["resultType"], "complete");
  EXPECT_TRUE(list.contains("ttlMs") && list.contains("cacheScope"));
  EXPECT_FALSE(ask("tools/list")["result"].contains("ttlMs"));
  Json other = modern();
  other["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2031-01-01";
  const Json refused = ask("tools/list", other)["error"];
  EXPECT_EQ(refused["code"], Protocol::kVersion);
  EXPECT_EQ(refused["data"]["requested"], "2031-01-01");
  EXPECT_EQ(refused["data"]["supported"][0], "2026-07-28");
}

TEST(McpProtocol, WhateverIsSentIsAnswered) {
  const auto code = [](const std::string& text) {
    const auto out = made().answer_line(text);
    return out ? Json::parse(*out).value("error", Json::object()).value("code", 0) : 1;
  };
  EXPECT_EQ(code("no json"), Protocol::kParse);
  EXPECT_EQ(code(std::string(10'000, '[')), Protocol::kParse);
  EXPECT_EQ(code("5"), Protocol::kRequest);
  EXPECT_EQ(code("[]"), Protocol::kRequest);
  EXPECT_EQ(code("{}"), Protocol::kRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), Protocol::kRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":{},"method":"ping"})"), Protocol::kRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})"), Protocol::kMethod);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})"), Protocol::kParameters);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":7,"result":{}})"), 1);
  const auto batch = made().answer_line(
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"ping"}])");
  EXPECT_EQ(Json::parse(*batch).size(), 2u);
  const Json many(101, {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "ping"}});
  EXPECT_EQ(Json::parse(*made().answer_line(many.dump()))["error"]["code"], Protocol::kRequest);
}

}  // namespace
}  // namespace hanok::server::mcp

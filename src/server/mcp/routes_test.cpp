// POST /mcp through a socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/mcp/protocol.h"
#include "server/test_house.h"

namespace hanok::test {
namespace {

using base::Json;
using server::mcp::Protocol;

class McpRoutes : public testing::Test {
 protected:
  McpRoutes() {
    auto& collection = *house_.store().collection("default", true);
    const base::fs::path docs = base::fs::path(HANOK_SOURCE_DIR) / "examples" / "docs" / "opening-hours.md";
    chain::ingest(collection, std::span(&docs, 1));
  }
  Answer ask(const std::string& method, const Json& params = Json::object(), const std::string& headers = "") {
    return house_.post("/mcp", {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}, headers);
  }
  TestHouse house_;
};

TEST_F(McpRoutes, ToolsOverHttp) {
  EXPECT_EQ(house_.json(ask("initialize", {{"protocolVersion", "2025-11-25"}}))["result"]["protocolVersion"],
            "2025-11-25");
  EXPECT_EQ(house_.post("/mcp", {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}).status, 202);
  EXPECT_EQ(house_.json(ask("tools/list"))["result"]["tools"].size(), 4u);
  const Json found =
      house_.json(ask("tools/call", {{"name", "search"}, {"arguments", {{"query", "library"}}}}))["result"];
  EXPECT_FALSE(found["structuredContent"]["results"].empty());
  const Json none =
      house_.json(house_.post("/mcp?collection=none", {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "ping"}}), 404);
  EXPECT_EQ(none["error"]["code"], Protocol::kInternal);
  EXPECT_EQ(house_.get("/mcp").status, 405);
  EXPECT_EQ(house_.json(house_.post("/mcp", "nonsense"), 400)["error"]["code"], Protocol::kParse);
}

TEST_F(McpRoutes, PagesOfOtherSitesAreRefused) {
  for (const char* origin :
       {"https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1.evil.example"})
    EXPECT_EQ(ask("ping", Json::object(), std::string("Origin: ") + origin + "\r\n").status, 403) << origin;
  EXPECT_EQ(ask("ping", Json::object(), "Origin: http://localhost\r\n").status, 200);  // its own
}

TEST_F(McpRoutes, WithAKeyPagesOfOtherSitesNeedCors) {
  TestHouse house({}, {.api_key = "long-enough", .cors_origins = {"https://app.example"}});
  house.store().collection("default", true);
  const auto status = [&](const std::string& origin) {
    return house
        .post("/mcp", {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "ping"}},
              "Authorization: Bearer long-enough\r\nOrigin: " + origin + "\r\n")
        .status;
  };
  EXPECT_EQ(status("https://app.example"), 200);
  EXPECT_EQ(status("https://evil.example"), 403);
}

TEST_F(McpRoutes, HeadersOfTheNewerEraMustSayWhatTheBodySays) {
  Json params;
  params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
  params["name"] = "list_documents";
  const std::string version = "MCP-Protocol-Version: 2026-07-28\r\n", method = "Mcp-Method: tools/call\r\n";
  EXPECT_EQ(ask("tools/call", params, version + method + "Mcp-Name: list_documents\r\n").status, 200);
  for (const std::string& headers : {version, version + method, version + method + "Mcp-Name: fetch\r\n",
                                     version + "Mcp-Method: ping\r\nMcp-Name: list_documents\r\n"})
    EXPECT_EQ(house_.json(ask("tools/call", params, headers), 400)["error"]["code"], Protocol::kHeaders) << headers;
  EXPECT_EQ(ask("ping", Json::object(), "MCP-Protocol-Version: 1\r\n").status, 400);
  EXPECT_EQ(ask("nothing", params, version + "Mcp-Method: nothing\r\n").status, 404);
}

}  // namespace
}  // namespace hanok::test

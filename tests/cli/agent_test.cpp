// hanok agent, ask with retrievers and sessions, and hanok mcp, as programs use them.
#include <gmock/gmock.h>

#include "base/child.h"
#include "chain/providers/test_server.h"
#include "program.h"

namespace hanok::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Chats as the test's script says: an answer a request, the last one for ever.
class Scripted {
 public:
  explicit Scripted(std::vector<std::string> answers)
      : server_([answers, at = size_t{0}](int socket, const std::string& request, int) mutable {
          if (request.starts_with("GET"))
            return (void)LocalServer::send(socket, reply(200, R"({"data":[{"id":"scripted"}]})"));
          const auto body = base::Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
          if (body.contains("tools"))
            return (void)LocalServer::send(socket, reply(400, R"({"error":{"message":"no tools here"}})"));
          const std::string text = answers[std::min(at++, answers.size() - 1)];
          if (body.value("stream", false))
            LocalServer::send(
                socket, std::string(kStream) + event(text) +
                            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
          else
            LocalServer::send(
                socket,
                reply(200,
                      base::Json{{"choices", {{{"message", {{"content", text}}}, {"finish_reason", "stop"}}}}}.dump()));
        }) {}
  std::string url() const { return server_.url(); }

 private:
  LocalServer server_;
};

TEST(CliAgent, StepsAnswerLogAndReplay) {
  Program hanok;
  const Scripted model({R"({"thought":"add","action":"calculator","input":{"expression":"2/3 + 1/6"}})", "nonsense",
                        "nonsense", R"({"thought":"done","answer":"five sixths"})"});
  const std::string log = (hanok.folder() / "run.jsonl").string(), trace = (hanok.folder() / "trace.jsonl").string();
  const auto out =
      hanok.json({"agent", "How much?", "-m", model.url(), "--kind", "react", "--log", log, "--trace", trace});
  EXPECT_EQ(out["answer"], "five sixths");
  EXPECT_TRUE(out["stopped"].is_null());
  // The first nonsense shows that the server keeps to no schema; from then on steps are read as they come.
  EXPECT_THAT(out["notes"].dump(), HasSubstr("cannot be bound"));
  EXPECT_EQ(out["unparsable"], 1);
  ASSERT_EQ(out["steps"].size(), 1u);
  EXPECT_EQ(out["steps"][0]["tool"], "calculator");
  EXPECT_EQ(out["steps"][0]["observation"], "5/6 ≈ 0.833333333333");
  const auto again = hanok.json({"agent", "--replay", log});
  EXPECT_EQ(again["answer"], out["answer"]);
  EXPECT_EQ(again["unparsable"], 1);
  EXPECT_THAT(base::read_file(trace), testing::AllOf(HasSubstr("tool calculator"), HasSubstr("model scripted")));
}

TEST(CliAgent, LimitsApprovalAndWhatIsNotThere) {
  Program hanok;
  const Scripted model({R"({"thought":"t","action":"calculator","input":{"expression":"1"}})",
                        R"({"thought":"t","action":"calculator","input":{"expression":"2"}})",
                        R"({"thought":"t","answer":"late"})"});
  const auto limited = hanok.json({"agent", "?", "-m", model.url(), "--kind", "react", "--max-steps", "2"});
  EXPECT_EQ(limited["stopped"], "steps");
  EXPECT_EQ(limited["answer"], "late");
  const Scripted asks(
      {R"({"thought":"t","action":"calculator","input":{"expression":"1"}})", R"({"thought":"t","answer":"no"})"});
  const auto refused =
      base::run_process({HANOK_PROGRAM, "agent", "?", "-m", asks.url(), "--kind", "react", "--approve", "--json"},
                        "n\n", {.memory_bytes = uint64_t{1} << 50});
  EXPECT_THAT(refused.err, HasSubstr("Call calculator"));
  EXPECT_THAT(refused.out, HasSubstr("did not allow"));
  hanok.json({"agent", "?", "-m", model.url(), "--tools", "rocket"}, 2);
  hanok.json({"agent", "?", "-m", model.url(), "--tools", "sql"}, 2);
  hanok.json({"agent", "?", "-m", model.url(), "--tools", "search"}, 3);  // no documents
  hanok.json({"agent"}, 2);
  hanok.json({"agent", "?", "-m", model.url(), "--mcp", "/none/such"}, 3);
}

class CliDocuments : public testing::Test {
 protected:
  CliDocuments() {
    EXPECT_EQ(hanok_.run({"ingest", base::fs::path(HANOK_SOURCE_DIR) / "examples" / "docs"}).exit_status, 0);
  }
  Program hanok_;
};

TEST_F(CliDocuments, AnAgentUsesToolsOfAnMcpServer) {
  const Scripted model({R"({"thought":"look","action":"search","input":{"query":"Moon room price"}})",
                        R"({"thought":"t","answer":"140,000 won"})"});
  const auto out = hanok_.json({"agent", "What does the Moon room cost?", "-m", model.url(), "--kind", "react",
                                "--tools", "calculator", "--mcp", std::string(HANOK_PROGRAM) + " mcp"});
  EXPECT_EQ(out["answer"], "140,000 won");
  EXPECT_THAT(out["steps"][0]["observation"].get<std::string>(), HasSubstr("140,000"));
}

TEST_F(CliDocuments, McpSpeaksLinesAndNothingElse) {
  base::Child mcp({HANOK_PROGRAM, "mcp"});
  const auto ask = [&](const std::string& line) {
    mcp.write_line(line, 10);
    return base::parse_json(mcp.read_line(20, 1 << 20), "answer");
  };
  EXPECT_EQ(ask("nonsense")["error"]["code"], -32700);
  EXPECT_EQ(
      ask(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})")["result"]
                                                                                                        ["serverInfo"]
                                                                                                        ["name"],
      "hanok");
  mcp.write_line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", 10);
  const auto answer = ask(
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ask","arguments":{"question":"How much is the Moon room per night?"}}})");
  EXPECT_EQ(answer["id"], 2);
  EXPECT_THAT(answer["result"]["structuredContent"]["answer"].get<std::string>(), HasSubstr("140,000"));
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":3,"method":"server/discover"})")["result"]["resultType"], "complete");
}

TEST_F(CliDocuments, RetrieversAnswer) {
  const std::string question = "How much is the Moon room per night?";
  for (const char* name : {"hybrid", "keyword", "compression", "parent", "neighbours", "time-weighted", "mmr"}) {
    const auto out = hanok_.json({"ask", question, "--retriever", name});
    EXPECT_EQ(out["retriever"], name);
    EXPECT_THAT(out["answer"].get<std::string>(), HasSubstr("140,000")) << name;
    for (const auto& c : out["citations"]) EXPECT_FALSE(c["path"].get<std::string>().empty());
  }
  hanok_.json({"ask", question, "--retriever", "similarity"}, 7);  // no vectors here
  hanok_.json({"ask", question, "--retriever", "multi-query"}, 2);
  hanok_.json({"ask", question, "--retriever", "best"}, 2);
  const Scripted model({"Moon room price\nnight price of the room", "It is 140,000 won per night [1]."});
  const auto more = hanok_.json({"ask", question, "--retriever", "multi-query", "-m", model.url()});
  EXPECT_THAT(more["notes"].dump(), HasSubstr("also asked: Moon room price"));
}

TEST_F(CliDocuments, AQuestionHangsOnTheOnesBefore) {
  const Scripted model({"The Moon room is 140,000 won [1].", "When does the library open on Saturday?", "At 10 [1]."});
  const auto first = hanok_.json({"ask", "How much is the Moon room?", "--session", "s", "-m", model.url()});
  EXPECT_EQ(first["question"], "How much is the Moon room?");
  const auto second = hanok_.json({"ask", "And on Saturday?", "--session", "s", "-m", model.url()});
  EXPECT_EQ(second["question"], "When does the library open on Saturday?");
  const auto plain = hanok_.run({"ask", "And on Sunday?", "--session", "s"});
  EXPECT_THAT(plain.err, HasSubstr("understood by itself"));
}

TEST_F(CliDocuments, PassagesAreCombined) {
  const Scripted model({"Part: 140,000 won [1].", "Part: nothing.", "So it is 140,000 won [1]."});
  for (const char* how : {"map-reduce", "refine"}) {
    const auto out =
        hanok_.json({"ask", "How much is the Moon room?", "--combine", how, "--budget", "400", "-m", model.url()});
    EXPECT_TRUE(out["answered"]) << out;
  }
}

}  // namespace
}  // namespace hanok::test

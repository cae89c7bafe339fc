// hanok agent, ask with retrievers and sessions, and hanok mcp, as programs use them.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include "base/child.h"
#include "chain/providers/test_server.h"
#include "program.h"

namespace hanok::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Chats as the test's script says: an answer a request, the last one for ever; or what is made of a request.
class Scripted {
 public:
  explicit Scripted(std::vector<std::string> answers)
      : Scripted([answers, at = size_t{0}](const base::Json&) mutable {
          return answers[std::min(at++, answers.size() - 1)];
        }) {}
  explicit Scripted(std::function<std::string(const base::Json& request)> say)
      : server_([say = std::move(say)](int socket, const std::string& request, int) {
          if (request.starts_with("GET"))
            return (void)LocalServer::send(socket, reply(200, R"({"data":[{"id":"scripted"}]})"));
          const auto body = base::Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
          if (body.contains("tools"))
            return (void)LocalServer::send(socket, reply(400, R"({"error":{"message":"no tools here"}})"));
          const std::string text = say(body);
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

// Answers at temperature 0 are given again: the server's second answer is never asked for.
TEST(CliCache, AnswersAreGivenAgainSeenAndForgotten) {
  Program hanok;
  const Scripted model({"one", "two", "three", "four"});
  const auto say = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"chat", "-m", model.url()});
    std::string line = "echo hello |";
    for (const auto& word : more) line += " '" + word + "'";
    return hanok.bash("echo hello | " HANOK_PROGRAM + line.substr(line.find('|') + 1));
  };
  EXPECT_THAT(say({"--temperature", "0", "--cache", "on"}).out, HasSubstr("one"));
  const auto again = say({"--temperature", "0", "--cache", "on"});
  EXPECT_THAT(again.out, HasSubstr("one"));
  EXPECT_THAT(again.err, HasSubstr("answered from the cache"));
  EXPECT_THAT(say({"--temperature", "0"}).out, HasSubstr("two")) << "off unless it is asked for";
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 1);
  ::setenv("HANOK_CACHE", "on", 1);
  EXPECT_THAT(say({"--temperature", "0"}).out, HasSubstr("one"));
  EXPECT_THAT(say({}).out, HasSubstr("three")) << "meant to vary";
  EXPECT_THAT(say({"--temperature", "0", "--cache", "off"}).out, HasSubstr("four"));
  ::unsetenv("HANOK_CACHE");
  hanok.json({"config", "set", "cache", "on"});
  EXPECT_THAT(say({"--temperature", "0"}).out, HasSubstr("one"));
  const auto seen = hanok.json({"cache", "show"});
  EXPECT_EQ(seen["cache"], "on");
  EXPECT_EQ(seen["answers"], 1);
  EXPECT_GT(seen["answer_bytes"], 0);
  EXPECT_EQ(hanok.json({"cache", "clear", "--only", "vectors"})["answers"], 0);
  EXPECT_EQ(hanok.json({"cache", "clear"})["answers"], 1);
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 0);
  hanok.json({"config", "set", "cache", "maybe"});
  EXPECT_EQ(say({"--temperature", "0"}).exit_status, 2);
}

TEST(CliCache, VectorsToo) {
  Program hanok;
  ::setenv("HANOK_EMBEDDING_MODEL", HANOK_SOURCE_DIR "/tests/data/tiny_embedder", 1);
  const std::string folder = hanok.write("in/a.txt", "The ferry leaves at seven.").parent_path();
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], 0);
  EXPECT_FALSE(base::fs::exists(hanok.folder() / "data/journal.db")) << "looking makes nothing";
  hanok.json({"ingest", folder, "--cache", "on"});
  const size_t passages = hanok.json({"cache", "show"})["vectors"];
  EXPECT_GT(passages, 0u);
  hanok.json({"search", "ferry", "--cache", "on"});
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], passages + 1) << "the question's";
  hanok.json({"ingest", folder, "-c", "again", "--cache", "on"});
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], passages + 1) << "the same passages";
  ::setenv("HANOK_EMBEDDING_MODEL", "none", 1);
}

// Of texts and labels that a model of this process makes; a text needs its model no more.
TEST(CliCache, GeneratedTextsAndLabels) {
  Program hanok;
  const std::string model = hanok.folder() / "tiny.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q8_0", model});
  const auto generate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", "Say something.", "-m", model, "--raw", "-n", "12", "--cache", "on"});
    return more;
  };
  const auto first = hanok.json(generate({}));
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 1);
  EXPECT_GT(first["tokens_per_second"], 0);
  const auto again = hanok.run(generate({}));
  EXPECT_EQ(again.out, first["text"].get<std::string>() + "\n");
  EXPECT_THAT(again.err, HasSubstr("answered from the cache"));
  EXPECT_EQ(hanok.json(generate({}))["ids"], first["ids"]);
  EXPECT_EQ(hanok.json(generate({"--seed", "1"}))["tokens_per_second"].get<double>() > 0, true) << "another text";
  const auto three = hanok.json(generate({"--texts", "3"}));
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 5);
  EXPECT_EQ(hanok.json(generate({"--texts", "3"}))["texts"][2]["text"], three["texts"][2]["text"]);
  EXPECT_THAT(hanok.run(generate({"--logprobs", "1"})).err, HasSubstr("not from the cache"));
  hanok.json({"bench", "lm", "--write", "llama-tiny", "F16", model});  // the file is another
  EXPECT_GT(hanok.json(generate({}))["tokens_per_second"], 0);
  hanok.json({"cache", "clear"});

  const std::vector<std::string> label{"sentiment",       "A fine day.", "-m",      model,
                                       "--chat-template", "plain",       "--cache", "on"};
  const auto felt = hanok.json(label);
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 4) << "three texts without content, and this one";
  EXPECT_EQ(hanok.json(label)["results"], felt["results"]);
  EXPECT_THAT(hanok.run(label).err, HasSubstr("answered from the cache"));
}

TEST(CliCache, EmbeddedTextsAndWhatAServerAnswers) {
  Program hanok;
  const std::string texts = hanok.write("t.txt", "one\ntwo\n"), model = HANOK_SOURCE_DIR "/tests/data/tiny_embedder";
  const auto embed = [&](const std::string& prompt) {
    return hanok.run({"embed", texts, "-m", model, "--format", "jsonl", "--prompt", prompt, "--cache", "on"}).out;
  };
  const auto vectors = embed("query");
  EXPECT_EQ(vectors, embed("query"));
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], 2);
  embed("passage");
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], 4);

  const Scripted chat({"one", "two"});
  const auto result = hanok.bash("cd " + hanok.folder().string() +
                                 "\n" HANOK_PROGRAM " serve --port 0 --cache on -m chat=" + chat.url() +
                                 " --embedding-model tiny=" + model + R"( >out.txt 2>err.txt &
for i in $(seq 200); do [ -s out.txt ] && break; sleep 0.05; done
URL=$(grep -o 'http://[0-9.:]*' out.txt)
JSON="content-type: application/json"
say() { curl -s $URL/v1/chat/completions -H "$JSON" -d "{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"temperature\":$1}"; }
say 0; say 0; say 1
curl -s $URL/v1/embeddings -H "$JSON" -d '{"model":"tiny","input":"one","encoding_format":"float"}'
kill $!; wait)");
  const auto count = [&](std::string_view what) {
    size_t n = 0;
    for (size_t at = result.out.find(what); at != std::string::npos; at = result.out.find(what, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count(R"("content":"one")"), 2u) << result.out << result.err;
  EXPECT_EQ(count(R"("content":"two")"), 1u) << result.out;
  EXPECT_EQ(hanok.json({"cache", "show"})["answers"], 1);
  EXPECT_EQ(hanok.json({"cache", "show"})["vectors"], 5);
}

TEST(CliCache, WithoutAFileForItTheModelAnswersAllTheSame) {
  Program hanok;
  hanok.write("data/journal.db", std::string(5000, 'x'));
  const Scripted model({"yes"});
  const auto out = hanok.run({"generate", "Well?", "-m", model.url(), "--cache", "on"});
  EXPECT_EQ(out.exit_status, 0) << out.err;
  EXPECT_EQ(out.out, "yes\n");
  EXPECT_THAT(out.err, HasSubstr("answers without the cache, which cannot be used"));
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

TEST_F(CliDocuments, EveryPromptCanBeSeenAndReplaced) {
  const auto listed = hanok_.json({"prompts", "list"})["prompts"];
  std::set<std::string> names;
  for (const auto& prompt : listed) {
    names.insert(prompt["name"]);
    EXPECT_TRUE(prompt["from"] == "default" || prompt["from"] == "fixed");
    EXPECT_FALSE(hanok_.json({"prompts", "show", prompt["name"]})["text"].get<std::string>().empty());
  }
  for (const char* name :
       {"ask", "condense", "summary", "multi-query", "self-query", "agent", "agent-steps", "summarize",
        "summarize-join-ko", "sentiment", "sentiment-ko", "repair", "refine", "plain-template"})
    EXPECT_TRUE(names.count(name)) << name;
  const auto folder = hanok_.write("prompts/ask.txt", "Mine: {passages} {question}\n").parent_path();
  hanok_.write("prompts/multi-query.txt", "{n} versions of {question} {oops}");
  hanok_.write("prompts/asks.txt", "a name that is none");
  hanok_.json({"config", "set", "prompts", folder});
  EXPECT_THAT(hanok_.run({"prompts", "list"}).err, HasSubstr("asks.txt replaces no prompt"));
  EXPECT_EQ(hanok_.json({"prompts", "show", "ask"})["text"], "Mine: {passages} {question}");
  EXPECT_THAT(hanok_.json({"ask", "room price", "--show-prompt"})["prompt"].get<std::string>(),
              testing::StartsWith("Mine: "));
  const Scripted model({"It is 140,000 won [1]."});
  const auto wrong = hanok_.json({"ask", "room price", "--retriever", "multi-query", "-m", model.url()}, 2);
  EXPECT_THAT(wrong["error"]["message"].get<std::string>(), HasSubstr("oops"));
  hanok_.write("prompts/ask.txt", "Mine: {passages}");
  const auto tool = hanok_.bash(
      R"(echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"room"}}}' | )" +
      std::string(HANOK_PROGRAM) + " mcp -m " + model.url());
  EXPECT_THAT(tool.err, HasSubstr("{question} is missing")) << "the prompt of ask is that of the tool, too";
  EXPECT_THAT(hanok_.run({"serve", "--port", "0"}).err, HasSubstr("{question} is missing")) << "and of a server";
  EXPECT_EQ(hanok_.run({"prompts", "show", "nothing"}).exit_status, 3);
  hanok_.json({"config", "set", "prompts", "nowhere"});
  EXPECT_EQ(hanok_.run({"ask", "room price"}).exit_status, 3);
}

TEST_F(CliDocuments, AServerTellsItsUsersPrompt) {
  hanok_.json(
      {"config", "set", "prompts", hanok_.write("prompts/ask.txt", "Mine: {question} {passages}").parent_path()});
  const Scripted model([](const base::Json& request) {
    return "I was told '" + request["messages"].back()["content"].get<std::string>().substr(0, 19) + "'";
  });
  const auto result = hanok_.bash("cd " + hanok_.folder().string() +
                                  "\n" HANOK_PROGRAM " serve --port 0 -m chat=" + model.url() + R"( >out.txt 2>err.txt &
for i in $(seq 200); do [ -s out.txt ] && break; sleep 0.05; done
URL=$(grep -o 'http://[0-9.:]*' out.txt)
JSON="content-type: application/json"
curl -s $URL/v1/chat/completions -H "$JSON" -d '{"model":"hanok/default","messages":[{"role":"user","content":"How much is the Moon room?"}]}'
curl -s $URL/mcp -H "$JSON" -H "accept: application/json, text/event-stream" -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"How much is the Moon room?"}}}'
kill $!; wait)");
  const std::string told = "I was told 'Mine: How much is t'";
  EXPECT_THAT(result.out, testing::AllOf(testing::StartsWith("{\"id\""), HasSubstr(told))) << result.err;
  EXPECT_THAT(result.out.substr(std::min(result.out.size(), result.out.find("jsonrpc"))), HasSubstr(told));
}

TEST_F(CliDocuments, WhatIsToldIsWhatThePromptsSay) {
  const Scripted model({"Part: 140,000 won [1].", "So it is 140,000 won [1]."});
  const std::string trace = (hanok_.folder() / "trace.jsonl").string();
  const auto told = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"-m", model.url(), "--trace", trace});
    EXPECT_EQ(hanok_.run(line).exit_status, 0);
    std::string out;
    std::istringstream lines(base::read_file(trace));
    for (std::string text; std::getline(lines, text);) {
      const auto line = base::Json::parse(text);
      for (const auto& a : line["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"])
        if (a["key"] == "gen_ai.input.messages") out += a["value"]["stringValue"].get<std::string>();
    }
    return out;
  };
  const std::string refine = hanok_.json({"prompts", "show", "refine"})["text"];
  EXPECT_THAT(told({"ask", "How much is the Moon room?", "--combine", "refine", "--budget", "400"}),
              HasSubstr(refine.substr(0, refine.find("{answer}"))));
  const std::string text = hanok_.write("long.txt", "The tower is tall. It was built of oak.");
  const auto folder = hanok_.write("prompts/summarize.txt", "Mine, {sentences}: {text}\n").parent_path();
  hanok_.write("prompts/agent-steps.txt", "Write {JSON}.");
  hanok_.json({"config", "set", "prompts", folder});
  EXPECT_THAT(told({"summarize", text, "--sentences", "3"}), HasSubstr("Mine, 3: The tower is tall."));
  EXPECT_THAT(told({"agent", "Hm?", "--kind", "react"}), HasSubstr("\n\nWrite {JSON}.\n\nTools:\n- calculator"));
  // A text that could not be told is refused before anything is asked.
  hanok_.write("prompts/summarize.txt", "Mine, {sentences}");
  EXPECT_THAT(hanok_.json({"summarize", text, "-m", model.url()}, 2)["error"]["message"],
              HasSubstr("{text} is missing"));
  hanok_.write("prompts/summarize.txt", "Mine, {txt}");
  EXPECT_THAT(hanok_.json({"prompts", "show", "summarize"}, 2)["error"]["message"], HasSubstr("{txt} is nothing"));
  hanok_.write("prompts/repair.txt", "fixed");
  EXPECT_THAT(hanok_.run({"prompts", "list"}).err, HasSubstr("repair.txt replaces no prompt"));
}

TEST_F(CliDocuments, ACrossEncoderOrdersWhatARetrieverFound) {
  const std::string reranker = HANOK_SOURCE_DIR "/tests/data/tiny_reranker";
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"ask", "room price", "--show-prompt", "-k", "8"});
    return hanok_.json(more)["prompt"].get<std::string>();
  };
  EXPECT_NE(run({"--retriever", "compression"}), run({"--retriever", "compression", "--rerank", reranker}));
  hanok_.json({"ask", "room price", "--rerank", "nowhere/none"}, 3);
}

TEST_F(CliDocuments, McpReadsFoldersThatItIsGiven) {
  const auto one = hanok_.write("one/a.txt", "The ferry leaves at seven.").parent_path();
  const auto two = hanok_.write("two/b.txt", "The ferry costs 900 won.").parent_path();
  base::Child mcp({HANOK_PROGRAM, "mcp", one, two, "-c", "ferries"});
  const auto list = [&] {
    mcp.write_line(
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_documents","arguments":{}}})", 10);
    return base::parse_json(mcp.read_line(20, 1 << 20), "answer")["result"]["structuredContent"]["documents"].size();
  };
  for (int i = 0; i < 200 && list() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(list(), 2u);
  // A second one finds the data directory taken, reads what is there and says so.
  const auto second = hanok_.bash(
      R"(echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"ferry"}}}' | )" +
      std::string(HANOK_PROGRAM) + " mcp '" + one.string() + "' -c ferries");
  EXPECT_THAT(second.out, HasSubstr("leaves at seven"));
  EXPECT_THAT(second.err, HasSubstr("not watched"));
  const std::string other = hanok_.folder() / "d2";
  EXPECT_EQ(hanok_.run({"mcp", (one / "a.txt").string(), "-c", "other", "--data", other}).exit_status, 3);
  EXPECT_EQ(hanok_.json({"collections", "list", "--data", other})["collections"].size(), 0u) << "none was made for it";
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

// Talking with a real model, SmolLM2-135M-Instruct, where HANOK_MODELS names a folder that holds it: what it says is
// its own affair; that it is said, counted, stopped, kept and tied to its sources is ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "program.h"
#include "terminal.h"

namespace hanok::test {
namespace {

using testing::HasSubstr;

class RealChat : public testing::Test {
 protected:
  void SetUp() override {
    const char* models = std::getenv("HANOK_MODELS");
    model_ = base::fs::path(models ? models : "") / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!models || !base::fs::exists(model_)) GTEST_SKIP() << "no SmolLM2 at hand";
  }
  base::ProcessResult piped(const std::string& input, std::vector<std::string> more) const {
    std::vector<std::string> command{HANOK_PROGRAM, "chat", "-m", model_, "-q"};
    command.insert(command.end(), more.begin(), more.end());
    return base::run_process(command, input, {.seconds = 240, .memory_bytes = uint64_t{1} << 50});
  }
  Program hanok_;
  base::fs::path model_;
};

TEST_F(RealChat, ATalkOfSeveralTurns) {
  const auto r = piped("What is the capital of France?\nAnd of Italy?\n",
                       {"--json", "--exact", "--temperature", "0", "-n", "40", "--session", "capitals"});
  ASSERT_EQ(r.exit_status, 0) << r.err;
  const size_t line = r.out.find('\n');
  const auto first = base::Json::parse(r.out.substr(0, line)), second = base::Json::parse(r.out.substr(line));
  EXPECT_THAT(first["text"].get<std::string>(), HasSubstr("Paris"));
  EXPECT_THAT(second["text"].get<std::string>(), HasSubstr("Rome"));  // "And" needs the turn before
  EXPECT_GT(second["prompt_tokens"].get<int>(), first["prompt_tokens"].get<int>());
  EXPECT_LE(first["completion_tokens"].get<int>(), 40);
  const auto later = piped("/history\n", {"--session", "capitals"});
  EXPECT_THAT(later.out, testing::AllOf(HasSubstr("user: And of Italy?"), HasSubstr("Rome")));
}

TEST_F(RealChat, ASeedFixesTheText) {
  const std::vector<std::string> warm{"--temperature", "1", "-n", "24", "--seed", "5"};
  const auto once = piped("Tell me a story.\n", warm).out;
  EXPECT_EQ(piped("Tell me a story.\n", warm).out, once);
  EXPECT_NE(piped("Tell me a story.\n/retry\n", warm).out, once + once);
}

TEST_F(RealChat, CtrlCStopsTheAnswer) {
  Terminal t({HANOK_PROGRAM, "chat", "-m", model_, "-q", "-n", "6000", "--temperature", "0"}, 60, 20);
  ASSERT_TRUE(t.wait_for_text(">"));
  t.type("Write a very long story about a fox.\r");
  ASSERT_TRUE(t.wait_for([&] { return t.screen.all().size() > 160; }));
  t.type("\x03");
  ASSERT_TRUE(t.wait_for([&] { return t.screen.row(t.screen.cursor_row()) == ">"; })) << t.screen.all();
  t.type("/history\r");
  EXPECT_TRUE(t.wait_for_text("assistant: ")) << t.screen.all();
  t.type("\x04");
  EXPECT_EQ(t.wait_for_end(), 0);
}

TEST_F(RealChat, AnswersFromDocuments) {
  ASSERT_EQ(hanok_.run({"ingest", base::fs::path(HANOK_SOURCE_DIR) / "examples" / "docs"}).exit_status, 0);
  const auto a = hanok_.json({"ask", "When is the library open on Saturdays?", "-k", "3", "--model", model_});
  EXPECT_THAT(a["model"].get<std::string>(), testing::Not("extractive"));
  EXPECT_GT(a["prompt_tokens"].get<int>(), 50);
  EXPECT_FALSE(a["answer"].get<std::string>().empty());
  for (const auto& c : a["citations"]) {  // every source holds its quote
    const auto document = hanok_.json({"documents", "show", c["path"], "--text"});
    const size_t start = c["start"], end = c["end"];
    EXPECT_EQ(document["text"].get<std::string>().substr(start, end - start), c["quote"].get<std::string>());
  }
}

TEST_F(RealChat, FeelingsAndSummaries) {
  const auto file =
      hanok_.write("lines.txt", "I loved this film, it was wonderful.\nThis is the worst product I ever bought.\n");
  const auto s = hanok_.json({"sentiment", file, "-m", model_});
  EXPECT_EQ(s["results"][0]["label"], "positive") << s;
  EXPECT_EQ(s["results"][1]["label"], "negative") << s;
  double sum = 0;
  for (const auto& [label, p] : s["results"][0]["probabilities"].items()) sum += p.get<double>();
  EXPECT_NEAR(sum, 1, 1e-6);
  const auto r = hanok_.json({"summarize", base::fs::path(HANOK_SOURCE_DIR) / "docs" / "formats" / "chat.md", "-m",
                              model_, "--part-tokens", "200", "-n", "48"});
  EXPECT_GT(r["parts"].get<int>(), 1);
  EXPECT_GT(r["rounds"].get<int>(), 1);
  EXPECT_FALSE(r["text"].get<std::string>().empty());
}

}  // namespace
}  // namespace hanok::test

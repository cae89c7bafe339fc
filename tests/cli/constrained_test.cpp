// hanok generate bound by a schema, an expression or a grammar, and models in fewer bits, as programs use them.
#include <gmock/gmock.h>

#include "program.h"

namespace hanok::test {
namespace {

constexpr int kUsage = 2;

TEST(CliConstrained, TextsSatisfyWhatBindsThem) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q8_0", file});
  const std::string schema = hanok.write(
      "s.json",
      R"({"type":"object","properties":{"n":{"type":"integer","minimum":0}},"required":["n"],"additionalProperties":false})");
  const std::string grammar = hanok.write("g.gbnf", "root ::= (\"yes\" | \"no\") \"!\"\n");
  const auto text = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"generate", "Say something.", "-m", file, "--raw", "-n", "60", "--temperature", "1.5"};
    all.insert(all.end(), more.begin(), more.end());
    const auto out = hanok.json(all);
    EXPECT_EQ(out["finish"], "stop");
    return out["text"].get<std::string>();
  };
  const auto value = base::parse_json(text({"--json-schema", schema}), "answer");
  EXPECT_GE(value["n"].get<int64_t>(), 0);
  EXPECT_THAT(text({"--grammar", grammar}), testing::AnyOf("yes!", "no!"));
  EXPECT_EQ(text({"--regex", "[가-나]{3}x"}).size(), 10u);
  // What cannot be kept to, and two at once.
  const std::string unknown = hanok.write("u.json", R"({"not":{}})");
  for (const auto& flags :
       std::vector<std::vector<std::string>>{{"--grammar", grammar, "--regex", "a"}, {"--regex", "(a"}})
    hanok.json({"generate", "x", "-m", file, flags[0], flags[1], flags.size() > 2 ? flags[2] : "-n",
                flags.size() > 3 ? flags[3] : "5"},
               kUsage);
  const auto refused = hanok.run({"generate", "x", "-m", file, "--json-schema", unknown});
  EXPECT_NE(refused.exit_status, 0);
  EXPECT_THAT(refused.err, testing::HasSubstr("\"not\""));
}

TEST(CliConstrained, ChatsToo) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q8_0", file});
  const auto chat = [&](const std::string& input, std::vector<std::string> more) {
    std::vector<std::string> all{HANOK_PROGRAM, "chat", "-m", file, "--chat-template", "plain", "-q"};
    all.insert(all.end(), more.begin(), more.end());
    return base::run_process(all, input, {.seconds = 60, .memory_bytes = uint64_t{1} << 50});
  };
  const auto bound = chat("Well?\n", {"--regex", "(yes|no)!"});
  EXPECT_EQ(bound.exit_status, 0) << bound.err;
  EXPECT_THAT(bound.out, testing::AnyOf("yes!\n", "no!\n"));
  const auto none = chat("/adapter polite\n", {});
  EXPECT_EQ(none.exit_status, kUsage);
  EXPECT_THAT(none.err, testing::HasSubstr("--adapter NAME=FOLDER"));
}

TEST(CliGenerate, WaysOfDrawingAndSeveralTexts) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q8_0", file});
  const auto written = [&](std::vector<std::string> more, int status = 0) {
    std::vector<std::string> all{"generate", "a b c", "-m", file, "--raw", "-n", "12"};
    all.insert(all.end(), more.begin(), more.end());
    return hanok.json(all, status);
  };
  const auto shown = written({"--show-prompt"});
  EXPECT_THAT(shown["prompt"].get<std::string>(), testing::HasSubstr("a b c"));
  EXPECT_EQ(shown["ids"].size(), shown["prompt_tokens"].get<size_t>());
  EXPECT_EQ(shown["prompt_tokens"], written({})["prompt_tokens"]);
  hanok.json({"generate", "x", "-m", "http://127.0.0.1:9", "--show-prompt"}, 6);
  // Each of several texts is what it is alone, with its own seed.
  const auto three = written({"--texts", "3", "--seed", "5"});
  ASSERT_EQ(three["texts"].size(), 3u);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(three["texts"][i]["ids"], written({"--seed", std::to_string(5 + i)})["ids"]) << i;
  EXPECT_NE(three["texts"][0]["ids"], three["texts"][1]["ids"]);
  // A token that may not come, and one that must.
  const auto greedy = written({"--temperature", "0"});
  const std::string first = greedy["ids"][0].dump();
  const auto without = written({"--temperature", "0", "--logit-bias", first + "=-100"});
  EXPECT_THAT(without["ids"].get<std::vector<int>>(), testing::Not(testing::Contains(greedy["ids"][0].get<int>())));
  const auto always = written({"--temperature", "0", "--logit-bias", first + "=100"});
  EXPECT_THAT(always["ids"].get<std::vector<int>>(), testing::Each(greedy["ids"][0].get<int>()));
  // What would repeat comes less often.
  for (const auto& flags : std::vector<std::vector<std::string>>{
           {"--dry", "90"}, {"--repeat-penalty", "90"}, {"--frequency-penalty", "2"}, {"--presence-penalty", "2"}}) {
    auto all = flags;
    all.insert(all.end(), {"--temperature", "0", "--logit-bias", first + "=1"});
    EXPECT_NE(written(all)["ids"], written({"--temperature", "0", "--logit-bias", first + "=1"})["ids"]) << flags[0];
  }
  EXPECT_NE(written({"--typical", "0.05"})["ids"], written({})["ids"]);
  EXPECT_THAT(written({"--logit-bias", "x"}, kUsage)["error"]["message"].get<std::string>(),
              testing::HasSubstr("ID=BIAS was expected"));
  EXPECT_THAT(written({"--typical", "2"}, kUsage)["error"]["message"].get<std::string>(),
              testing::HasSubstr("--typical"));
}

TEST(CliConstrained, GuessesAndProbabilities) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q8_0", file});
  const auto written = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"generate", "a b c a b c a b c", "-m", file, "--raw", "-n",
                                 "80",       "--temperature",     "0"};
    all.insert(all.end(), more.begin(), more.end());
    return hanok.json(all);
  };
  const auto plain = written({"--no-speculation"}), guessed = written({}), drafted = written({"--draft", file});
  EXPECT_EQ(plain["guessed"], 0);
  EXPECT_EQ(guessed["ids"], plain["ids"]);
  EXPECT_EQ(drafted["ids"], plain["ids"]);
  EXPECT_FALSE(plain.contains("logprobs"));
  const auto told = written({"--logprobs", "2"})["logprobs"];
  ASSERT_EQ(told.size(), plain["ids"].size());
  EXPECT_EQ(told[0]["id"], plain["ids"][0]);
  EXPECT_EQ(told[0]["top"][0]["id"], plain["ids"][0]);  // greedy
  EXPECT_EQ(told[0]["top"].size(), 2u);
  hanok.json({"generate", "x", "-m", file, "--logprobs", "21"}, kUsage);
}

TEST(CliConstrained, ModelsInFewerBits) {
  Program hanok;
  const std::string from = hanok.folder() / "f16.gguf", to = hanok.folder() / "q4.gguf";
  hanok.json({"bench", "lm", "--write", "llama-tiny", "F16", from});
  const auto out = hanok.json({"models", "quantize", from, "q4_k_m", to});
  EXPECT_EQ(out["file"], to);
  EXPECT_LT(out["bytes"].get<uint64_t>(), out["bytes_before"].get<uint64_t>() / 2);
  EXPECT_GT(out["formats"]["Q4_K"].get<size_t>(), 0u);
  EXPECT_EQ(hanok.json({"generate", "x", "-m", to, "--raw", "-n", "4"})["prompt_tokens"], 1);
  hanok.json({"models", "quantize", from, "Q5", to}, kUsage);
  hanok.json({"models", "quantize", from, "Q8_0", from}, kUsage);
}

}  // namespace
}  // namespace hanok::test

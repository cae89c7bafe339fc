// The command line as docs/cli.md promises it: keys of --json, exit statuses, settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

const std::string kDocs = HANOK_SOURCE_DIR "/examples/docs";

TEST(Cli, VersionAndHelp) {
  Program hanok;
  EXPECT_THAT(hanok.run({"--version"}).out, HasSubstr("hanok 0."));
  EXPECT_THAT(hanok.run({"--help"}).out, HasSubstr("hanok ingest"));
  EXPECT_THAT(hanok.run({"ask", "--help"}).out, HasSubstr("with sources"));
}

TEST(Cli, EmptyHouseSaysHowToBegin) {
  Program hanok;
  const Json error = hanok.json({"search", "anything"}, 3);
  EXPECT_EQ(error["error"]["code"], "not_found");
  EXPECT_THAT(error["error"]["message"].get<std::string>(), HasSubstr("hanok ingest"));
}

TEST(Cli, IngestSearchAskHaveTheirKeys) {
  Program hanok;
  const Json report = hanok.json({"ingest", kDocs});
  EXPECT_THAT(keys(report), IsSupersetOf({"files", "chunks", "seconds"}));
  EXPECT_THAT(keys(report["files"]), IsSupersetOf({"new", "changed", "unchanged", "gone", "failed"}));
  EXPECT_GE(report["files"]["new"].get<int>(), 10);
  EXPECT_EQ(report["files"]["failed"], Json::array());

  const Json again = hanok.json({"ingest", kDocs});
  EXPECT_EQ(again["files"]["new"], 0);
  EXPECT_EQ(again["files"]["unchanged"], report["files"]["new"]);

  const Json found = hanok.json({"search", "opening hours", "-k", "3", "--explain"});
  EXPECT_EQ(found["mode"], "keyword");
  ASSERT_FALSE(found["results"].empty());
  const Json& first = found["results"][0];
  EXPECT_THAT(keys(first),
              IsSupersetOf({"rank", "score", "path", "page", "heading", "start", "end", "text", "explain"}));
  EXPECT_EQ(first["rank"], 1);
  EXPECT_TRUE(first["explain"].contains("keyword"));

  // start and end point into the text that `documents show --text` prints.
  const Json document = hanok.json({"documents", "show", first["path"], "--text"});
  const std::string text = document["text"];
  EXPECT_EQ(text.substr(first["start"], first["end"].get<size_t>() - first["start"].get<size_t>()), first["text"]);

  const Json answer = hanok.json({"ask", "헌책은 한 권에 얼마인가요?"});
  EXPECT_THAT(keys(answer), IsSupersetOf({"answered", "answer", "citations", "dropped", "model"}));
}

TEST(Cli, PromptTokensAreCountedByTheModelsTokenizer) {
  Program hanok;
  hanok.json({"ingest", kDocs});
  const std::string tokenizer = HANOK_SOURCE_DIR "/tests/data/tiny_embedder/tokenizer.json";
  const std::vector<std::string> ask = {"ask", "opening hours", "--show-prompt"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), ask.begin(), ask.end());
    return more;
  };
  const Json estimated = hanok.json(ask);
  EXPECT_EQ(estimated["tokenizer"], "estimate");
  EXPECT_GT(estimated["prompt_tokens"].get<size_t>(), 50u);

  const Json counted = hanok.json(with({"--tokenizer", tokenizer}));
  EXPECT_EQ(counted["tokenizer"], tokenizer);
  EXPECT_EQ(counted["prompt"], estimated["prompt"]);
  EXPECT_NE(counted["prompt_tokens"], estimated["prompt_tokens"]);

  // By itself, from the name of the served model. Nobody listens at this address, and nobody has to.
  ::setenv("HF_HUB_CACHE", (hanok.folder() / "hub").c_str(), 1);
  hanok.write("hub/models--org--tiny-1b/snapshots/1/tokenizer.json", base::read_file(tokenizer));
  for (const char* name : {"org/tiny-1b", "tiny-1b-q4_k_m.gguf"}) {
    const Json by_name = hanok.json(with({"--model", std::string("http://127.0.0.1:1/v1#") + name}));
    EXPECT_THAT(by_name["tokenizer"].get<std::string>(), HasSubstr("org/tiny-1b")) << name;
    EXPECT_EQ(by_name["prompt_tokens"], counted["prompt_tokens"]) << name;
  }
  const auto other = hanok.run(with({"--model", "http://127.0.0.1:1/v1#another"}));
  EXPECT_THAT(other.err, HasSubstr("counted by estimate"));
  ::unsetenv("HF_HUB_CACHE");

  hanok.json(with({"--tokenizer", "no/such"}), 3);
  hanok.json(with({"--tokenizer", hanok.write("bad.json", "{}")}), 2);
  const Json tight = hanok.json(with({"--tokenizer", tokenizer, "--budget", "400"}));
  EXPECT_FALSE(tight["dropped"].empty());
}

TEST(Cli, EveryExampleQuestionIsAnsweredFromTheRightFile) {
  Program hanok;
  hanok.json({"ingest", kDocs});
  const Json questions =
      base::parse_json(base::read_file(HANOK_SOURCE_DIR "/examples/questions.json"), "questions.json");
  ASSERT_GE(questions.size(), 10u);
  for (const auto& q : questions) {
    const Json answer = hanok.json({"ask", q["question"]});
    EXPECT_TRUE(answer["answered"].get<bool>()) << q["question"];
    if (answer["citations"].empty()) continue;
    EXPECT_THAT(answer["citations"][0]["path"].get<std::string>(), HasSubstr(q["path"].get<std::string>()))
        << q["question"];
    EXPECT_THAT(answer["answer"].get<std::string>(), HasSubstr(q["answer_contains"].get<std::string>()))
        << q["question"];
  }
}

TEST(Cli, WhatIsNotThereIsNotAnswered) {
  Program hanok;
  hanok.json({"ingest", kDocs});
  for (const char* question : {"Who won the 1998 chess final?", "양자 컴퓨터의 큐비트 수는 얼마인가?",
                               "What is the boiling point of tungsten?"}) {
    const Json answer = hanok.json({"ask", question});
    EXPECT_FALSE(answer["answered"].get<bool>()) << question << " -> " << answer.dump();
    EXPECT_TRUE(answer["citations"].empty());
  }
}

TEST(Cli, ChangedGoneAndEmptiedFolders) {
  Program hanok;
  const auto a = hanok.write("notes/a.txt", "The red bicycle is in the shed."),
             b = hanok.write("notes/b.txt", "Blue paint is in the cellar.");
  const std::string folder = a.parent_path();
  EXPECT_EQ(hanok.json({"ingest", folder})["files"]["new"], 2);
  hanok.write("notes/a.txt", "The red bicycle is in the attic.");
  EXPECT_EQ(hanok.json({"ingest", folder})["files"]["changed"], 1);
  EXPECT_THAT(hanok.json({"search", "bicycle"})["results"][0]["text"].get<std::string>(), HasSubstr("attic"));
  base::fs::remove(b);
  EXPECT_EQ(hanok.json({"ingest", folder})["files"]["gone"], 1);
  base::fs::remove(a);
  const Json emptied = hanok.json({"ingest", folder});
  EXPECT_EQ(emptied["files"]["gone"], 0) << "an emptied folder must not wipe a collection";
  EXPECT_EQ(emptied["warnings"].size(), 1u);
  EXPECT_EQ(hanok.json({"documents", "list"})["documents"].size(), 1u);
  EXPECT_EQ(hanok.json({"ingest", folder, "--prune"})["files"]["gone"], 1);
}

TEST(Cli, BadInputHasAStatusAndARemedy) {
  Program hanok;
  const auto broken = hanok.write("x/broken.docx", "PK\x03\x04 not a zip");
  hanok.write("x/fine.txt", "A line.");
  const Json report = hanok.json({"ingest", broken.parent_path()});
  EXPECT_EQ(report["files"]["new"], 1);
  ASSERT_EQ(report["files"]["failed"].size(), 1u);
  EXPECT_THAT(report["files"]["failed"][0]["error"].get<std::string>(), HasSubstr("broken.docx"));
  EXPECT_EQ(hanok.json({"ingest", "/no/such/folder"}, 3)["files"]["failed"].size(), 1u);
  EXPECT_EQ(hanok.json({"search", "x", "--where", "{\"a\": {\"$near\": 1}}"}, 2)["error"]["code"], "invalid");
  EXPECT_EQ(hanok.run({"search"}).exit_status, 2);
  EXPECT_EQ(hanok.run({"nonsense"}).exit_status, 2);
  EXPECT_EQ(hanok.json({"search", "line", "--mode", "dense"}, 7)["error"]["code"], "unavailable");
}

TEST(Cli, NumbersOutOfRangeAndEmptyValuesAreRefused) {
  Program hanok;
  hanok.json({"ingest", kDocs});
  const std::vector<std::vector<std::string>> wrong{{"search", "pump", "-k", "-1"},
                                                    {"search", "pump", "-k", "99999999999999999999"},
                                                    {"search", "pump", "-k", "0"},
                                                    {"search", "pump", "-k", "5.5"},
                                                    {"search", "pump", "-k", "0x5"},
                                                    {"search", "pump", "-k", "18446744073709551615"},
                                                    {"search", "pump", "--mmr", "nan"},
                                                    {"search", "pump", "--mmr", "-3"},
                                                    {"search", "pump", "--where", ""},
                                                    {"search", "pump", "-c", ""},
                                                    {"search", ""},
                                                    {"search", "  "},
                                                    {"ask", ""},
                                                    {"ask", "pump", "-k", "-1"},
                                                    {"ask", "pump", "--threshold", "7"},
                                                    {"search", "pump", "--threads", "-1"},
                                                    {"search", "pump", "--data", ""}};
  for (const auto& arguments : wrong) {
    const Json error = hanok.json(arguments, 2);
    EXPECT_EQ(error["error"]["code"], "invalid") << testing::PrintToString(arguments);
  }
  EXPECT_THAT(hanok.json({"search", "pump", "-k", "-1"}, 2)["error"]["message"].get<std::string>(),
              HasSubstr("'-1': a whole number from 1 to 1000000000 was expected"));
  hanok.json({"config", "set", "max-tokens", "-1"});
  EXPECT_EQ(hanok.json({"ingest", kDocs}, 2)["error"]["code"], "invalid");
}

TEST(Cli, UnknownNamesAreAnsweredWithTheNearest) {
  Program hanok;
  const auto message = [&](const std::vector<std::string>& arguments) {
    return hanok.json(arguments, 2)["error"]["message"].get<std::string>();
  };
  const auto said = [&](const std::vector<std::string>& arguments) {
    const auto result = hanok.run(arguments);
    EXPECT_EQ(result.exit_status, 2);
    return result.err;
  };
  EXPECT_THAT(said({"serch", "pump"}), HasSubstr("'serch' is no command; did you mean 'search'?"));
  EXPECT_THAT(said({"collections", "shwo"}), HasSubstr("'shwo' is no command; did you mean 'show'?"));
  EXPECT_THAT(said({"collections", "lst"}), HasSubstr("'lst' is no command; did you mean 'list'?"));
  EXPECT_THAT(said({"xylophone"}), HasSubstr("'xylophone' is no command; see"));
  EXPECT_THAT(message({"search", "pump", "--mod", "dense"}), HasSubstr("'--mod' is no flag; did you mean '--mode'?"));
}

TEST(Cli, SettingsComeFromFlagEnvironmentFileDefault) {
  Program hanok;
  EXPECT_EQ(hanok.json({"config", "get", "max-tokens"})["from"], "default");
  hanok.json({"config", "set", "max-tokens", "100"});
  EXPECT_EQ(hanok.json({"config", "get", "max-tokens"})["max-tokens"], "100");
  ::setenv("HANOK_MAX_TOKENS", "50", 1);
  EXPECT_EQ(hanok.json({"config", "get", "max-tokens"})["from"], "HANOK_MAX_TOKENS");
  ::unsetenv("HANOK_MAX_TOKENS");
  EXPECT_EQ(hanok.json({"config", "get", "no-such-key"}, 3)["error"]["code"], "not_found");
}

TEST(Cli, CollectionsListShowExportImportDelete) {
  Program hanok;
  const auto file = hanok.write("n/one.txt", "Lanterns hang above the gate.");
  hanok.json({"ingest", file, "-c", "lanterns", "--meta", "year=2026"});
  EXPECT_EQ(hanok.json({"collections", "list"})["collections"][0]["name"], "lanterns");
  EXPECT_EQ(hanok.json({"collections", "show", "lanterns"})["documents"], 1);
  const std::string exported = hanok.folder() / "lanterns.hanok";
  hanok.json({"collections", "export", "lanterns", exported});
  hanok.json({"collections", "import", exported, "copy"});
  EXPECT_EQ(hanok.json({"search", "gate", "-c", "copy", "--where", "{\"year\": {\"$gte\": 2026}}"})["results"].size(),
            1u);
  EXPECT_EQ(hanok.json({"collections", "import", exported, "copy"}, 4)["error"]["code"], "exists");
  hanok.json({"collections", "delete", "lanterns"});
  EXPECT_EQ(hanok.json({"search", "gate", "-c", "lanterns"}, 3)["error"]["code"], "not_found");
}

TEST(Cli, CompletionAndDoctor) {
  Program hanok;
  EXPECT_THAT(hanok.run({"completion", "bash"}).out, HasSubstr("complete -o filenames -F _hanok hanok"));
  EXPECT_EQ(hanok.run({"completion", "tcsh"}).exit_status, 2);
  EXPECT_THAT(keys(hanok.json({"doctor"})), IsSupersetOf({"version", "cpu", "tools", "data", "models", "problems"}));
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", ("/" + std::string(300, 'x') + ":" + before).c_str(), 1);  // a folder that nobody can look into
  EXPECT_TRUE(hanok.json({"doctor"}).contains("tools"));
  ::setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace hanok::test

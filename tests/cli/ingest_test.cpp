// `hanok ingest` as people use it: read first, embed then, stopped and killed in between, and what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::HasSubstr;

const std::string kModel = HANOK_SOURCE_DIR "/tests/data/tiny_embedder";

std::string shelves(const Program& hanok, int files) {
  std::string folder;
  for (int i = 0; i < files; ++i) {
    std::string text;
    for (int line = 0; line < 400; ++line)
      text += "Shelf " + std::to_string(i) + " holds box " + std::to_string(line) + ".\n\n";
    folder = hanok.write("n/" + std::to_string(i) + ".txt", text).parent_path();
  }
  return folder;
}

TEST(CliIngest, ReadsAndEmbedsApart) {
  Program hanok;
  ::setenv("HANOK_EMBEDDING_MODEL", kModel.c_str(), 1);
  const std::string folder = shelves(hanok, 3);
  const Json read = hanok.json({"ingest", folder, "--no-embed"});
  const auto chunks = read["chunks"].get<size_t>();
  EXPECT_EQ(read["embedded"], 0);
  EXPECT_EQ(read["without_vector"], chunks);
  EXPECT_EQ(hanok.json({"collections", "show", "default"})["meaning"]["missing"], chunks);
  EXPECT_EQ(hanok.json({"search", "box 17"})["mode"], "keyword");
  const Json embedded = hanok.json({"ingest", "--embed-only"});
  EXPECT_EQ(embedded["embedded"], chunks);
  EXPECT_EQ(embedded["files"]["unchanged"], 0);
  const Json meaning = hanok.json({"collections", "show", "default"})["meaning"];
  EXPECT_EQ(meaning["vectors"], chunks);
  EXPECT_EQ(meaning["missing"], 0);
  EXPECT_EQ(meaning["model"], kModel);
  EXPECT_THAT(hanok.run({"collections", "show", "default"}).out, HasSubstr("passages have their vector"));
  EXPECT_EQ(hanok.json({"search", "box 17"})["mode"], "hybrid");

  EXPECT_EQ(hanok.json({"ingest", "--embed-only", folder}, 2)["error"]["code"], "invalid");
  EXPECT_EQ(hanok.json({"ingest", "--embed-only", "--no-embed"}, 2)["error"]["code"], "invalid");
  EXPECT_EQ(hanok.json({"ingest"}, 2)["error"]["code"], "invalid");
  ::setenv("HANOK_EMBEDDING_MODEL", "none", 1);
  EXPECT_EQ(hanok.json({"ingest", "--embed-only"}, 7)["error"]["code"], "unavailable");
}

TEST(CliIngest, SaysWhatItForgets) {
  Program hanok;
  const std::string one = hanok.write("one/a.txt", "The ferry leaves at seven.").parent_path();
  const std::string two = hanok.write("two/b.txt", "The ferry costs 900 won.").parent_path();
  hanok.json({"ingest", one, two});
  base::fs::remove(base::fs::path(two) / "b.txt");
  hanok.write("two/c.txt", "The bus costs 100 won.");
  EXPECT_EQ(hanok.json({"ingest", two, "--cleanup", "none"})["files"]["gone"], 0);
  EXPECT_EQ(hanok.json({"ingest", two})["files"]["gone"], 1);
  EXPECT_EQ(hanok.json({"ingest", two, "--cleanup", "full"})["files"]["gone"], 1);
  EXPECT_EQ(hanok.json({"ingest", two, "--force", "--meta", "team=red"})["files"]["changed"], 1);
  EXPECT_EQ(hanok.json({"search", "bus", "--where", R"({"team": "red"})"})["results"].size(), 1u);
  EXPECT_EQ(hanok.json({"ingest", two, "--cleanup", "some"}, 2)["error"]["code"], "invalid");
  EXPECT_EQ(hanok.json({"ingest", two, "--watch", "--cleanup", "full"}, 2)["error"]["code"], "invalid");
}

TEST(CliIngest, TextsOfSources) {
  Program hanok;
  const std::string first = hanok.write(
      "1.jsonl", R"({"text": "The ferry leaves at seven.", "source": "ferry.html", "metadata": {"pier": 3}})"
                 "\n"
                 R"({"text": "The bus leaves at nine.", "source": "bus.html"})"
                 "\n");
  const std::string second =
      hanok.write("2.jsonl", R"({"text": "The ferry leaves at eight.", "source": "ferry.html"})");
  EXPECT_EQ(hanok.json({"ingest", "--texts", first})["files"]["new"], 2);
  EXPECT_EQ(hanok.json({"search", "ferry", "--where", R"({"pier": 3})"})["results"].size(), 1u);
  auto files = hanok.json({"ingest", "--texts", first})["files"];
  EXPECT_EQ(files["unchanged"], 2);
  files = hanok.json({"ingest", "--texts", second})["files"];
  EXPECT_EQ(files["new"], 1);
  EXPECT_EQ(files["gone"], 1) << "what ferry.html held before";
  const auto from_stdin = hanok.bash("cat '" + second + "' | " HANOK_PROGRAM " ingest --texts - --cleanup full --json");
  EXPECT_EQ(base::parse_json(from_stdin.out, "report")["files"]["gone"], 1) << "bus.html";
  const auto hit = hanok.json({"search", "ferry"})["results"][0];
  EXPECT_THAT(hit["path"].get<std::string>(), HasSubstr("ferry.html#"));
  const std::string wrong = hanok.write("3.jsonl", "{\"text\": \"a\"}\n{\"txt\": \"b\"}\n");
  EXPECT_THAT(hanok.json({"ingest", "--texts", wrong}, 2)["error"]["message"].get<std::string>(), HasSubstr("line 2"));
  EXPECT_EQ(hanok.json({"ingest", "--texts", first, "."}, 2)["error"]["code"], "invalid");
}

// Ctrl-C and kill -9 at any moment: what was read is found, what was embedded stays, and the next run goes on.
TEST(CliIngest, StoppedOrKilledItGoesOn) {
  Program hanok;
  ::setenv("HANOK_EMBEDDING_MODEL", kModel.c_str(), 1);
  const std::string folder = shelves(hanok, 60);
  size_t documents = 0, vectors = 0;
  for (const char* how : {"-s INT 0.15", "-s KILL 0.2", "-s INT 0.3", "-s KILL 0.3"}) {
    const auto ended = hanok.bash("timeout " + std::string(how) + " " + HANOK_PROGRAM + " ingest '" + folder + "'");
    const auto status = hanok.json({"doctor"})["data"]["state"];
    EXPECT_NE(status, "damaged") << how;
    if (status != "sound") continue;  // ended before it had begun
    const auto listed = hanok.json({"collections", "list"})["collections"];
    if (listed.empty()) continue;
    const Json now = hanok.json({"collections", "show", "default"});
    EXPECT_GE(now["documents"].get<size_t>(), documents) << how;
    EXPECT_GE(now["vectors"].get<size_t>(), vectors) << how;
    documents = now["documents"], vectors = now["vectors"];
    if (ended.exit_status == 130) {
      EXPECT_THAT(ended.err, HasSubstr("kept: " + std::to_string(documents) + " documents"));
    }
    if (documents > 0) {
      EXPECT_EQ(hanok.json({"search", "shelf 0 box 7"})["results"].size(), 10u) << how;
    }
  }
  const Json last = hanok.json({"ingest", folder});
  EXPECT_EQ(last["files"]["unchanged"], documents);
  EXPECT_EQ(last["files"]["new"], 60 - documents);
  const Json meaning = hanok.json({"collections", "show", "default"})["meaning"];
  EXPECT_EQ(meaning["missing"], 0);
  EXPECT_EQ(last["embedded"], meaning["passages"].get<size_t>() - vectors) << "none twice";
}

TEST(CliIngest, SaysWhatItPassedOver) {
  Program hanok;
  hanok.write("n/a.txt", "The red bicycle is in the shed.");
  for (const char* name : {"b.xyz", "c.xyz", "d.qqq", "node_modules/e.txt", "old/f.txt"})
    hanok.write(std::string("n/") + name, "text");
  const std::string folder = hanok.folder() / "n";
  const Json files = hanok.json({"ingest", folder, "--exclude", "old/"})["files"];
  EXPECT_EQ(files["new"], 1);
  EXPECT_EQ(files["skipped"], (Json{{".xyz", 2}, {".qqq", 1}}));
  EXPECT_EQ(files["ignored"], (Json{{"--exclude", 1}, {"node_modules", 1}}));
  const std::string said = hanok.run({"ingest", folder}).out;
  EXPECT_THAT(said, HasSubstr("not read, no loader takes them: 2 .xyz, 1 .qqq"));
  EXPECT_THAT(said, HasSubstr("passed over: 1 node_modules"));
}

}  // namespace
}  // namespace hanok::test

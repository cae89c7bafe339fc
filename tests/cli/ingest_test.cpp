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

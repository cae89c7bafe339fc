// The index of a collection's vectors from the command line: made by ingest, named by settings, told by show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

const std::string kModel = HANOK_SOURCE_DIR "/tests/data/tiny_embedder";

struct CollectionIndex : testing::Test {
  Program hanok;
  std::string notes = (hanok.folder() / "notes").string();
  int written = 0;

  void SetUp() override {
    ::setenv("HANOK_EMBEDDING_MODEL", kModel.c_str(), 1);
    write_more(1);
    ingest();
  }
  void write_more(int files) {
    for (; files > 0; --files, ++written)
      hanok.write("notes/" + std::to_string(written) + ".txt",
                  "a ship and " + std::to_string(written) + " loaves of bread");
  }
  void ingest() { hanok.json({"ingest", notes}); }
  Json index() { return hanok.json({"collections", "show", "default"})["index"]; }
};

TEST_F(CollectionIndex, IngestMakesWhatIsDue) {
  EXPECT_EQ(index()["kind"], "exact");
  const Json set = hanok.json({"collections", "set", "default", "index.type=hnsw", "index.exact_below=30"});
  EXPECT_EQ(set["settings"]["index"]["type"], "hnsw");
  EXPECT_EQ(set["settings"]["index"]["exact_below"], 30);
  write_more(59);
  ingest();
  EXPECT_THAT(keys(index()), IsSupersetOf({"kind", "state", "generation", "rows_in_index", "rows_beside", "file"}));
  EXPECT_EQ(index()["kind"], "hnsw");
  EXPECT_EQ(index()["state"], "ready");
  EXPECT_EQ(index()["rows_in_index"], 60);
  EXPECT_EQ(hanok.json({"search", "bread", "--mode", "dense", "-k", "7"})["results"].size(), 7u);
}

TEST_F(CollectionIndex, IsBuiltAnewAndGivenUpOnRequest) {
  write_more(59);
  ingest();
  hanok.json({"collections", "set", "default", "index.type=hnsw", "index.exact_below=30"});
  EXPECT_EQ(index()["state"], "due");
  const Json built = hanok.json({"collections", "index", "default"});
  EXPECT_THAT(keys(built), IsSupersetOf({"name", "built", "seconds", "index"}));
  EXPECT_EQ(built["built"], true);
  EXPECT_EQ(hanok.json({"collections", "index", "default"})["built"], false);
  EXPECT_EQ(hanok.json({"collections", "index", "default", "--anew"})["built"], true);
  hanok.json({"collections", "set", "default", "index.type=flat", "index.exact_below="});
  hanok.json({"collections", "index", "default"});
  EXPECT_EQ(index()["kind"], "exact");
}

TEST_F(CollectionIndex, WrongSettingsAreNamed) {
  for (const std::string bad :
       {"index.type=best", "index.exact_below=many", "index.M=16", "colour=red", "index.type"}) {
    const Json said = hanok.json({"collections", "set", "default", bad}, 2);
    EXPECT_EQ(said["error"]["code"], "invalid") << bad;
    EXPECT_THAT(said["error"]["message"].get<std::string>(), HasSubstr("index")) << bad;
  }
}

}  // namespace
}  // namespace hanok::test

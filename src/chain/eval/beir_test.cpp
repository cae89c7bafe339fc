#include "chain/eval/beir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::chain::eval {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A sound folder, to be damaged.
class Folder {
 public:
  Folder() {
    base::fs::create_directories(path() / "qrels");
    write("corpus.jsonl", R"({"_id":"d1","title":"Rooms","text":"Moon room"})"
                          "\n"
                          R"({"_id":"d2","text":"달 방"})"
                          "\r\n\n");
    write("queries.jsonl", R"({"_id":"q1","text":"room?"})"
                           "\n"
                           R"({"_id":"q2","text":"not judged"})"
                           "\n");
    write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq9\td1\t1\nq1\tgone\t1\n");
  }
  const base::fs::path& path() const { return folder_.path(); }
  void write(const std::string& name, const std::string& bytes) const { base::write_file_atomic(path() / name, bytes); }
  std::string error(Code code = Code::Invalid) const {
    try {
      load_beir(path());
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    return "no error";
  }

 private:
  base::TempFolder folder_;
};

TEST(Beir, ReadsTextsAndJudgements) {
  const Folder folder;
  const Beir beir = load_beir(folder.path());
  ASSERT_EQ(beir.documents.size(), 2u);
  EXPECT_EQ(beir.documents[0].text, "Rooms\nMoon room");
  EXPECT_EQ(beir.documents[1].text, "달 방");
  ASSERT_EQ(beir.queries.size(), 1u) << "one that nobody judged cannot be measured";
  EXPECT_EQ(beir.queries[0].id, "q1");
  EXPECT_EQ(beir.judgements.at("q1").at("d1"), 2);
  EXPECT_EQ(beir.judgements.at("q1").count("gone"), 1u) << "a relevant document that is missing still counts";
}

TEST(Beir, AHeaderIsNotNeeded) {
  const Folder folder;
  folder.write("qrels/test.tsv", "q1\td1\t1\n");
  EXPECT_EQ(load_beir(folder.path()).judgements.at("q1").at("d1"), 1);
}

TEST(Beir, MissingFilesAreNamed) {
  for (const char* name : {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv"}) {
    const Folder folder;
    base::fs::remove(folder.path() / name);
    EXPECT_THAT(folder.error(Code::NotFound), HasSubstr(name));
  }
  EXPECT_THROW(load_beir("/nowhere"), Error);
}

TEST(Beir, BadLinesAreNamed) {
  const struct {
    const char *file, *bytes, *place;
  } cases[] = {
      {"corpus.jsonl", "{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\n", "corpus.jsonl:2"},
      {"corpus.jsonl", "[1]\n", "corpus.jsonl:1"},
      {"corpus.jsonl", "{\"_id\":7,\"text\":\"x\"}\n", "\"_id\""},
      {"corpus.jsonl", "{\"_id\":\"a\"}\n", "\"text\""},
      {"corpus.jsonl", "\x1f\x8b\x08gzip", "corpus.jsonl:1"},
      {"queries.jsonl", "{\"_id\":\"q1\",\"text\":null}\n", "queries.jsonl:1"},
      {"qrels/test.tsv", "q\td\tscore\nq1 d1 1\n", "test.tsv:2"},
      {"qrels/test.tsv", "q\td\tscore\nq1\td1\n", "test.tsv:2"},
      {"qrels/test.tsv", "q\td\tscore\nq1\td1\t1.5\n", "\"1.5\""},
      {"qrels/test.tsv", "q\td\tscore\nq1\td1\t99999999999\n", "whole number"},
  };
  for (const auto& c : cases) {
    const Folder folder;
    folder.write(c.file, c.bytes);
    EXPECT_THAT(folder.error(), HasSubstr(c.place));
  }
}

TEST(Beir, AnIdTwice) {
  for (const char* file : {"corpus.jsonl", "queries.jsonl"}) {
    const Folder folder;
    folder.write(file, "{\"_id\":\"q1\",\"text\":\"x\"}\n{\"_id\":\"q1\",\"text\":\"y\"}\n");
    EXPECT_THAT(folder.error(), AllOf(HasSubstr(std::string(file) + ":2"), HasSubstr("\"q1\" was there before")));
    folder.write(file, "{\"_id\":\"\",\"text\":\"x\"}\n");
    EXPECT_THAT(folder.error(), HasSubstr("empty"));
  }
}

TEST(Beir, NothingToAsk) {
  const Folder folder;
  folder.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nother\td1\t1\n");
  EXPECT_THAT(folder.error(), AllOf(HasSubstr("of 1 queries in qrels/test.tsv"), HasSubstr("0 in queries.jsonl")));
  folder.write("corpus.jsonl", "");
  EXPECT_THAT(folder.error(), HasSubstr("0 documents"));
}

}  // namespace
}  // namespace hanok::chain::eval

// The embedding commands with the tiny model of the tests, and what a change of model does to a collection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::HasSubstr;

const std::string kModel = HANOK_SOURCE_DIR "/tests/data/tiny_embedder";

std::string sentences(const Program& hanok) {
  return hanok.write("s.txt", "a ship in a storm\nbread and butter\na ship in a long storm\nbutter on bread\n");
}

TEST(CliEmbedding, EmbedWritesNpyAndJsonl) {
  Program hanok;
  const std::string file = sentences(hanok), npy = hanok.folder() / "v.npy";
  const Json made = hanok.json({"embed", file, "-m", kModel, "--out", npy});
  EXPECT_EQ(made["texts"], 4);
  EXPECT_EQ(base::read_file(npy).substr(1, 5), "NUMPY");
  const auto lines = hanok.run({"embed", file, "-m", kModel, "--format", "jsonl"});
  EXPECT_EQ(std::count(lines.out.begin(), lines.out.end(), '\n'), 4);
  EXPECT_EQ(base::parse_json(lines.out.substr(0, lines.out.find('\n')), "line")["embedding"].size(),
            made["dim"].get<size_t>());
  EXPECT_EQ(hanok.run({"embed", file, "-m", "/no/such/model"}).exit_status, 3);
  EXPECT_EQ(hanok.json({"embed", file, "--out", npy}, 3)["error"]["code"], "not_found")
      << "no model: say how to get one";
}

TEST(CliEmbedding, SimilarRecommendParaphrasesCluster) {
  Program hanok;
  const std::string file = sentences(hanok), map = hanok.folder() / "map.svg";
  EXPECT_EQ(hanok.json({"similar", "bread and butter", file, "-m", kModel, "-k", "2"})["results"].size(), 2u);
  const Json next = hanok.json({"recommend", "0", file, "-m", kModel, "-k", "3"});
  for (const auto& r : next["results"]) EXPECT_NE(r["index"], 0);
  EXPECT_EQ(hanok.json({"recommend", "no such line", file, "-m", kModel}, 3)["error"]["code"], "not_found");
  EXPECT_EQ(hanok.json({"paraphrases", file, "-m", kModel, "-k", "2"})["pairs"].size(), 2u);
  const Json groups = hanok.json({"cluster", file, "-m", kModel, "-k", "2", "--svg", map});
  EXPECT_EQ(groups["clusters"].size(), 2u);
  EXPECT_THAT(base::read_file(map), HasSubstr("<svg"));
}

TEST(CliEmbedding, EvalStsAndRetrieval) {
  Program hanok;
  const std::string pairs = hanok.write(
      "sts.tsv", "score\tsentence1\tsentence2\n5.0\ta ship\ta ship\n0.0\ta ship\tbread\n2.5\tbread\tbutter\n");
  const Json sts = hanok.json({"eval", "sts", pairs, "-m", kModel});
  EXPECT_EQ(sts["pairs"], 3);
  EXPECT_GT(sts["spearman"].get<double>(), 0);
  hanok.write("beir/corpus.jsonl",
              "{\"_id\":\"d1\",\"title\":\"\",\"text\":\"The ship left the "
              "harbour.\"}\n{\"_id\":\"d2\",\"title\":\"\",\"text\":\"Bread is baked in the morning.\"}\n");
  hanok.write("beir/queries.jsonl", "{\"_id\":\"q1\",\"text\":\"when is bread baked\"}\n");
  hanok.write("beir/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td2\t1\n");
  const std::string folder = hanok.folder() / "beir";
  for (const char* mode : {"keyword", "hybrid", "dense"}) {
    const Json r = hanok.json({"eval", "retrieval", folder, "--mode", mode, "-m", kModel});
    EXPECT_EQ(r["mode"], mode);
    EXPECT_EQ(r["queries"], 1);
    if (std::string(mode) == "keyword") {
      EXPECT_EQ(r["ndcg@10"], 1.0);
    }
  }
}

// A tiny random cross-encoder: its order means nothing, but it is its own, and every part is told.
TEST(CliEmbedding, SearchReranks) {
  Program hanok;
  for (const char* name : {"a", "b", "c"})
    hanok.write(std::string("n/") + name + ".txt", std::string("A ship ") + name + " in a storm, bread and butter.");
  hanok.json({"ingest", hanok.folder() / "n"});
  const std::string model = HANOK_SOURCE_DIR "/tests/data/tiny_reranker";
  const Json found = hanok.json({"search", "ship in a storm", "--rerank", model, "--explain"});
  ASSERT_EQ(found["results"].size(), 3u);
  double last = 1e300;
  for (const auto& r : found["results"]) {
    EXPECT_EQ(r["score"], r["explain"]["rerank"]);
    EXPECT_LE(r["score"].get<double>(), last);
    EXPECT_TRUE(r["explain"].contains("keyword"));
    last = r["score"];
  }
  EXPECT_EQ(hanok.json({"search", "ship", "--rerank", model, "--mmr", "0.5", "-k", "2"})["results"].size(), 2u);
  EXPECT_EQ(hanok.json({"search", "ship", "--rerank", "/no/such/model"}, 3)["error"]["code"], "not_found");
}

TEST(CliEmbedding, AnotherModelIsExplainedAndEmbeddedAgain) {
  Program hanok;
  ::setenv("HANOK_EMBEDDING_MODEL", kModel.c_str(), 1);
  const std::string a = hanok.write("n/a.txt", "The red bicycle is in the shed."),
                    b = hanok.write("n/b.txt", "Blue paint is in the cellar.");
  hanok.json({"ingest", a, b});
  EXPECT_EQ(hanok.json({"search", "bicycle"})["mode"], "hybrid");
  const Json before = hanok.json({"collections", "show", "default"})["embedding"];

  // The same weights with another prompt: other vectors, another fingerprint.
  const base::fs::path other = hanok.folder() / "other";
  base::fs::copy(kModel, other, base::fs::copy_options::recursive);
  base::write_file_atomic(other / "config_sentence_transformers.json",
                          R"({"prompts": {"query": "find: ", "passage": "text: "}})");
  ::setenv("HANOK_EMBEDDING_MODEL", other.c_str(), 1);
  const auto still = hanok.run({"search", "bicycle", "--json"});
  EXPECT_EQ(base::parse_json(still.out, "search")["mode"], "hybrid") << "the old vectors answer";
  EXPECT_THAT(still.err, HasSubstr("hanok ingest"));

  EXPECT_THAT(hanok.run({"ingest", a}).err,
              HasSubstr("embedding everything again"));  // b is not named, but embedded too
  const Json after = hanok.json({"collections", "show", "default"});
  EXPECT_NE(after["embedding"]["fingerprint"], before["fingerprint"]);
  EXPECT_EQ(hanok.json({"search", "paint"})["mode"], "hybrid");
  EXPECT_EQ(hanok.json({"doctor"})["data"]["state"], "sound");
}

}  // namespace
}  // namespace hanok::test

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

/// A copy of the test model with another prompt: other vectors, another fingerprint.
base::fs::path other_model(const base::fs::path& folder, const std::string& prompt = "find: ") {
  base::fs::create_directories(folder.parent_path());
  base::fs::copy(kModel, folder, base::fs::copy_options::recursive);
  base::write_file_atomic(folder / "config_sentence_transformers.json",
                          R"({"prompts": {"query": ")" + prompt + R"(", "passage": "text: "}})");
  return folder;
}

void set_model(const std::string& name) { ::setenv("HANOK_EMBEDDING_MODEL", name.c_str(), 1); }

/// {mode, what was said on stderr}
std::pair<std::string, std::string> searched(const Program& hanok, const std::string& query) {
  const auto result = hanok.run({"search", query, "--json"});
  return {base::parse_json(result.out, "search").value("mode", result.out), result.err};
}

TEST(CliEmbedding, AnotherModelIsExplainedAndEmbeddedAgain) {
  Program hanok;
  ::setenv("HANOK_EMBEDDING_MODEL", kModel.c_str(), 1);
  const std::string a = hanok.write("n/a.txt", "The red bicycle is in the shed."),
                    b = hanok.write("n/b.txt", "Blue paint is in the cellar.");
  hanok.json({"ingest", a, b});
  EXPECT_EQ(hanok.json({"search", "bicycle"})["mode"], "hybrid");
  const Json before = hanok.json({"collections", "show", "default"})["embedding"];

  const auto other = other_model(hanok.folder() / "other");
  set_model(other);
  const auto [mode, said] = searched(hanok, "bicycle");
  EXPECT_EQ(mode, "hybrid") << "the old vectors answer";
  EXPECT_THAT(said, HasSubstr("were made by " + kModel + "; the embedding model is " + other.string()));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;

  EXPECT_THAT(hanok.run({"ingest", a}).err,
              HasSubstr("embedding everything again"));  // b is not named, but embedded too
  const Json after = hanok.json({"collections", "show", "default"});
  EXPECT_NE(after["embedding"]["fingerprint"], before["fingerprint"]);
  EXPECT_EQ(hanok.json({"search", "paint"})["mode"], "hybrid");
  EXPECT_EQ(hanok.json({"doctor"})["data"]["state"], "sound");
}

TEST(CliEmbedding, IngestTakesTheModelThatItsFlagNames) {
  Program hanok;
  ::unsetenv("HANOK_EMBEDDING_MODEL");
  const std::string a = hanok.write("n/a.txt", "The red bicycle is in the shed."),
                    b = hanok.write("n/b.txt", "Blue paint is in the cellar.");
  const auto model = [&] { return hanok.json({"collections", "show", "default"})["embedding"]["model"]; };
  hanok.json({"ingest", a, "-m", kModel});
  EXPECT_EQ(model(), kModel);
  EXPECT_EQ(hanok.json({"ingest", b})["embedded"], 1) << "goes on by the model of the collection";
  EXPECT_EQ(hanok.json({"search", "bicycle"})["mode"], "hybrid");

  const auto other = other_model(hanok.folder() / "other");
  hanok.json({"ingest", a, "--model", other.string()});
  EXPECT_EQ(model(), other.string());
  EXPECT_EQ(hanok.json({"ingest", a, "-m", hanok.folder() / "nowhere"}, 3)["error"]["code"], "not_found");
}

// A collection goes on in the precision it was made in, until another is asked for.
TEST(CliEmbedding, APrecisionIsKeptUntilAnotherIsAskedFor) {
  Program hanok;
  set_model(kModel);
  const std::string a = hanok.write("n/a.txt", "The red bicycle is in the shed."),
                    b = hanok.write("n/b.txt", "Blue paint is in the cellar.");
  const auto fingerprint = [&] { return hanok.json({"collections", "show", "default"})["embedding"]["fingerprint"]; };
  hanok.json({"ingest", a, "--precision", "float32"});
  const auto wide = fingerprint();
  for (const std::string& name : {kModel, std::string()}) {  // named by a setting, or known from the collection
    if (name.empty()) ::unsetenv("HANOK_EMBEDDING_MODEL");
    EXPECT_EQ(hanok.run({"ingest", b}).err.find("embedding everything again"), std::string::npos) << name;
    EXPECT_EQ(fingerprint(), wide) << name;
    EXPECT_EQ(searched(hanok, "paint"), (std::pair<std::string, std::string>{"hybrid", ""})) << name;
  }
  ::setenv("HANOK_EMBEDDING_PRECISION", "int8", 1);
  EXPECT_EQ(searched(hanok, "paint").first, "hybrid") << "what is there answers";
  EXPECT_EQ(fingerprint(), wide);
  EXPECT_THAT(hanok.run({"ingest", a}).err, HasSubstr("embedding everything again by " + kModel + " in int8"));
  ::unsetenv("HANOK_EMBEDDING_PRECISION");
  const auto fast = fingerprint();
  EXPECT_NE(fast, wide);
  EXPECT_EQ(hanok.run({"ingest", b}).err.find("embedding everything again"), std::string::npos);
  EXPECT_EQ(fingerprint(), fast);
  EXPECT_EQ(searched(hanok, "bicycle"), (std::pair<std::string, std::string>{"hybrid", ""}));

  set_model(kModel);
  hanok.json({"ingest", a, "-c", "new"});
  EXPECT_EQ(hanok.json({"collections", "show", "new"})["embedding"]["fingerprint"], fast) << "int8 unless asked for";
  ::setenv("HANOK_EMBEDDING_PRECISION", "int4", 1);
  EXPECT_EQ(hanok.json({"ingest", a}, 2)["error"]["code"], "invalid");
  ::unsetenv("HANOK_EMBEDDING_PRECISION");
}

TEST(CliEmbedding, TheModelOfTheVectorsIsKnownByItsFingerprint) {
  Program hanok;
  const auto made_by = other_model(hanok.folder() / "made_by");
  set_model(made_by);
  hanok.json({"ingest", hanok.write("n/a.txt", "The red bicycle is in the shed.")});

  // The same model at another place: nothing to say.
  const auto moved = hanok.folder() / "moved";
  base::fs::rename(made_by, moved);
  set_model(moved);
  EXPECT_EQ(searched(hanok, "bicycle"), (std::pair<std::string, std::string>{"hybrid", ""}));

  // Gone: keywords, and what to do.
  set_model(kModel);
  const auto [mode, said] = searched(hanok, "bicycle");
  EXPECT_EQ(mode, "keyword");
  EXPECT_THAT(said, HasSubstr("searching by keywords"));
  EXPECT_THAT(said, HasSubstr("made_by: no such folder"));
  EXPECT_THAT(said, HasSubstr("embed everything by " + kModel + ": hanok ingest"));

  // Another model where it was: its name is right and its vectors are of no use.
  other_model(made_by, "look for: ");
  set_model(made_by);
  const auto [changed_mode, changed] = searched(hanok, "bicycle");
  EXPECT_EQ(changed_mode, "keyword");
  EXPECT_THAT(changed, HasSubstr("has changed since"));
  EXPECT_THAT(hanok.run({"ingest", hanok.folder() / "n"}).err, HasSubstr("whose files have changed"));
  EXPECT_EQ(searched(hanok, "bicycle").first, "hybrid");
}

// A new revision came into the Hub's cache; the one that made the vectors is still there.
TEST(CliEmbedding, AnEarlierRevisionAnswersUntilIngest) {
  Program hanok;
  const auto cache = hanok.folder() / "hub", model = cache / "models--org--tiny";
  ::setenv("HF_HUB_CACHE", cache.c_str(), 1);
  other_model(model / "snapshots/first");
  base::fs::create_directories(model / "refs");
  base::write_file_atomic(model / "refs/main", "first");
  set_model("org/tiny");
  const std::string file = hanok.write("n/a.txt", "The red bicycle is in the shed.");
  hanok.json({"ingest", file});
  other_model(model / "snapshots/second", "look for: ");
  base::write_file_atomic(model / "refs/main", "second");

  const auto [mode, said] = searched(hanok, "bicycle");
  EXPECT_EQ(mode, "hybrid");
  EXPECT_THAT(said, HasSubstr("an earlier org/tiny"));
  set_model("");  // nothing is set: the model of the vectors, and nothing to say
  EXPECT_EQ(searched(hanok, "bicycle"), (std::pair<std::string, std::string>{"hybrid", ""}));
  EXPECT_EQ(hanok.run({"ingest", file}).err, "");
  set_model("org/tiny");
  EXPECT_THAT(hanok.run({"ingest", file}).err, HasSubstr("whose files have changed"));
  EXPECT_EQ(searched(hanok, "bicycle"), (std::pair<std::string, std::string>{"hybrid", ""}));
  ::unsetenv("HF_HUB_CACHE");
}

// Killed at any moment, the old vectors or the new ones answer, and the next ingest needs nothing said to go on.
TEST(CliEmbedding, AKilledChangeGoesOn) {
  Program hanok;
  std::string folder;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int line = 0; line < 400; ++line)
      text += "Shelf " + std::to_string(i) + " holds box " + std::to_string(line) + ".\n\n";
    folder = hanok.write("n/" + std::to_string(i) + ".txt", text).parent_path();
  }
  set_model(kModel);
  const auto first = hanok.json({"ingest", folder});
  const auto other = other_model(hanok.folder() / "other");
  for (const char* seconds : {"0.05", "0.1", "0.2", "0.3"}) {
    set_model(other);
    base::run_process({"timeout", "-s", "KILL", seconds, HANOK_PROGRAM, "ingest", folder}, "", {.seconds = 60});
    EXPECT_EQ(searched(hanok, "box").first, "hybrid") << seconds;
    EXPECT_EQ(hanok.json({"doctor"})["data"]["state"], "sound") << seconds;
  }
  set_model("");
  const Json index = hanok.json({"collections", "show", "default"});
  hanok.json({"ingest", folder});
  const Json after = hanok.json({"collections", "show", "default"});
  EXPECT_EQ(after["vectors"], first["chunks"]);
  if (index["index"].contains("pending")) {
    EXPECT_EQ(after["embedding"]["model"], other.string());
  }
  EXPECT_EQ(searched(hanok, "box").first, "hybrid");
}

}  // namespace
}  // namespace hanok::test

// Floors of retrieval quality. On the project's own documents always; on KorQuAD, XQuAD and Cranfield where they lie
// beside the source (HANOK_TEST_DATA, else ../shared/data).
#include "chain/eval/retrieval.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "hanok/text.h"

namespace hanok::chain::eval {
namespace {

namespace fs = std::filesystem;
using base::Json;

RetrievalReport keyword(const fs::path& folder) {
  RetrievalOptions options;
  options.search.mode = Mode::Keyword;
  return evaluate_retrieval(folder, options);
}

/// examples/docs: each chunk is a document, and those of the file that a question names are relevant.
void write_own_set(const fs::path& target) {
  const fs::path examples = fs::path(HANOK_SOURCE_DIR) / "examples";
  std::map<std::string, std::vector<std::string>> chunks_of;
  std::string corpus, queries, judgements = "query-id\tcorpus-id\tscore\n";
  for (const auto& entry : fs::directory_iterator(examples / "docs")) {
    const auto document = text::load(entry.path());
    size_t number = 0;
    for (const auto& chunk : text::split(document)) {
      const std::string name = text::nfc(entry.path().filename().string()), id = name + "#" + std::to_string(number++);
      corpus +=
          base::dump_json(Json{{"_id", id},
                               {"title", chunk.heading},
                               {"text", document.text.substr(chunk.span.start, chunk.span.end - chunk.span.start)}}) +
          "\n";
      chunks_of[name].push_back(id);
    }
  }
  const Json questions = base::parse_json(base::read_file(examples / "questions.json"), "questions.json");
  for (size_t i = 0; i < questions.size(); ++i) {
    const std::string id = "q" + std::to_string(i);
    queries += base::dump_json(Json{{"_id", id}, {"text", questions[i]["question"]}}) + "\n";
    for (const auto& chunk : chunks_of.at(text::nfc(questions[i]["path"].get<std::string>())))
      judgements += id + "\t" + chunk + "\t1\n";
  }
  fs::create_directories(target / "qrels");
  base::write_file_atomic(target / "corpus.jsonl", corpus);
  base::write_file_atomic(target / "queries.jsonl", queries);
  base::write_file_atomic(target / "qrels/test.tsv", judgements);
}

TEST(RetrievalQuality, OwnDocuments) {
  const base::TempFolder folder;
  write_own_set(folder.path());
  const auto report = keyword(folder.path());
  EXPECT_GE(report.queries, 10u);
  EXPECT_EQ(report.mode, Mode::Keyword);
  EXPECT_GE(report.metrics.mrr10, 0.90);
}

TEST(RetrievalQuality, PublicSets) {
  const char* named = std::getenv("HANOK_TEST_DATA");
  const fs::path sources = (named ? fs::path(named) : fs::path(HANOK_SOURCE_DIR) / "../shared/data") / "retrieval";
  if (!fs::exists(sources / "korquad")) {
    std::puts("the public sets are not here: only the project's own documents were measured");
    return;
  }
  const base::TempFolder folder;
  const auto made = base::run_process({"python3", HANOK_SOURCE_DIR "/tools/make_beir.py", sources, folder.path()}, "",
                                      {.seconds = 120});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  const struct {
    const char* set;
    size_t documents, queries;
    double ndcg10, mrr10;
  } floors[] = {
      {"korquad", 964, 5774, 0.953, 0.945}, {"xquad-en", 240, 1190, 0, 0.949}, {"cranfield", 1400, 225, 0.384, 0}};
  for (const auto& floor : floors) {
    const auto report = keyword(folder.path() / floor.set);
    std::printf("%s: nDCG@10 %.4f, MRR@10 %.4f, %.0f queries/s\n", floor.set, report.metrics.ndcg10,
                report.metrics.mrr10, report.queries_per_second);
    EXPECT_EQ(report.documents, floor.documents) << floor.set;
    EXPECT_EQ(report.queries, floor.queries) << floor.set;
    EXPECT_GE(report.metrics.ndcg10, floor.ndcg10) << floor.set;
    EXPECT_GE(report.metrics.mrr10, floor.mrr10) << floor.set;
  }
}

}  // namespace
}  // namespace hanok::chain::eval

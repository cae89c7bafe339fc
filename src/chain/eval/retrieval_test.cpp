// Floors of retrieval quality. On the project's own documents always; on KorQuAD, XQuAD and Cranfield where they lie
// beside the source (HANOK_TEST_DATA, else ../shared/data).
#include "chain/eval/retrieval.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

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
void write_own_set(const fs::path& target, const char* questions_file = "questions.json") {
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
  const Json questions = base::parse_json(base::read_file(examples / questions_file), questions_file);
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

fs::path public_data() {
  const char* named = std::getenv("HANOK_TEST_DATA");
  return named ? fs::path(named) : fs::path(HANOK_SOURCE_DIR) / "../shared/data";
}

/// multilingual-e5-small; nullptr where it is not here.
std::unique_ptr<EmbeddingModel> e5() {
  const char* models = std::getenv("HANOK_MODELS");
  if (!models || !fs::exists(fs::path(models) / "e5" / "config.json")) return nullptr;
  return make_embedder(std::make_shared<Embedder>(fs::path(models) / "e5"));
}

/// keep: a data directory for sets of one corpus, which is then embedded once.
RetrievalReport by_both(const fs::path& folder, const EmbeddingModel& model, const fs::path& keep = {}) {
  RetrievalOptions options;
  options.search.embedder = &model;
  options.keep = keep;
  return evaluate_retrieval(folder, options);
}

TEST(RetrievalQuality, OwnDocumentsAcrossLanguages) {
  const auto model = e5();
  if (!model) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const base::TempFolder across, within;
  write_own_set(across.path(), "questions-across.json");
  write_own_set(within.path());
  const auto report = by_both(across.path(), *model);
  EXPECT_EQ(report.queries, 16u);
  EXPECT_GE(report.metrics.mrr10, 0.65);
  EXPECT_GE(by_both(within.path(), *model).metrics.mrr10, 0.95);
}

/// The first `questions` of a set, over the paragraphs that are asked about in `sets`.
void write_part(const fs::path& from, const std::vector<std::string>& sets, size_t questions, const fs::path& target) {
  std::set<std::string> wanted;
  std::map<std::string, std::pair<std::string, std::string>> parts;  // set -> queries, judgements
  for (const auto& set : sets) {
    std::ifstream queries(from / set / "queries.jsonl"), judgements(from / set / "qrels/test.tsv");
    std::string line;
    std::getline(judgements, line);
    parts[set].second = line + "\n";
    for (size_t i = 0; i < questions && std::getline(queries, line); ++i) parts[set].first += line + "\n";
    for (size_t i = 0; i < questions && std::getline(judgements, line); ++i) {
      parts[set].second += line + "\n";
      const size_t tab = line.find('\t');
      wanted.insert(line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1));
    }
  }
  std::string corpus;
  std::ifstream all(from / sets[0] / "corpus.jsonl");
  for (std::string line; std::getline(all, line);)
    if (wanted.contains(base::parse_json(line, "corpus")["_id"])) corpus += line + "\n";
  for (const auto& set : sets) {
    fs::create_directories(target / set / "qrels");
    base::write_file_atomic(target / set / "corpus.jsonl", corpus);
    base::write_file_atomic(target / set / "queries.jsonl", parts[set].first);
    base::write_file_atomic(target / set / "qrels/test.tsv", parts[set].second);
  }
}

// A part of the sets that docs/how-search-works.md measures, so that it takes seconds: 40 questions of each, over the
// paragraphs that they ask about.
TEST(RetrievalQuality, PublicSetsAcrossLanguages) {
  const auto model = e5();
  const fs::path questions = public_data() / "cross/questions.json";
  if (!model || !fs::exists(questions)) GTEST_SKIP() << "the model or the questions are not here";
  const base::TempFolder made, part;
  const auto run = base::run_process(
      {"python3", HANOK_SOURCE_DIR "/tools/make_beir.py", public_data() / "retrieval", made.path(), questions}, "",
      {.seconds = 120});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const std::vector<std::string> sets = {"ko-en", "en-ko", "mixed-xquad-en", "mixed-korquad"};
  const double floors[] = {0.9, 0.75, 0.97, 0.97};
  write_part(made.path(), sets, 40, part.path());
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto report = by_both(part.path() / sets[i], *model, part.path() / "data");
    std::printf("%s: nDCG@10 %.4f of %zu passages\n", sets[i].c_str(), report.metrics.ndcg10, report.documents);
    EXPECT_EQ(report.queries, 40u);
    EXPECT_GE(report.metrics.ndcg10, floors[i]) << sets[i];
  }
}

TEST(RetrievalQuality, PublicSets) {
  const fs::path sources = public_data() / "retrieval";
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

#include "chain/eval/retrieval.h"

#include <algorithm>
#include <fstream>
#include <unordered_map>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/threads.h"
#include "chain/eval/beir.h"
#include "chain/search/rank.h"
#include "hanok/context.h"

namespace hanok::chain::eval {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDepth = 100;
constexpr size_t kBatch = 256;  // documents a transaction
constexpr uint64_t kSeed = 1;   // of which documents go without a vector

store::NewDocument as_document(const BeirText& d) {
  store::NewDocument out;
  out.info.path = d.id;
  out.info.format = "beir";
  out.text = text::nfc(d.text);
  out.chunks = {{{0, out.text.size()}, 0, "", text::count_tokens(out.text)}};
  return out;
}

void fill(store::Collection& collection, const Beir& data, const RetrievalOptions& options) {
  base::Random drawn(kSeed);
  if (options.search.embedder) collection.set_vector_space(options.search.embedder->space());
  for (size_t begin = 0; begin < data.documents.size(); begin += kBatch) {
    base::check_interrupt();
    const size_t end = std::min(begin + kBatch, data.documents.size());
    std::vector<store::NewDocument> group;
    std::vector<std::string> texts;
    for (size_t i = begin; i < end; ++i) {
      group.push_back(as_document(data.documents[i]));
      texts.push_back(group.back().text);
    }
    if (options.search.embedder) {
      const Matrix rows = options.search.embedder->embed(texts, Prompt::Passage);
      for (size_t i = 0; i < group.size(); ++i)
        if (drawn.uniform() < options.vectors) group[i].vectors.assign(rows.row(i).begin(), rows.row(i).end());
    }
    collection.put_many(std::move(group));
    Context::current().tell({end, data.documents.size(), "index"});
  }
}

// Chunk -> id of the document that it is, so that ranking need not read texts.
std::unordered_map<store::ChunkId, std::string> names(const store::Snapshot& snapshot) {
  std::unordered_map<store::ChunkId, std::string> out;
  for (const auto& d : snapshot.documents())
    for (const auto chunk : snapshot.chunk_ids(d.id)) out[chunk] = d.path;
  return out;
}

}  // namespace

RetrievalReport evaluate_retrieval(const fs::path& folder, const RetrievalOptions& options) {
  const Beir data = load_beir(folder, options.split);
  base::TempFolder temporary;
  const auto house = store::Store::open(options.keep.empty() ? temporary.path() : options.keep);
  auto& collection = *house->collection("eval", true);
  if (!options.bm25.empty()) {
    auto settings = collection.settings();
    settings["bm25"] = options.bm25;
    collection.set_settings(settings);
  }
  RetrievalReport report;
  base::Stopwatch indexing;
  if (collection.document_count() != data.documents.size()) fill(collection, data, options);
  report.index_seconds = indexing.seconds();
  report.documents = data.documents.size();
  report.queries = options.limit ? std::min(options.limit, data.queries.size()) : data.queries.size();

  const auto snapshot = collection.snapshot();
  const auto name_of = names(*snapshot);
  SearchOptions search = options.search;
  search.k = kDepth;
  search.quotes_bind = false;  // the sets hold questions, not searches
  const auto retriever = options.retriever ? options.retriever(search) : nullptr;
  std::ofstream run;
  if (!options.run_file.empty()) run.open(options.run_file);
  std::vector<Metrics> each;
  base::Stopwatch searching;
  for (size_t i = 0; i < report.queries; ++i) {
    base::check_interrupt();
    const auto& q = data.queries[i];
    std::vector<std::string> ids;
    if (retriever) {
      const auto found = retriever->retrieve(*snapshot, q.text).found;
      report.mode = found.mode;
      for (const auto& hit : found.hits) {
        ids.push_back(name_of.at(hit.chunk.id));
        ids.insert(ids.end(), hit.also.begin(), hit.also.end());
      }
    } else {
      for (const auto& c : rank(*snapshot, q.text, search, report.mode)) {
        ids.push_back(name_of.at(c.chunk));
        for (const auto copy : c.copies) ids.push_back(name_of.at(copy));  // the sets judge every document
      }
    }
    each.push_back(evaluate(ids, data.judgements.at(q.id)));
    for (size_t r = 0; run && r < ids.size(); ++r)
      run << q.id << " Q0 " << ids[r] << " " << r + 1 << " " << kDepth - r << " hanok\n";
    if (i % 16 == 0) Context::current().tell({i, report.queries, "ask"});
  }
  report.seconds = searching.seconds();
  report.queries_per_second = static_cast<double>(report.queries) / report.seconds;
  report.metrics = mean(each);
  return report;
}

}  // namespace hanok::chain::eval

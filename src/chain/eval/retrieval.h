// Retrieval quality of the whole search path on a folder in the BEIR layout (Thakur et al. 2021).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chain/eval/metrics.h"
#include "hanok/retrievers.h"

namespace hanok::chain::eval {

struct RetrievalOptions {
  SearchOptions search;                // k is set to 100
  std::string split = "test";          // the qrels file without .tsv
  std::filesystem::path keep;          // a data directory to use and keep, so that a second run need not index again
  std::map<std::string, double> bm25;  // "k1", "b"; empty = defaults
  double vectors = 1;                  // share of the documents that get a vector: search while embedding goes on
  size_t limit = 0;                    // only the first N queries; 0 = all
  std::string run_file;                // write a TREC run file here
  /// Ranks in place of search(); made with `search`, and k = 100. Empty: none.
  std::function<std::unique_ptr<Retriever>(const SearchOptions& search)> retriever;
};

struct RetrievalReport {
  size_t queries = 0, documents = 0;
  Metrics metrics;
  double index_seconds = 0, seconds = 0, queries_per_second = 0;
  Mode mode = Mode::Keyword;
};

/// Each document of the corpus is one passage (title, line break, text), so figures compare with published ones.
RetrievalReport evaluate_retrieval(const std::filesystem::path& folder, const RetrievalOptions& options);

}  // namespace hanok::chain::eval

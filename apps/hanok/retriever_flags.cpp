#include "retriever_flags.h"

#include "own_prompts.h"

namespace hanok::app {

void RetrieverFlags::add_to(Command& c) {
  c.choice("--retriever", name_, chain::retriever_names(), "how passages are found (docs/retrievers.md)");
  c.option("--fetch-k", fetch_, "passages that mmr, ensemble, multi-vector and time-weighted choose among (default 20)",
           1);
  c.option("--mmr-lambda", mmr_, "of mmr: 1 relevance alone, 0 diversity alone (default 0.5)", 0, 1);
  c.option("--score-threshold", threshold_, "of threshold: the least cosine, or score of words (default 0.5)", 0, 1);
  c.option("--queries", queries_, "of multi-query: questions that the model asks beside yours (default 3)", 1);
  c.option("--word-weight", words_, "of ensemble: the weight of words; meaning has the rest (default 0.5)", 0, 1);
  c.option("--decay", decay_, "of time-weighted: what a file's freshness loses an hour (default 0.01)", 0, 1);
  c.option("--neighbours", neighbours_, "of neighbours: chunks on each side (default 1)", 1);
  c.option("--parent-tokens", parent_, "of parent: tokens of a section at most (default 1024)", 1);
}

std::unique_ptr<chain::Retriever> RetrieverFlags::make(const Session& session, const chain::SearchOptions& search,
                                                       const chain::ChatModel* model) const {
  return chain::make_retriever(name_, {.search = search,
                                       .model = model,
                                       .fetch_k = fetch_,
                                       .mmr_lambda = mmr_,
                                       .threshold = threshold_,
                                       .queries = queries_,
                                       .weights = {words_, 1 - words_},
                                       .decay_per_hour = decay_,
                                       .neighbours = neighbours_,
                                       .parent_tokens = parent_,
                                       .multi_query_prompt = own_prompt(session, "multi-query"),
                                       .self_query_prompt = own_prompt(session, "self-query")});
}

}  // namespace hanok::app

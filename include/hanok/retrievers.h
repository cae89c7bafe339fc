// Retrievers: ways of finding passages for a question, one interface. Part of the door of room `chain`.
//
//   const auto retriever = chain::make_retriever("multi-query", {.search = {.k = 4}, .model = model.get()});
//   const auto found = retriever->retrieve(*collection.snapshot(), "When does it open?");
//   const auto answer = chain::ask(*snapshot, question, {.model = model.get(), .retriever = retriever.get()});
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/chain.h"
#include "hanok/prompts.h"

namespace hanok::chain {

struct Retrieved {
  SearchResult found;  // hits best first, with their scores for the question itself
  std::vector<std::string>
      notes;  // what was done on the way, a line each: questions that a model asked too, its filter
};

/// Safe to call from several threads.
class Retriever {
 public:
  virtual ~Retriever() = default;
  virtual std::string_view name() const = 0;
  virtual Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const = 0;
};

PromptTemplate default_multi_query_prompt();  // {n}, {question}
PromptTemplate default_self_query_prompt();   // {fields}, {question}

struct RetrieverOptions {
  SearchOptions search = {};         // k, filter and models of every kind; embedder and reranker must outlive it
  const ChatModel* model = nullptr;  // multi-query, self-query; must outlive it
  size_t fetch_k = 20;               // passages that mmr, ensemble, multi-vector and time-weighted choose among
  double mmr_lambda = 0.5;           // 1: relevance alone, 0: diversity alone
  double threshold = 0.5;            // of threshold: the least cosine (by keywords alone: the least score), 0 to 1
  size_t queries = 3;                // that a model asks beside the question
  std::vector<double> weights = {0.5, 0.5};  // of ensemble: words, meaning
  double rrf_c = 60;                         // of every rank fusion: weight / (rank + c), rank from 1
  double decay_per_hour = 0.01;              // of time-weighted: what a passage loses of its freshness
  int64_t now_ms = 0;                        // of time-weighted; 0: now
  size_t neighbours = 1;                     // chunks on each side
  size_t parent_tokens = 1024;               // of a parent at most
  PromptTemplate multi_query_prompt = default_multi_query_prompt();
  PromptTemplate self_query_prompt = default_self_query_prompt();
};

/// What each does:
///   hybrid         words and meaning (search()), the default of `ask`
///   keyword, similarity   one of the two
///   threshold      similarity, without what lies below `threshold`
///   mmr            fetch_k by meaning, of which those are taken that are near the question and unlike each other
///   ensemble       words and meaning, each a ranking, fused by their ranks and `weights`
///   multi-query    the question and others that the model asks in its place, fused by ranks
///   self-query     the model takes conditions on metadata out of the question; they are checked before they hold
///   compression    hybrid, ordered by the reranker where there is one, cut to the sentences that matter
///   multi-vector   fetch_k by hybrid, ordered by the nearest of their sentences
///   parent         the section around each passage, once
///   neighbours     passages with those before and after
///   time-weighted  fetch_k by hybrid, newer files first where they are as good (score + (1 - decay)^hours)
/// Throws Invalid for another name, and where one needs a model or an embedder that is not there.
std::unique_ptr<Retriever> make_retriever(std::string_view name, const RetrieverOptions& options = {});
std::vector<std::string> retriever_names();

/// sum over lists of weight / (rank + c), rank from 1; best first, equals in the order of the lists. The ids of a list
/// count once, at their first place.
std::vector<std::pair<uint64_t, double>> weighted_rank_fusion(std::span<const std::vector<uint64_t>> lists,
                                                              std::span<const double> weights, double c = 60);

}  // namespace hanok::chain

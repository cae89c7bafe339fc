// Retrievers that join several rankings by their ranks.
#include <algorithm>
#include <map>
#include <set>

#include "chain/retrievers/kinds.h"
#include "hanok/chains.h"
#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/outputs.h"

namespace hanok::chain {
namespace {

/// Rankings as one; the hits' scores are made those for `first`'s question.
void fuse(const store::Snapshot& snapshot, SearchResult& first, std::vector<std::vector<Hit>> lists,
          std::span<const double> weights, const RetrieverOptions& options) {
  std::vector<std::vector<uint64_t>> ids;
  std::map<uint64_t, Hit> by_id;
  for (auto& list : lists) {
    ids.emplace_back();
    for (Hit& h : list) {
      ids.back().push_back(h.chunk.id);
      by_id.try_emplace(h.chunk.id, std::move(h));
    }
  }
  first.hits.clear();
  for (const auto& [id, score] : weighted_rank_fusion(ids, weights, options.rrf_c)) {
    if (first.hits.size() == options.search.k) break;
    first.hits.push_back(std::move(by_id.at(id)));
    first.hits.back().score = score;
  }
  score_for_question(snapshot, first, first.hits);
}

class Ensemble final : public Retriever {
 public:
  explicit Ensemble(RetrieverOptions options) : options_(std::move(options)) {
    if (options_.weights.size() != 2)
      throw Error(Code::Invalid, "retriever ensemble: two weights were expected, of words and of meaning, found " +
                                     std::to_string(options_.weights.size()));
  }
  std::string_view name() const override { return "ensemble"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions words = options_.search, meaning = options_.search;
    words.mode = Mode::Keyword, meaning.mode = Mode::Dense;
    words.k = meaning.k = std::max(options_.search.k, options_.fetch_k);
    Retrieved out{search(snapshot, question, meaning), {}};
    auto by_words = search(snapshot, question, words);
    std::vector<std::vector<Hit>> lists;
    lists.push_back(std::move(by_words.hits));
    lists.push_back(std::move(out.found.hits));
    out.found.mode = Mode::Hybrid;
    fuse(snapshot, out.found, std::move(lists), options_.weights, options_);
    return out;
  }

 private:
  RetrieverOptions options_;
};

class MultiQuery final : public Retriever {
 public:
  explicit MultiQuery(RetrieverOptions options) : options_(std::move(options)) {
    if (!options_.model)
      throw Error(Code::Invalid, "retriever multi-query needs a chat model: -m MODEL, or the setting model");
  }
  std::string_view name() const override { return "multi-query"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    Retrieved out{search(snapshot, question, options_.search), {}};
    std::vector<std::vector<Hit>> lists{out.found.hits};
    for (const auto& other : others(question)) {
      lists.push_back(search(snapshot, other, options_.search).hits);
      out.notes.push_back("also asked: " + other);
    }
    const std::vector<double> weights(lists.size(), 1);
    fuse(snapshot, out.found, std::move(lists), weights, options_);
    return out;
  }

 private:
  std::vector<std::string> others(std::string_view question) const {
    const Message asked{"user", options_.multi_query_prompt.format(
                                    {{"n", std::to_string(options_.queries)}, {"question", std::string(question)}})};
    const auto reply = traced_chat(*options_.model, std::span(&asked, 1), {.temperature = 0.0f, .max_tokens = 200});
    std::vector<std::string> out;
    std::set<std::string> seen{std::string(question)};
    for (auto& line : lines_parser().parse(reply.text()))
      if (out.size() < options_.queries && seen.insert(line).second) out.push_back(std::move(line));
    return out;
  }
  RetrieverOptions options_;
};

}  // namespace

std::vector<std::pair<uint64_t, double>> weighted_rank_fusion(std::span<const std::vector<uint64_t>> lists,
                                                              std::span<const double> weights, double c) {
  if (lists.size() != weights.size())
    throw Error(Code::Invalid, "rank fusion: " + std::to_string(lists.size()) + " lists and " +
                                   std::to_string(weights.size()) + " weights");
  std::vector<std::pair<uint64_t, double>> out;
  std::map<uint64_t, size_t> place;
  for (size_t l = 0; l < lists.size(); ++l) {
    std::set<uint64_t> seen;
    for (size_t r = 0; r < lists[l].size(); ++r) {
      const uint64_t id = lists[l][r];
      if (!seen.insert(id).second) continue;
      const auto [at, fresh] = place.try_emplace(id, out.size());
      if (fresh) out.emplace_back(id, 0);
      out[at->second].second += weights[l] / (static_cast<double>(r + 1) + c);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

PromptTemplate default_multi_query_prompt() {
  return "Write {n} other versions of the question below, so that documents are found which use other words. Keep its "
         "language, names and numbers. One question a line and nothing else.\n\nQuestion: {question}";
}

MadeRetriever make_ensemble(const RetrieverOptions& o) { return std::make_unique<Ensemble>(o); }
MadeRetriever make_multi_query(const RetrieverOptions& o) { return std::make_unique<MultiQuery>(o); }

}  // namespace hanok::chain

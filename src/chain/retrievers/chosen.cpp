// Retrievers that choose anew among what a search found.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/clock.h"
#include "chain/retrievers/kinds.h"
#include "chain/retrievers/sentence_vectors.h"
#include "chain/search/diversify.h"
#include "hanok/error.h"
#include "hanok/lm.h"

namespace hanok::chain {
namespace {

SearchOptions wider(const RetrieverOptions& options) {
  SearchOptions out = options.search;
  out.k = std::max(out.k, options.fetch_k);
  return out;
}

std::vector<size_t> best_first(const std::vector<double>& scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return order;
}

std::vector<double> in_order(const std::vector<double>& scores, const std::vector<size_t>& order) {
  std::vector<double> out;
  for (const size_t i : order) out.push_back(scores[i]);
  return out;
}

class Mmr final : public Retriever {
 public:
  explicit Mmr(RetrieverOptions options) : options_(std::move(options)) {}
  std::string_view name() const override { return "mmr"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions how = wider(options_);
    const auto space = snapshot.vector_space();
    const bool meaning = how.embedder && space;
    how.mode = meaning ? Mode::Dense : Mode::Keyword;
    Retrieved out{search(snapshot, question, how), {}};
    auto& hits = out.found.hits;
    std::vector<double> relevance;
    for (const Hit& h : hits) relevance.push_back(h.score);
    const auto alike = meaning ? by_vectors(snapshot, *space, hits) : by_words(hits);
    if (!meaning) out.notes.push_back("without vectors passages are compared by their words");
    const auto order = maximal_marginal_relevance(relevance, alike, options_.search.k, options_.mmr_lambda);
    reorder(hits, order, in_order(relevance, order), options_.search.k);
    return out;
  }

 private:
  static std::vector<double> by_vectors(const store::Snapshot& snapshot, const store::VectorSpace& space,
                                        const std::vector<Hit>& hits) {
    std::vector<store::ChunkId> ids;
    for (const Hit& h : hits) ids.push_back(h.chunk.id);
    return vector_similarities({ids.size(), space.dim, snapshot.vectors(space, ids)});
  }
  static std::vector<double> by_words(const std::vector<Hit>& hits) {
    std::vector<std::string> texts;
    for (const Hit& h : hits) texts.push_back(h.chunk.text);
    return term_similarities(texts);
  }
  RetrieverOptions options_;
};

/// A passage is as near as its nearest sentence: what stands in a long one beside other things is found.
class MultiVector final : public Retriever {
 public:
  explicit MultiVector(RetrieverOptions options) : options_(std::move(options)), vectors_(options_.search.embedder) {
    if (!options_.search.embedder) throw Error(Code::Invalid, "retriever multi-vector needs an embedding model");
  }
  std::string_view name() const override { return "multi-vector"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    Retrieved out{search(snapshot, question, wider(options_)), {}};
    auto& hits = out.found.hits;
    std::vector<std::string> sentences;
    std::vector<size_t> owner;
    for (size_t i = 0; i < hits.size(); ++i)
      for (const auto& s : text::sentences(hits[i].chunk.text)) {
        sentences.push_back(hits[i].chunk.text.substr(s.start, s.end - s.start));
        owner.push_back(i);
      }
    if (sentences.empty()) return out;
    const auto near = vectors_.cosines(vector_of(out.found.query), sentences);
    std::vector<double> scores(hits.size(), -1);
    for (size_t i = 0; i < near.size(); ++i) scores[owner[i]] = std::max(scores[owner[i]], near[i]);
    const auto order = best_first(scores);
    reorder(hits, order, in_order(scores, order), options_.search.k);
    out.notes.push_back(std::to_string(sentences.size()) + " sentences of " + std::to_string(scores.size()) +
                        " passages were compared");
    return out;
  }

 private:
  /// The question's, which the search has made where the collection has vectors of this model.
  std::vector<float> vector_of(const Query& query) const {
    if (!query.vector.empty()) return query.vector;
    return options_.search.embedder->embed(std::span(&query.text, 1), Prompt::Query).data;
  }
  RetrieverOptions options_;
  SentenceVectors vectors_;
};

class TimeWeighted final : public Retriever {
 public:
  explicit TimeWeighted(RetrieverOptions options) : options_(std::move(options)) {
    if (!(options_.decay_per_hour >= 0 && options_.decay_per_hour <= 1))
      throw Error(Code::Invalid, "retriever time-weighted: a decay from 0 to 1 was expected");
  }
  std::string_view name() const override { return "time-weighted"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    constexpr double kMsPerHour = 3'600'000;
    Retrieved out{search(snapshot, question, wider(options_)), {}};
    auto& hits = out.found.hits;
    const int64_t now = options_.now_ms ? options_.now_ms : base::now_ms();
    std::vector<double> scores;
    for (const Hit& h : hits) {
      const auto document = snapshot.find(h.chunk.path);
      const double hours = document ? static_cast<double>(now - document->modified_ms) / kMsPerHour : 0;
      scores.push_back(h.score + std::pow(1 - options_.decay_per_hour, std::max(0.0, hours)));
    }
    const auto order = best_first(scores);
    reorder(hits, order, in_order(scores, order), options_.search.k);
    return out;
  }

 private:
  RetrieverOptions options_;
};

}  // namespace

MadeRetriever make_mmr(const RetrieverOptions& o) { return std::make_unique<Mmr>(o); }
MadeRetriever make_multi_vector(const RetrieverOptions& o) { return std::make_unique<MultiVector>(o); }
MadeRetriever make_time_weighted(const RetrieverOptions& o) { return std::make_unique<TimeWeighted>(o); }

}  // namespace hanok::chain

// query -> candidates of both sides -> fused -> reranked -> diversified -> hits. Follows docs/architecture.md, "one
// question".
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "chain/search/diversify.h"
#include "chain/search/rank.h"
#include "hanok/chain.h"

namespace hanok::chain {
namespace {

using store::ChunkId;
using store::Json;

// Candidates of each side before fusion; beyond some hundred the tail no longer changes a top 10.
constexpr size_t kCandidates = 100;
// A cross-encoder reads this many of the fused list; the rest keeps its order behind them.
constexpr size_t kRerankDepth = 50;

constexpr double kTrusted = 0.5;  // below: the model does not know the language

const char* mode_name(Mode mode) { return mode == Mode::Hybrid ? "hybrid" : mode == Mode::Dense ? "dense" : "keyword"; }

bool has_vectors(const store::Collection& collection, const EmbeddingModel* embedder,
                 std::vector<std::string>& warnings) {
  if (!embedder) return false;
  const auto space = collection.vector_space();
  if (!space) return false;
  if (space->fingerprint == embedder->space().fingerprint) return true;
  warnings.push_back("the vectors of '" + collection.name() + "' were made by " + space->model + ", not by " +
                     embedder->space().model + "; searching by keywords until `hanok ingest` has embedded them again");
  return false;
}

class Search {
 public:
  Search(const store::Collection& collection, std::string_view query, const SearchOptions& options)
      : collection_(collection), query_(query), options_(options) {}

  /// Everything but the texts: which chunks, in which order.
  std::vector<Candidate> rank(SearchResult& out) {
    choose_mode(out);
    if (out.mode != Mode::Keyword) embed_query();
    if (!gather_from_one_model(out.mode)) {
      candidates_.clear();
      choose_mode(out);
      gather(out.mode);
    }
    fuse(out);
    rerank();
    return diversify();
  }

  SearchResult run() {
    SearchResult out;
    const std::vector<Candidate> chosen = rank(out);
    make_hits(chosen, out);
    return out;
  }

 private:
  void choose_mode(SearchResult& out) const {
    const bool vectors = has_vectors(collection_, options_.embedder, out.warnings);
    out.mode = vectors ? options_.mode : Mode::Keyword;
    if (options_.mode == Mode::Dense && !vectors)
      throw Error(Code::Unavailable, "dense search needs vectors of the embedding model at hand, and '" +
                                         collection_.name() +
                                         "' has none; ingest with a model (see `hanok models`) or use --mode keyword");
  }

  // Vectors of a new model take over between two calls of the collection, at a moment of their own choosing. The
  // question's vector is then of no use any more: false, and keywords decide this once.
  bool gather_from_one_model(Mode mode) {
    const auto answers = [&] {
      const auto space = collection_.vector_space();
      return mode == Mode::Keyword || (space && space->fingerprint == options_.embedder->space().fingerprint);
    };
    try {
      gather(mode);
    } catch (const Error& e) {
      if (e.code() == Code::Invalid && !answers()) return false;  // the dimension is another
      throw;
    }
    return answers();
  }

  void embed_query() {
    const std::string text(query_);
    const Matrix rows = options_.embedder->embed(std::span(&text, 1), Prompt::Query);
    vector_.assign(rows.data.begin(), rows.data.end());
    trust_ = options_.embedder->trust(query_);
  }

  void gather(Mode mode) {
    if (mode == Mode::Keyword) {  // the best k by one score are the result
      for (const auto& m : collection_.search_keyword(query_, depth_alone(), options_.filter))
        candidates_.push_back({m.chunk, m.score, std::nan("")});
      return;
    }
    const size_t depth = std::max(kCandidates, options_.k * 2);
    std::set<ChunkId> ids;
    if (mode != Mode::Dense)
      for (const auto& m : collection_.search_keyword(query_, depth, options_.filter)) ids.insert(m.chunk);
    if (mode != Mode::Keyword)
      for (const auto& m : collection_.search_dense(vector_, depth, options_.filter)) ids.insert(m.chunk);
    const std::vector<ChunkId> list(ids.begin(), ids.end());
    const auto keyword = collection_.keyword_scores(query_, list);
    std::vector<float> dense(list.size(), std::nanf(""));
    if (!vector_.empty()) dense = collection_.dense_scores(vector_, list);
    for (size_t i = 0; i < list.size(); ++i) candidates_.push_back({list[i], keyword[i], dense[i]});
  }

  // With one side only, more than k candidates are of use to what reorders them.
  size_t depth_alone() const {
    return options_.reranker || options_.mmr_lambda < 1 ? std::max(kCandidates, options_.k * 2) : options_.k;
  }

  void fuse(SearchResult& out) {
    fusion_ = measure_cosines(candidates_);
    if (out.mode == Mode::Hybrid) {
      if (options_.fusion == "rrf") return fuse_rrf(candidates_);
      if (options_.fusion != "score")
        throw Error(Code::Invalid, "fusion '" + options_.fusion + "' is not one of: score, rrf");
      fusion_ = fuse_scores(candidates_, {collection_.keyword_ceiling(query_), trust_});
      if (trust_ < kTrusted)
        out.warnings.push_back(options_.embedder->space().model +
                               " does not know the language of this question; keywords decide");
      return;
    }
    const double ceiling = out.mode == Mode::Keyword ? collection_.keyword_ceiling(query_) : 0;
    for (auto& c : candidates_) c.fused = out.mode == Mode::Dense ? c.dense : ceiling > 0 ? c.keyword / ceiling : 0;
    std::sort(candidates_.begin(), candidates_.end(),
              [](const auto& a, const auto& b) { return a.fused != b.fused ? a.fused > b.fused : a.chunk < b.chunk; });
  }

  void rerank() {
    if (!options_.reranker || candidates_.empty()) return;
    if (options_.reranker->labels() != 1)
      throw Error(Code::Invalid, options_.reranker->name() + ": gives " + std::to_string(options_.reranker->labels()) +
                                     " scores for a pair; a reranker gives one");
    const size_t depth = std::min(candidates_.size(), std::max(kRerankDepth, pool()));
    std::vector<std::string> texts;
    for (const auto& record : records(std::span(candidates_).first(depth)))
      texts.push_back(passage_text(record.heading, record.text));
    const Matrix scores = options_.reranker->score(query_, texts);
    for (size_t i = 0; i < depth; ++i) candidates_[i].rerank = scores.row(i)[0];
    std::stable_sort(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(depth),
                     [](const auto& a, const auto& b) { return a.rerank > b.rerank; });
  }

  // The best so far that the result is chosen from: more than k only where it is to be varied.
  size_t pool() const {
    return std::min(candidates_.size(), options_.mmr_lambda < 1 ? std::max<size_t>(4 * options_.k, 20) : options_.k);
  }

  double score(const Candidate& c) const { return options_.reranker ? c.rerank : c.fused; }

  std::vector<Candidate> diversify() const {
    const size_t k = std::min(options_.k, candidates_.size());
    if (options_.mmr_lambda >= 1) return {candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(k)};
    std::vector<std::string> texts;
    for (const auto& record : records(std::span(candidates_).first(pool()))) texts.push_back(record.text);
    std::vector<double> relevance;
    for (size_t i = 0; i < pool(); ++i) relevance.push_back(score(candidates_[i]));
    std::vector<Candidate> out;
    for (const size_t i : maximal_marginal_relevance(relevance, term_similarities(texts), k, options_.mmr_lambda))
      out.push_back(candidates_[i]);
    return out;
  }

  std::vector<store::ChunkRecord> records(std::span<const Candidate> candidates) const {
    std::vector<ChunkId> ids;
    for (const auto& c : candidates) ids.push_back(c.chunk);
    return collection_.chunks(ids);
  }

  void make_hits(const std::vector<Candidate>& chosen, SearchResult& out) const {
    std::map<ChunkId, const Candidate*> by_id;
    for (const auto& c : chosen) by_id[c.chunk] = &c;
    for (auto& record : records(chosen)) {
      const Candidate& c = *by_id.at(record.id);
      Hit hit{std::move(record), score(c), Json::object()};
      hit.explain = {{"mode", mode_name(out.mode)}, {"keyword", c.keyword}, {"fused", c.fused}};
      if (!std::isnan(c.dense)) hit.explain["dense"] = c.dense;
      if (out.mode == Mode::Hybrid) hit.explain["dense_weight"] = fusion_.dense_weight;
      if (out.mode != Mode::Keyword) {
        hit.explain["dense_mean"] = fusion_.mean;
        hit.explain["dense_deviation"] = fusion_.deviation;
      }
      if (options_.reranker) hit.explain["rerank"] = c.rerank;
      if (options_.neighbours > 0) widen(hit);
      out.hits.push_back(std::move(hit));
    }
  }

  // Joins the chunks before and after; overlapping bytes are taken once, from the document's own text.
  void widen(Hit& hit) const {
    const auto ids = collection_.chunk_ids(hit.chunk.document);
    const size_t first = hit.chunk.ordinal > options_.neighbours ? hit.chunk.ordinal - options_.neighbours : 0;
    const size_t last = std::min<size_t>(ids.size(), hit.chunk.ordinal + options_.neighbours + 1);
    const auto around = collection_.chunks(std::span(ids).subspan(first, last - first));
    for (const auto& c : around) {
      hit.chunk.span.start = std::min(hit.chunk.span.start, c.span.start);
      hit.chunk.span.end = std::max(hit.chunk.span.end, c.span.end);
    }
    const std::string text = collection_.document_text(hit.chunk.path);
    hit.chunk.text = text.substr(hit.chunk.span.start, hit.chunk.span.end - hit.chunk.span.start);
  }

  const store::Collection& collection_;
  std::string_view query_;
  const SearchOptions& options_;
  std::vector<float> vector_;
  double trust_ = 1;
  Fusion fusion_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<Candidate> rank(const store::Collection& collection, std::string_view query, const SearchOptions& options,
                            Mode& mode) {
  SearchResult about;
  auto out = Search(collection, query, options).rank(about);
  mode = about.mode;
  return out;
}

SearchResult search(const store::Collection& collection, std::string_view query, const SearchOptions& options) {
  if (options.k == 0) throw Error(Code::Invalid, "search: k must be at least 1");
  return Search(collection, query, options).run();
}

}  // namespace hanok::chain

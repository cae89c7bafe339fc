// query -> candidates of both sides -> fused -> reranked -> diversified -> hits. Follows docs/architecture.md, "one
// question".
#include <algorithm>
#include <cmath>
#include <set>

#include "chain/search/copies.h"
#include "chain/search/diversify.h"
#include "chain/search/exact.h"
#include "chain/search/languages.h"
#include "chain/search/names.h"
#include "chain/search/rank.h"
#include "hanok/chain.h"
#include "hanok/text.h"
#include "hanok/traces.h"

namespace hanok::chain {
namespace {

using store::ChunkId;
using store::Json;

// Candidates of each side before fusion; beyond some hundred the tail no longer changes a top 10.
constexpr size_t kCandidates = 100;
// A cross-encoder reads this many of the fused list; the rest keeps its order behind them.
constexpr size_t kRerankDepth = 50;

// Passages with every word of a phrase that are looked through for the phrase itself: a fiftieth of a second.
constexpr size_t kMostHolding = 1000;

constexpr double kTrusted = 0.5;  // below: the model does not know the language

const char* mode_name(Mode mode) { return mode == Mode::Hybrid ? "hybrid" : mode == Mode::Dense ? "dense" : "keyword"; }

bool has_vectors(const store::Snapshot& snapshot, const EmbeddingModel* embedder, std::vector<std::string>& warnings) {
  if (!embedder) return false;
  const auto space = snapshot.vector_space();
  if (!space) return false;
  if (space->fingerprint == embedder->space().fingerprint) return true;
  warnings.push_back("the vectors of '" + snapshot.name() + "' were made by " + space->model + ", not by " +
                     embedder->space().model + "; searching by keywords until `hanok ingest` has embedded them again");
  return false;
}

class Search {
 public:
  Search(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options)
      : snapshot_(snapshot), options_(options) {
    out_.query.text = query;
    if (options.mode != Mode::Dense) exact_ = read_exact(query);
  }

  /// Everything but the texts: which chunks, in which order.
  std::vector<ScoredChunk> rank() {
    choose_mode();
    read_query();
    gather();
    without_vectors();
    fuse();
    take_copies_together(candidates_, reader());
    if (exact_.any()) to_the_letter();
    rerank();
    return diversify();
  }

  SearchAcross run() {
    make_hits(rank());
    return {std::move(out_), std::move(languages_)};
  }

  Mode mode() const { return out_.mode; }

 private:
  void choose_mode() {
    const bool vectors = has_vectors(snapshot_, options_.embedder, out_.warnings);
    out_.mode = vectors ? options_.mode : Mode::Keyword;
    if (options_.mode == Mode::Dense && !vectors)
      throw Error(Code::Unavailable, "dense search needs vectors of the embedding model at hand, and '" +
                                         snapshot_.name() +
                                         "' has none; ingest with a model (see `hanok models`) or use --mode keyword");
  }

  // A space in which no candidate has a vector (embedding has just begun, or a condition allows none that has): what is
  // done then is keyword search.
  void without_vectors() {
    const bool any =
        std::any_of(candidates_.begin(), candidates_.end(), [](const auto& c) { return !std::isnan(c.dense); });
    if (any || out_.mode == Mode::Keyword) return;
    if (out_.mode == Mode::Dense && options_.filter.everything() && snapshot_.chunk_count() > 0)
      throw Error(Code::Unavailable, "dense search needs vectors, and no passage of '" + snapshot_.name() +
                                         "' has one yet; `hanok ingest --embed-only` makes them");
    if (out_.mode == Mode::Hybrid && !candidates_.empty()) out_.mode = Mode::Keyword;
  }

  void read_query() {
    Query& query = out_.query;
    query.terms = text::analyze(query.text, {.query = true});
    words_ = query.terms;
    for (auto& name : names_in_hangul(snapshot_, query.text)) words_.push_back(std::move(name));
    if (out_.mode == Mode::Keyword) return;
    const Matrix rows = options_.embedder->embed(std::span(&query.text, 1), Prompt::Query);
    query.vector.assign(rows.data.begin(), rows.data.end());
    query.trust = options_.embedder->trust(query.text);
    languages_ = Languages(snapshot_, *options_.embedder, query.text, query.vector);
  }

  ReadChunks reader() const {
    return [this](std::span<const ChunkId> ids) { return snapshot_.chunks(ids); };
  }

  void gather() {
    const Query& query = out_.query;
    if (out_.mode == Mode::Keyword && !exact_.any()) return gather_words();
    const size_t depth = std::max(kCandidates, options_.k * 2);
    std::set<ChunkId> ids;
    const auto add = [&](const std::vector<store::Match>& found) {
      for (const auto& m : found) ids.insert(m.chunk);
    };
    if (out_.mode != Mode::Dense) add(snapshot_.search_keyword(words_, depth, options_.filter));
    if (out_.mode != Mode::Keyword) add(nearest(depth));
    for (const auto& phrase : exact_.phrases) add(snapshot_.search_holding(phrase, kMostHolding, options_.filter));
    if (!exact_.whole.empty()) add(snapshot_.search_holding(exact_.whole, kMostHolding, options_.filter));
    for (const auto& code : exact_.codes) add(snapshot_.search_keyword(code, depth, options_.filter));
    const std::vector<ChunkId> list(ids.begin(), ids.end());
    const auto keyword = snapshot_.keyword_scores(words_, list);
    std::vector<float> dense(list.size(), std::nanf(""));
    if (out_.mode != Mode::Keyword)
      dense = snapshot_.dense_scores(languages_.active() ? languages_.query() : query.vector, list);
    for (size_t i = 0; i < list.size(); ++i) candidates_.push_back({list[i], keyword[i], dense[i]});
    if (!languages_.active()) return;
    const auto scripts = snapshot_.scripts_of(list);
    for (size_t i = 0; i < list.size(); ++i) {
      candidates_[i].dense = languages_.comparable(dense[i], scripts[i]);
      candidates_[i].foreign = languages_.foreign(scripts[i]);
    }
  }

  /// The `depth` best by meaning. Each script's own best ones are among those that compete: by cosine alone the
  /// passages of the question's language would take all places.
  std::vector<store::Match> nearest(size_t depth) const {
    if (!languages_.active()) return snapshot_.search_dense(out_.query.vector, depth, options_.filter);
    std::vector<store::Match> out;
    for (const auto script : languages_.scripts())
      for (auto m : snapshot_.search_dense(languages_.query(), depth, options_.filter, script)) {
        m.score = static_cast<float>(languages_.comparable(m.score, script));
        out.push_back(m);
      }
    std::sort(out.begin(), out.end(), [](const store::Match& a, const store::Match& b) {
      return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
    });
    if (out.size() > depth) out.resize(depth);
    return out;
  }

  // The best k by one score are the result. Where copies took places among them, more are fetched.
  void gather_words() {
    for (size_t depth = depth_alone();; depth *= 2) {
      const auto found = snapshot_.search_keyword(words_, depth, options_.filter);
      candidates_.clear();
      for (const auto& m : found) candidates_.push_back({m.chunk, m.score, std::nan("")});
      auto distinct = candidates_;
      take_copies_together(distinct, reader());
      if (distinct.size() == candidates_.size() || distinct.size() >= options_.k || found.size() < depth) return;
    }
  }

  void to_the_letter() {
    for (auto& warning : mark_exact(exact_, candidates_, reader(), options_.quotes_bind))
      out_.warnings.push_back(std::move(warning));
    // A reranker reads the best of this order, and its own decides then.
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [](const auto& a, const auto& b) { return a.exact > b.exact; });
  }

  // With one side only, more than k candidates are of use to what reorders them.
  size_t depth_alone() const {
    return options_.reranker || options_.mmr_lambda < 1 ? std::max(kCandidates, options_.k * 2) : options_.k;
  }

  void fuse() {
    const Query& query = out_.query;
    out_.fusion = measure_cosines(candidates_);
    if (out_.mode == Mode::Hybrid) {
      if (options_.fusion == "rrf") return fuse_rrf(candidates_);
      if (options_.fusion != "score")
        throw Error(Code::Invalid, "fusion '" + options_.fusion + "' is not one of: score, rrf");
      out_.fusion = fuse_scores(candidates_, {snapshot_.keyword_ceiling(query.terms), query.trust});
      if (query.trust < kTrusted)
        out_.warnings.push_back(options_.embedder->space().model +
                                " does not know the language of this question; keywords decide");
      return;
    }
    const double ceiling = out_.mode == Mode::Keyword ? snapshot_.keyword_ceiling(query.terms) : 0;
    for (auto& c : candidates_) c.fused = out_.mode == Mode::Dense ? c.dense : ceiling > 0 ? c.keyword / ceiling : 0;
    std::sort(candidates_.begin(), candidates_.end(),
              [](const auto& a, const auto& b) { return a.fused != b.fused ? a.fused > b.fused : a.chunk < b.chunk; });
  }

  void rerank() {
    if (!options_.reranker || candidates_.empty()) return;
    const size_t depth = std::min(candidates_.size(), std::max(kRerankDepth, pool()));
    std::vector<std::string> texts;
    for (const auto& record : records(std::span(candidates_).first(depth)))
      texts.push_back(passage_text(record.heading, record.text));
    const auto scores = options_.reranker->score(out_.query.text, texts);
    if (scores.size() != depth)
      throw Error(Code::Internal, options_.reranker->name() + ": gives " + std::to_string(scores.size()) +
                                      " scores for " + std::to_string(depth) + " passages");
    for (size_t i = 0; i < depth; ++i) candidates_[i].rerank = scores[i];
    std::stable_sort(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(depth),
                     [](const auto& a, const auto& b) { return a.rerank > b.rerank; });
  }

  // The best so far that the result is chosen from: more than k only where it is to be varied.
  size_t pool() const {
    return std::min(candidates_.size(), options_.mmr_lambda < 1 ? std::max<size_t>(4 * options_.k, 20) : options_.k);
  }

  double score(const ScoredChunk& c) const { return options_.reranker ? c.rerank : c.fused; }

  std::vector<ScoredChunk> diversify() const {
    const size_t k = std::min(options_.k, candidates_.size());
    if (options_.mmr_lambda >= 1) return {candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(k)};
    std::vector<std::string> texts;
    for (const auto& record : records(std::span(candidates_).first(pool()))) texts.push_back(record.text);
    std::vector<double> relevance;
    for (size_t i = 0; i < pool(); ++i) relevance.push_back(score(candidates_[i]));
    std::vector<ScoredChunk> out;
    for (const size_t i : maximal_marginal_relevance(relevance, term_similarities(texts), k, options_.mmr_lambda))
      out.push_back(candidates_[i]);
    return out;
  }

  /// One for each candidate, in their order.
  std::vector<store::ChunkRecord> records(std::span<const ScoredChunk> candidates) const {
    std::vector<ChunkId> ids;
    for (const auto& c : candidates) ids.push_back(c.chunk);
    auto out = snapshot_.chunks(ids);
    if (out.size() != ids.size())  // of one snapshot: never, but what follows pairs them by number
      throw Error(Code::Corrupt, "collection '" + snapshot_.name() + "': an index finds " +
                                     std::to_string(ids.size() - out.size()) +
                                     " passages that are not there; run `hanok doctor`");
    return out;
  }

  void make_hits(const std::vector<ScoredChunk>& chosen) {
    auto chunks = records(chosen);
    for (size_t i = 0; i < chosen.size(); ++i) {
      const ScoredChunk& c = chosen[i];
      Hit& hit = out_.hits.emplace_back(Hit{std::move(chunks[i]), score(c), {}, {}});
      hit.scores = {.keyword = c.keyword, .fused = c.fused};
      if (!std::isnan(c.dense)) hit.scores.dense = c.dense;
      if (options_.reranker) hit.scores.rerank = c.rerank;
      for (const auto& copy : snapshot_.chunks(c.copies)) hit.also.push_back(copy.path);
      if (options_.neighbours > 0) widen(hit);
    }
    if (!exact_.any() || options_.reranker || options_.mmr_lambda < 1) return;
    // What goes first to the letter has at least the score of what comes behind it.
    for (size_t i = out_.hits.size(); i-- > 1;)
      out_.hits[i - 1].score = std::max(out_.hits[i - 1].score, out_.hits[i].score);
  }

  // Joins the chunks before and after; overlapping bytes are taken once, from the document's own text.
  void widen(Hit& hit) const {
    const auto ids = snapshot_.chunk_ids(hit.chunk.document);
    const size_t first = hit.chunk.ordinal > options_.neighbours ? hit.chunk.ordinal - options_.neighbours : 0;
    const size_t last = std::min<size_t>(ids.size(), hit.chunk.ordinal + options_.neighbours + 1);
    const auto around = snapshot_.chunks(std::span(ids).subspan(first, last - first));
    for (const auto& c : around) {
      hit.chunk.span.start = std::min(hit.chunk.span.start, c.span.start);
      hit.chunk.span.end = std::max(hit.chunk.span.end, c.span.end);
    }
    const std::string text = snapshot_.document_text(hit.chunk.path);
    hit.chunk.text = text.substr(hit.chunk.span.start, hit.chunk.span.end - hit.chunk.span.start);
  }

  const store::Snapshot& snapshot_;
  const SearchOptions& options_;
  SearchResult out_;
  std::vector<text::Term> words_;  // of the question, and its names as they are written in Korean
  Languages languages_;
  Exact exact_;
  std::vector<ScoredChunk> candidates_;
};

}  // namespace

std::vector<ScoredChunk> rank(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options,
                              Mode& mode) {
  Search search(snapshot, query, options);
  auto out = search.rank();
  mode = search.mode();
  return out;
}

SearchAcross search_across(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options) {
  if (options.k == 0) throw Error(Code::Invalid, "search: k must be at least 1");
  OpenSpan span("search");
  SearchAcross out = Search(snapshot, query, options).run();
  if (!span.traced()) return out;
  span.set("hanok.search.query", std::string(query));
  span.set("hanok.search.mode", mode_name(out.result.mode));
  span.set("hanok.search.hits", std::to_string(out.result.hits.size()));
  return out;
}

SearchResult search(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options) {
  return search_across(snapshot, query, options).result;
}

SearchResult search(const store::Collection& collection, std::string_view query, const SearchOptions& options) {
  return search(*collection.snapshot(), query, options);
}

store::Json explain(const SearchResult& result, const Hit& hit) {
  Json out = {{"mode", mode_name(result.mode)}, {"keyword", hit.scores.keyword}, {"fused", hit.scores.fused}};
  out["script"] = text::script_name(text::script_of(hit.chunk.text));
  if (hit.scores.dense) out["dense"] = *hit.scores.dense;
  if (result.mode == Mode::Hybrid) out["dense_weight"] = result.fusion.dense_weight;
  if (result.mode != Mode::Keyword) {
    out["dense_mean"] = result.fusion.mean;
    out["dense_deviation"] = result.fusion.deviation;
  }
  if (hit.scores.rerank) out["rerank"] = *hit.scores.rerank;
  return out;
}

}  // namespace hanok::chain

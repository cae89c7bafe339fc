// Retrievers that give passages other edges. What they give is one piece of its document still, so that citations hold.
#include <algorithm>
#include <cmath>
#include <set>

#include "chain/retrievers/kinds.h"
#include "chain/retrievers/sentence_vectors.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

/// Contextual compression: without the sentences at both ends that say nothing of the question.
class Compression final : public Retriever {
 public:
  explicit Compression(RetrieverOptions options) : options_(std::move(options)), vectors_(options_.search.embedder) {}
  std::string_view name() const override { return "compression"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions how = options_.search;  // its reranker reads some fifty of the fused ranking
    Retrieved out{search(snapshot, question, how), {}};
    auto& hits = out.found.hits;
    std::vector<std::vector<text::Span>> spans;
    std::vector<std::string> sentences;
    for (const Hit& hit : hits) {
      spans.push_back(text::sentences(hit.chunk.text));
      if (spans.back().size() < 2) spans.back().clear();
      for (const auto& s : spans.back()) sentences.push_back(hit.chunk.text.substr(s.start, s.end - s.start));
    }
    const bool meaning = !out.found.query.vector.empty() && options_.search.embedder;
    const auto score =
        meaning ? vectors_.cosines(out.found.query.vector, sentences) : by_words(out.found.query.terms, sentences);
    size_t before = 0, after = 0, at = 0;
    for (size_t i = 0; i < hits.size(); ++i) {
      before += hits[i].chunk.text.size();
      shorten(hits[i], spans[i], std::span(score).subspan(at, spans[i].size()), meaning);
      after += hits[i].chunk.text.size();
      at += spans[i].size();
    }
    out.notes.push_back(std::to_string(after) + " of " + std::to_string(before) + " bytes of the passages were kept");
    return out;
  }

 private:
  // A sentence at an end goes where it is so many standard deviations of its passage's sentences further from the
  // question than the nearest. Not a share of the cosine: of e5 all cosines are .7 to .9, of others 0 to .8. On 119
  // paragraphs each of XQuAD-en and KorQuAD, e5: 2 keeps .75 and .72 of the bytes with .98 and .99 of the answers, 1.5
  // .56 and .56 with .94 and .98, 1 .42 and .42 with .90 and .92.
  static constexpr double kNear = 2;

  static double deviation(std::span<const double> score) {
    double mean = 0, square = 0;
    for (const double s : score) mean += s / static_cast<double>(score.size());
    for (const double s : score) square += (s - mean) * (s - mean) / static_cast<double>(score.size());
    return std::sqrt(square);
  }

  /// The share of the question's terms that each has.
  static std::vector<double> by_words(const std::vector<text::Term>& terms, const std::vector<std::string>& sentences) {
    std::vector<double> out;
    std::set<std::string> wanted;
    for (const auto& term : terms) wanted.insert(term.form);
    for (const auto& s : sentences) {
      std::set<std::string> had;
      for (const auto& term : text::analyze(s))
        if (wanted.count(term.form)) had.insert(term.form);
      out.push_back(wanted.empty() ? 0 : static_cast<double>(had.size()) / static_cast<double>(wanted.size()));
    }
    return out;
  }

  static void shorten(Hit& hit, const std::vector<text::Span>& spans, std::span<const double> score, bool meaning) {
    if (spans.empty()) return;
    const double best = *std::max_element(score.begin(), score.end());
    if (!meaning && best <= 0) return;
    // By words alone any word in common keeps a sentence: a table's row has little of a question, and is its answer.
    constexpr double kRounding = 1e-6;
    const double least = meaning ? best - kNear * deviation(score) - kRounding : 1e-9;
    size_t first = 0, last = spans.size() - 1;
    while (first < last && score[first] < least) ++first;
    while (last > first && score[last] < least) --last;
    const text::Span kept{spans[first].start, spans[last].end};
    hit.chunk.text = hit.chunk.text.substr(kept.start, kept.end - kept.start);
    hit.chunk.span = {hit.chunk.span.start + kept.start, hit.chunk.span.start + kept.end};
  }

  RetrieverOptions options_;
  SentenceVectors vectors_;
};

/// The section that a passage stands in: the chunks around it under the same heading.
class Parent final : public Retriever {
 public:
  explicit Parent(RetrieverOptions options) : options_(std::move(options)) {}
  std::string_view name() const override { return "parent"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions how = options_.search;
    how.k *= 2;  // several children may have one parent
    Retrieved out{search(snapshot, question, how), {}};
    std::vector<Hit> parents;
    std::set<store::ChunkId> covered;
    for (Hit& hit : out.found.hits) {
      if (covered.count(hit.chunk.id) || parents.size() == options_.search.k) continue;
      widen(snapshot, hit, covered);
      parents.push_back(std::move(hit));
    }
    out.found.hits = std::move(parents);
    return out;
  }

 private:
  void widen(const store::Snapshot& snapshot, Hit& hit, std::set<store::ChunkId>& covered) const {
    const auto all = snapshot.chunks(snapshot.chunk_ids(hit.chunk.document));
    size_t first = hit.chunk.ordinal, last = first, tokens = text::count_tokens(hit.chunk.text);
    covered.insert(hit.chunk.id);
    const auto take = [&](size_t i) {
      const size_t more = text::count_tokens(all[i].text);
      if (all[i].heading != hit.chunk.heading || covered.count(all[i].id) || tokens + more > options_.parent_tokens)
        return false;
      tokens += more;
      covered.insert(all[i].id);
      return true;
    };
    for (bool before = true, behind = true; before || behind;) {
      before = before && first > 0 && take(first - 1);
      if (before) --first;
      behind = behind && last + 1 < all.size() && take(last + 1);
      if (behind) ++last;
    }
    if (first == last) return;
    text::Span span = all[first].span;
    for (size_t i = first; i <= last; ++i) span.end = std::max(span.end, all[i].span.end);
    hit.chunk.page = all[first].page;
    set_text(snapshot, hit, span);
  }

  RetrieverOptions options_;
};

}  // namespace

MadeRetriever make_compression(const RetrieverOptions& o) { return std::make_unique<Compression>(o); }
MadeRetriever make_parent(const RetrieverOptions& o) { return std::make_unique<Parent>(o); }

}  // namespace hanok::chain

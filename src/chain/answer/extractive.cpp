#include "chain/answer/extractive.h"

#include <algorithm>

#include "chain/answer/confidence.h"
#include "chain/answer/foreign.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostQuotes = 3;
constexpr size_t kNearest = 3;
// Further sentences are shown when they are nearly as likely as the first: then the reader must choose, not we.
constexpr double kNearlyAsLikely = 0.4;
// Across languages less is known: of 200 Korean questions about English paragraphs (`hanok eval across`) the right
// sentence is among those shown for .520 with the best alone, .580 at .25, .605 at .08; never more than three are
// shown.
constexpr double kNearlyAsLikelyAcross = 0.08;
// The sentences beside the best one are shown too when they hold so much of what the question is about: it goes on
// about it.
constexpr double kGoesOn = 0.4;

Quote quote_of(const Sentence& s) { return {s.passage, s.span, s.leans ? s.lead : std::nullopt, s.columns}; }

bool covers(const Quote& q, const Sentence& s) {
  const size_t start = q.lead ? q.lead->start : q.span.start;
  return q.passage == s.passage && start <= s.span.start && s.span.end <= q.span.end;
}

void add(const Sentence* beside, std::vector<Quote>& quotes) {
  if (!beside || beside->heading || beside->own < kGoesOn || quotes.size() == kMostQuotes) return;
  if (std::any_of(quotes.begin(), quotes.end(), [&](const Quote& q) { return covers(q, *beside); })) return;
  quotes.push_back(quote_of(*beside));
}

template <class Ranked>
const Sentence* best_of(const std::vector<Ranked>& sentences, size_t passage) {
  const auto best = std::find_if(sentences.begin(), sentences.end(), [&](auto& s) { return s.passage == passage; });
  return best == sentences.end() ? nullptr : &*best;
}

std::vector<Quote> nearest_of(const std::vector<Sentence>& sentences, const std::vector<ForeignSentence>& foreign,
                              size_t passages) {
  std::vector<Quote> out;
  for (size_t p = 0; p < passages && out.size() < kNearest; ++p) {
    const Sentence* best = best_of(foreign, p);
    if (!best) best = best_of(sentences, p);
    if (best) out.push_back(quote_of(*best));
  }
  return out;
}

/// The best sentence, and those that are nearly as likely. A heading stands alone: beside a sentence it says nothing.
template <class Ranked>
std::vector<Quote> quotes_of(const std::vector<Ranked>& sentences, double nearly) {
  std::vector<Quote> out;
  for (const Sentence& s : sentences) {
    if (out.size() == kMostQuotes || s.probability < nearly * sentences.front().probability) break;
    if (s.heading && !out.empty()) continue;
    if (std::none_of(out.begin(), out.end(), [&](const Quote& q) { return covers(q, s); })) out.push_back(quote_of(s));
  }
  return out;
}

void add_what_is_beside(const std::vector<Sentence>& sentences, std::vector<Quote>& quotes) {
  if (quotes.empty()) return;
  const Quote best = quotes.front();
  const Sentence *next = nullptr, *previous = nullptr;
  for (const Sentence& s : sentences) {
    if (s.passage != best.passage) continue;
    if (s.span.start >= best.span.end && (!next || s.span.start < next->span.start)) next = &s;
    if (s.span.end <= best.span.start && (!previous || s.span.start > previous->span.start)) previous = &s;
  }
  add(next, quotes);
  add(previous, quotes);
}

}  // namespace

Extract extract(const Question& question, const std::vector<Passage>& passages, const Meaning& meaning,
                const Across& across, const Rewording& reworded) {
  Extract out;
  const auto sentences = rank_sentences(question, passages, meaning);
  const auto foreign = rank_foreign(question, passages, across);
  out.confidence = confidence(question, passages, sentences, bool(meaning), reworded);
  const double of_foreign = foreign_confidence(question, passages, foreign, sentences);
  if (of_foreign > out.confidence) {
    out.confidence = of_foreign;
    out.quotes = quotes_of(foreign, kNearlyAsLikelyAcross);
  } else {
    out.quotes = quotes_of(sentences, kNearlyAsLikely);
    add_what_is_beside(sentences, out.quotes);
  }
  out.nearest = nearest_of(sentences, foreign, passages.size());
  if (!out.quotes.empty()) {
    const Quote& first = out.quotes.front();
    const std::string text = passages[first.passage].text.substr(first.span.start, first.span.end - first.span.start);
    const text::Span span = best_short_answer(text, question).span;
    out.short_answer = text.substr(span.start, span.end - span.start);
  }
  return out;
}

}  // namespace hanok::chain::answer

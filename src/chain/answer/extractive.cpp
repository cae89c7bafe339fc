#include "chain/answer/extractive.h"

#include "chain/answer/confidence.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostQuotes = 3;
// Further sentences are shown when they are nearly as likely as the first: then the reader must choose, not we.
constexpr double kNearlyAsLikely = 0.4;
// The sentences beside the best one are shown too when they hold so much of what the question is about: it goes on
// about it.
constexpr double kGoesOn = 0.4;

void add(const Sentence* beside, std::vector<Quote>& quotes) {
  if (!beside || beside->heading || beside->own < kGoesOn || quotes.size() == kMostQuotes) return;
  for (const Quote& q : quotes)
    if (q.passage == beside->passage && q.span.start == beside->span.start) return;
  quotes.push_back({beside->passage, beside->span});
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

Extract extract(const Question& question, const std::vector<Passage>& passages, const Meaning& meaning) {
  Extract out;
  const auto sentences = rank_sentences(question, passages, meaning);
  out.confidence = confidence(question, passages, sentences, bool(meaning));
  for (const Sentence& s : sentences) {
    if (out.quotes.size() == kMostQuotes || s.probability < kNearlyAsLikely * sentences.front().probability) break;
    out.quotes.push_back({s.passage, s.span});
  }
  add_what_is_beside(sentences, out.quotes);
  if (!out.quotes.empty()) {
    const Quote& first = out.quotes.front();
    const std::string text = passages[first.passage].text.substr(first.span.start, first.span.end - first.span.start);
    const text::Span span = best_short_answer(text, question).span;
    out.short_answer = text.substr(span.start, span.end - span.start);
  }
  return out;
}

}  // namespace hanok::chain::answer

#include "chain/answer/extractive.h"

#include "chain/answer/confidence.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostQuotes = 3;
// Further sentences are shown when they are nearly as likely as the first: then the reader must choose, not we.
constexpr double kNearlyAsLikely = 0.4;
// The sentence after the best one is shown too when it holds so much of what the question is about: it goes on about
// it.
constexpr double kGoesOn = 0.4;

void add_what_follows(const std::vector<Sentence>& sentences, std::vector<Quote>& quotes) {
  if (quotes.empty() || quotes.size() == kMostQuotes) return;
  const Sentence* next = nullptr;
  for (const Sentence& s : sentences) {
    if (s.passage != quotes[0].passage || s.span.start < quotes[0].span.end) continue;
    if (!next || s.span.start < next->span.start) next = &s;
  }
  if (!next || next->heading || next->own < kGoesOn) return;
  for (const Quote& q : quotes)
    if (q.passage == next->passage && q.span.start == next->span.start) return;
  quotes.push_back({next->passage, next->span});
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
  add_what_follows(sentences, out.quotes);
  if (!out.quotes.empty()) {
    const Quote& first = out.quotes.front();
    const std::string text = passages[first.passage].text.substr(first.span.start, first.span.end - first.span.start);
    const text::Span span = best_short_answer(text, question).span;
    out.short_answer = text.substr(span.start, span.end - span.start);
  }
  return out;
}

}  // namespace hanok::chain::answer

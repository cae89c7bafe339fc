#include "chain/answer/extractive.h"

#include "chain/answer/confidence.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostQuotes = 3;
// Further sentences are shown when they are nearly as likely as the first: then the reader must choose, not we.
constexpr double kNearlyAsLikely = 0.4;

}  // namespace

Extract extract(const Question& question, const std::vector<Passage>& passages, const Meaning& meaning) {
  Extract out;
  const auto sentences = rank_sentences(question, passages, meaning);
  out.confidence = confidence(question, passages, sentences, bool(meaning));
  for (const Sentence& s : sentences) {
    if (out.quotes.size() == kMostQuotes || s.probability < kNearlyAsLikely * sentences.front().probability) break;
    out.quotes.push_back({s.passage, s.span});
  }
  if (!out.quotes.empty()) {
    const Quote& first = out.quotes.front();
    const std::string text = passages[first.passage].text.substr(first.span.start, first.span.end - first.span.start);
    const text::Span span = best_short_answer(text, question).span;
    out.short_answer = text.substr(span.start, span.end - span.start);
  }
  return out;
}

}  // namespace hanok::chain::answer

// An answer made of the passages' own sentences.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

struct Quote {
  size_t passage = 0;
  text::Span span;                    // of the passage's text
  std::optional<text::Span> lead;     // the sentences before it that it is read with
  std::optional<text::Span> columns;  // of a table's row, the row that names its columns
};

struct Extract {
  std::vector<Quote> quotes;   // best first, one to three; empty when no passage has a sentence
  std::string short_answer;    // a few words of the first quote
  double confidence = 0;       // 0..1
  std::vector<Quote> nearest;  // of the first three passages the best sentence each, in the passages' order
};

/// Sentences in the question's language and, with `across`, those in others, each with a confidence of their own: the
/// surer answer is taken.
Extract extract(const Question& question, const std::vector<Passage>& passages, const Meaning& meaning = {},
                const Across& across = {}, const Rewording& reworded = {});

}  // namespace hanok::chain::answer

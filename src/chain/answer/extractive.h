// An answer made of the passages' own sentences.
#pragma once

#include <string>
#include <vector>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

struct Quote {
  size_t passage = 0;
  text::Span span;  // of the passage's text
};

struct Extract {
  std::vector<Quote> quotes;  // best first, one to three; empty when no passage has a sentence
  std::string short_answer;   // a few words of the first quote
  double confidence = 0;      // 0..1
};

Extract extract(const Question& question, const std::vector<Passage>& passages, const Meaning& meaning = {});

}  // namespace hanok::chain::answer

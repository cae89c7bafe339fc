// What an answer is made from: the question read, and what search found for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/evidence.h"
#include "hanok/chain.h"

namespace hanok::chain::answer {

struct Gathered {
  Question question;
  std::vector<Hit> hits;
  std::vector<Passage> passages;  // of the hits, in the same order
  Meaning meaning;                // empty without an embedder that knows the language
  Rewording reworded;             // empty where meaning is
  Across across;                  // empty too where no passage could be in another language
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  // of the retriever
};

/// By search(), or by a retriever. `options.embedder` must outlive the result. Its functions are for one thread.
Gathered gather(const store::Snapshot& snapshot, std::string_view question, const SearchOptions& options,
                const Retriever* retriever = nullptr);

}  // namespace hanok::chain::answer

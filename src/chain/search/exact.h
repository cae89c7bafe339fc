// What a query wants letter by letter: phrases in quotes, and the codes of a short query ("kill -9", HF_ENDPOINT,
// AX-77B, § 12).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/search/fusion.h"

namespace hanok::chain {

struct Exact {
  std::vector<std::string> phrases;  // in quotes
  std::vector<std::string> codes;    // words that are names rather than language
  std::string whole;                 // a query of a few words with a code among them, as it was typed; else empty
  bool any() const { return !phrases.empty() || !codes.empty() || !whole.empty(); }
};

/// Quotes are "..." and those of other scripts. Codes are looked for in queries of at most four words.
Exact read_exact(std::string_view query);

/// A passage that is looked through for them. Letters are compared as NFKC in lower case, blanks and line breaks are
/// one, dashes are one.
class ExactText {
 public:
  explicit ExactText(std::string_view text);
  /// The phrase stands there, not inside of a longer word or number of Latin letters or digits. A blank of the phrase
  /// is also a hyphen of the text.
  bool holds(std::string_view phrase) const;
  /// The code stands there, with whatever or nothing between its parts: AX77B, AX-77B, AX 77B.
  bool holds_code(std::string_view code) const;

 private:
  std::u32string text_;
};

/// How well a passage serves the query to the letter: 0 not at all; more goes before less.
int exactness(const Exact& exact, const ExactText& passage);

/// Sets ScoredChunk::exact of each candidate. quotes_bind: those that do not hold every phrase are taken out; what is
/// returned then are warnings that say which phrases no candidate holds.
std::vector<std::string> mark_exact(const Exact& exact, std::vector<ScoredChunk>& candidates, const ReadChunks& read,
                                    bool quotes_bind);

}  // namespace hanok::chain

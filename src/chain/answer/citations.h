// Checking a model's [n] against the passages, sentence by sentence, before anybody sees them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/text.h"

namespace hanok::chain::answer {

/// Why a statement is not supported by a passage; empty when it is. Supported means: at least kSupport of its content
/// words (in Korean: of its two-syllable pieces) stand in the passage, and every number of it does.
std::string why_unsupported(std::string_view statement, std::string_view passage);
inline constexpr double kSupport = 0.5;

/// The sentence of the passage that shares most with the statement.
text::Span best_quote(std::string_view statement, std::string_view passage);

/// Takes an answer as it streams in and gives it out a sentence at a time, without the markers that do not hold.
/// A sentence is held back until its markers, also those after its full stop, have come.
class CitationFilter {
 public:
  using Out = std::function<bool(std::string_view)>;
  /// passages: their texts, [1] first. They must outlive the filter.
  CitationFilter(std::vector<std::string_view> passages, Out out)
      : passages_(std::move(passages)), out_(std::move(out)) {}

  /// False when the receiver wants no more.
  bool push(std::string_view piece);
  bool finish();

  const std::string& text() const { return text_; }                    // what was given out
  const std::map<int, text::Span>& quotes() const { return quotes_; }  // n -> the sentence of its passage
  const std::vector<std::string>& dropped() const { return dropped_; }

 private:
  bool release(bool all);
  bool give(std::string_view sentence);
  std::vector<std::string_view> passages_;
  Out out_;
  std::string pending_, text_;
  std::map<int, text::Span> quotes_;
  std::vector<std::string> dropped_;
};

}  // namespace hanok::chain::answer

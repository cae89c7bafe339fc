// What tokenizer.json calls a pattern: a literal string or a regular expression.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizers/json_view.h"

namespace hanok::text::tokenizers {

struct Match {
  size_t begin = 0, end = 0;
  bool matched = false;  // false: the text between two matches
};

class Pattern {
 public:
  virtual ~Pattern() = default;
  /// The whole text as matches and what is between them, in order. Only a match may be empty: it is a place to cut.
  virtual std::vector<Match> split(std::string_view text) const = 0;
};

/// From {"String": "..."} or {"Regex": "..."}.
std::unique_ptr<Pattern> make_pattern(const JsonView& json);
std::unique_ptr<Pattern> make_literal(std::string text);
std::unique_ptr<Pattern> make_regex(std::string_view source, const std::string& where);

/// `text` with every match replaced by `content`.
std::string replace_all(const Pattern& pattern, std::string_view text, std::string_view content);

}  // namespace hanok::text::tokenizers

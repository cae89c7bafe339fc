// Hyphens at the end of a line: whether they belong to the text ("24-" + "48", "well-" + "known") or only cut a word.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace hanok::text {

/// Knows the words of a document, which decide: "con-" + "tinue" is one word where "continue" stands elsewhere, "well-"
/// + "known" keeps its hyphen where "well-known" does.
class Hyphens {
 public:
  /// A word without blanks; what surrounds it (quotes, full stops) is taken off.
  void learn(std::string_view word);
  /// Every word of a text.
  void learn_text(std::string_view text);

  enum class Join {
    No,    // the line end stays
    Keep,  // the two are one word with its hyphen
    Drop,  // the two are one word without it
  };
  /// `line` ends with the hyphen; `next` begins the next line.
  Join judge(std::string_view line, std::string_view next) const;
  /// `line` without its hyphen where judge() says Drop.
  static std::string_view without_hyphen(std::string_view line);

 private:
  std::unordered_set<std::string> words_;
};

/// A text with the words whole that its line ends cut: what stands on the next line up to a blank comes up.
std::string join_hyphens(std::string_view text);

}  // namespace hanok::text

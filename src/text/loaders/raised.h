// Superscripts and subscripts as text that is read and searched as it was meant: 10^3, m², H2O, 1st, treaty[1].
#pragma once

#include <string>
#include <string_view>

namespace hanok::text {

/// What `raised` (a superscript) becomes behind `before`, the text so far on its line (only its end matters).
///   a mark of a note, behind a word: "[1]"          an exponent or a mark behind a number: "^2"
///   a square or cube of a unit: "²", "³"            letters: as they are ("1st", "M" + "lle")
/// `is_note`: known to be the mark of a note (a link to it, a reference of the file format).
std::string superscript(std::string_view before, std::string_view raised, bool is_note = false);
/// "2" behind "H" is "H2"; behind a number, which would become another one, "_2".
std::string subscript(std::string_view before, std::string_view lowered);

/// A paragraph in the making. Formats cut text into runs: neighbours that are raised alike are one superscript.
class RaisedText {
 public:
  /// side: 0 on the line, above 0 a superscript, below 0 a subscript.
  void add(std::string_view text, int side = 0);
  void note(std::string_view mark);
  bool empty() const { return text_.empty() && raised_.empty(); }
  /// The text so far.
  const std::string& text();
  /// The same, and begins anew.
  std::string take();

 private:
  void settle();
  std::string text_, raised_;
  int side_ = 0;
};

}  // namespace hanok::text

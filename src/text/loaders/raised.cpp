#include "text/loaders/raised.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

using base::is_digit;
using base::is_letter;
bool all(std::string_view text, bool (*is)(char)) { return !text.empty() && std::all_of(text.begin(), text.end(), is); }

// The letters at the end: "12 km" -> "km".
std::string_view last_word(std::string_view text) {
  size_t start = text.size();
  while (start > 0 && is_letter(text[start - 1])) --start;
  return text.substr(start);
}

bool is_unit(std::string_view word) {
  constexpr std::array<std::string_view, 12> kUnits{"m",  "mm", "cm", "dm", "km", "in",
                                                    "ft", "yd", "mi", "s",  "M",  "KM"};
  return std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end();
}

// "1,3" "2-4" "*" "†" "(2)" and the like mark notes; "n+1" and "-1" do not.
bool is_mark(std::string_view text) {
  return text.find_first_not_of("0123456789,-– ") == text.npos && is_digit(text.front());
}

}  // namespace

std::string superscript(std::string_view before, std::string_view raised, bool is_note) {
  const std::string text = collapse_blanks(raised);
  if (text.empty()) return {};
  const bool bracketed = text.front() == '[' || text.front() == '(';
  if (is_note) return bracketed ? text : "[" + text + "]";
  if (bracketed || before.empty() || is_blank(before.back())) return text;
  const char last = before.back();
  if (all(text, is_letter)) return is_digit(last) || is_letter(last) ? text : " " + text;
  const auto word = last_word(before);
  if (is_unit(word) && text == "2") return "²";
  if (is_unit(word) && text == "3") return "³";
  if (is_digit(last) || (word.size() == 1 && is_letter(last)) || last == ')') return "^" + text;
  if (is_mark(text)) return "[" + text + "]";
  return static_cast<unsigned char>(text.front()) < 0x80 &&
                 (is_digit(text.front()) || text.front() == '-' || is_letter(text.front()))
             ? "^" + text
             : text;  // *, †, ®
}

std::string subscript(std::string_view before, std::string_view lowered) {
  const std::string text = collapse_blanks(lowered);
  if (text.empty() || before.empty() || !is_digit(before.back()) ||
      !(is_digit(text.front()) || is_letter(text.front())))
    return text;
  return "_" + text;
}

void RaisedText::add(std::string_view text, int side) {
  side = side > 0 ? 1 : side < 0 ? -1 : 0;
  if (side != side_) settle();
  side_ = side;
  (side == 0 ? text_ : raised_) += text;
}

void RaisedText::note(std::string_view mark) {
  settle();
  text_ += superscript(text_, mark, true);
}

const std::string& RaisedText::text() {
  settle();
  return text_;
}

std::string RaisedText::take() {
  settle();
  return std::exchange(text_, {});
}

void RaisedText::settle() {
  if (!raised_.empty()) text_ += side_ > 0 ? superscript(text_, raised_) : subscript(text_, raised_);
  raised_.clear(), side_ = 0;
}

}  // namespace hanok::text

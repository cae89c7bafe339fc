#include "text/loaders/hyphens.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

constexpr std::string_view kSoft = "\xC2\xAD";         // U+00AD: a hyphen only where a line ends
constexpr std::string_view kUnicode = "\xE2\x80\x90";  // U+2010: as '-'

using base::is_digit;
using base::is_lower;
using base::is_upper;
bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_word_char(char c) { return is_digit(c) || is_lower(c) || is_upper(c) || is_foreign(c); }

std::string_view last_word(std::string_view line) {
  size_t start = line.size();
  while (start > 0 && !is_blank(line[start - 1])) --start;
  return line.substr(start);
}

std::string_view first_word(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && !is_blank(line[end])) ++end;
  return line.substr(0, end);
}

// "(well-known)," -> "well-known"
std::string bare(std::string_view word) {
  while (!word.empty() && !is_word_char(word.front())) word.remove_prefix(1);
  while (!word.empty() && !is_word_char(word.back())) word.remove_suffix(1);
  return base::lower(word);
}

std::string_view without(std::string_view line, std::string_view hyphen) {
  return line.substr(0, line.size() - hyphen.size());
}

// First parts that make compounds and end no syllable of longer words.
bool begins_compounds(std::string_view part) {
  constexpr std::array<std::string_view, 16> kParts{"well",  "self",  "half",  "long", "short", "high",
                                                    "full",  "two",   "three", "four", "first", "second",
                                                    "third", "cross", "north", "south"};
  return std::find(kParts.begin(), kParts.end(), part) != kParts.end();
}

bool is_ending(std::string_view part) {
  constexpr std::array<std::string_view, 12> kEndings{"ing",  "er",   "ers", "ed", "ish", "ly",
                                                      "ness", "ment", "age", "es", "est", "ity"};
  return std::find(kEndings.begin(), kEndings.end(), part) != kEndings.end();
}

}  // namespace

void Hyphens::learn(std::string_view word) {
  constexpr size_t kMostWords = 1'000'000, kLongest = 64;
  if (words_.size() >= kMostWords) return;
  if (std::string known = bare(word); known.size() > 1 && known.size() <= kLongest) words_.insert(std::move(known));
}

void Hyphens::learn_text(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && is_blank(text[at])) ++at;
    size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    // What a line end cut is no word that is known.
    if (end > at && text[end - 1] != '-') learn(text.substr(at, end - at));
    at = end;
  }
}

std::string_view Hyphens::without_hyphen(std::string_view line) {
  for (const auto hyphen : {kSoft, kUnicode, std::string_view("-")})
    if (line.ends_with(hyphen)) return without(line, hyphen);
  return line;
}

Hyphens::Join Hyphens::judge(std::string_view line, std::string_view next) const {
  const std::string_view head = without_hyphen(line);
  if (head.size() == line.size() || head.empty() || next.empty()) return Join::No;
  if (line.ends_with(kSoft)) return Join::Drop;
  const char before = head.back(), after = next.front();
  if (!is_word_char(before) || !is_word_char(after)) return Join::No;  // a dash, a rule of hyphens, a list
  if (is_digit(before) || is_digit(after)) return Join::Keep;
  const std::string_view first = last_word(head), second = first_word(next);
  const std::string one = bare(first), two = bare(second);
  if (words_.contains(one + two)) return Join::Drop;
  if (is_upper(after)) return Join::Keep;
  if (is_foreign(before) || is_foreign(after)) {
    // Latin letters with accents are cut like others; Hangul and Han have no such hyphens.
    const auto wide = [](char c) {
      return static_cast<unsigned char>(c) >= 0xE1 || (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    };
    const bool latin =
        !(is_foreign(after) && wide(after)) &&
        !(is_foreign(before) && head.size() >= 3 && static_cast<unsigned char>(head[head.size() - 3]) >= 0xE1);
    if (!latin) return Join::Keep;
  }
  if (words_.contains(one + "-" + two)) return Join::Keep;
  if (one.find('-') != one.npos || two.find('-') != two.npos) return Join::Keep;  // state-of-the-art
  if (is_upper(before)) return Join::Keep;                                        // AX-series
  if (is_ending(two)) return Join::Drop;
  if (begins_compounds(one)) return Join::Keep;
  // Both halves are words of this document, and not small ones that syllables look like.
  constexpr size_t kSmall = 4;
  const bool both = one.size() >= kSmall && two.size() >= kSmall && words_.contains(one) && words_.contains(two);
  return both ? Join::Keep : Join::Drop;
}

std::string join_hyphens(std::string_view text) {
  if (text.find("-\n") == text.npos && text.find("-\r\n") == text.npos && text.find(kSoft) == text.npos)
    return std::string(text);
  Hyphens hyphens;
  hyphens.learn_text(text);
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    size_t next = std::min(end + 1, text.size());
    size_t word = next;
    while (word < text.size() && (text[word] == ' ' || text[word] == '\t')) ++word;
    const auto join = hyphens.judge(line, first_word(text.substr(word, std::min<size_t>(text.size() - word, 256))));
    if (join == Hyphens::Join::No) {
      out += text.substr(at, next - at);
    } else {
      out += join == Hyphens::Join::Keep ? line : Hyphens::without_hyphen(line);
      next = word;
    }
    at = next;
  }
  return out;
}

}  // namespace hanok::text

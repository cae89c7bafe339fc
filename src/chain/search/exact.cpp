#include "chain/search/exact.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::chain {
namespace {

constexpr size_t kShortQuery = 4;   // words; a longer query is a sentence, and its meaning decides
constexpr size_t kLongNumber = 5;   // digits; shorter numbers are years, prices, counts
constexpr size_t kMostBetween = 2;  // signs between the parts of a code: "(02) 123"

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_latin(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// Letters of scripts that put blanks between words: inside of them a phrase does not begin or end.
bool is_word(char32_t c) {
  return is_digit(c) || is_latin(c) || (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) ||
         (c >= 0x370 && c <= 0x52F);
}
bool is_blank(char32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
bool is_dash(char32_t c) { return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212; }
bool is_separator(char32_t c) {
  return c == ' ' || c == '-' || c == '_' || c == '/' || c == '.' || c == ':' || c == ',' || c == '&' || c == '(' ||
         c == ')' || c == 0xB7;
}

std::u32string decode(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const size_t length = std::min<size_t>(first < 0x80   ? 1
                                           : first < 0xE0 ? 2
                                           : first < 0xF0 ? 3
                                                          : 4,
                                           text.size() - at);
    char32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    out += code;
    at += length;
  }
  return out;
}

/// What NFKC leaves as it is whatever stands beside it: ASCII, syllables of Hangul, Han, quotation marks.
bool stays(char32_t c) {
  return c < 0x80 || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x2018 && c <= 0x201D) ||
         c == 0xB7;
}

/// NFKC and case folding. A query looks at a hundred passages; most hold nothing but letters that stay.
std::u32string case_folded(std::string_view text) {
  std::u32string out = decode(text);
  if (!std::all_of(out.begin(), out.end(), stays) || !text::valid_utf8(text)) return decode(text::nfkc_casefold(text));
  for (char32_t& c : out)
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  return out;
}

/// As ExactText compares.
std::u32string folded(std::string_view text) {
  std::u32string out;
  for (char32_t c : case_folded(text)) {
    if (c == 0xAD || (c >= 0x200B && c <= 0x200D)) continue;  // soft hyphen, joiners
    if (is_blank(c) || c == 0xA0) c = ' ';
    if (is_dash(c)) c = '-';
    if (c == 0x2018 || c == 0x2019) c = '\'';
    if (c == ' ' && (out.empty() || out.back() == ' ' || out.back() == U'§')) continue;  // "§ 12" is "§12"
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool same(char32_t wanted, char32_t found) { return wanted == found || (wanted == ' ' && found == '-'); }

/// The phrase may begin at `at` of the text: what stands before is not of the same word or number.
bool begins(const std::u32string& text, size_t at, char32_t first) {
  if (at == 0) return true;
  const char32_t before = text[at - 1];
  if (first == '-') return !is_word(before) && before != '-';
  if (is_word(first) && is_word(before)) return false;
  return !(is_digit(first) && (before == '.' || before == ',') && at > 1 && is_digit(text[at - 2]));
}

bool ends(const std::u32string& text, size_t at, char32_t last) {
  if (at >= text.size()) return true;
  const char32_t after = text[at];
  if (is_word(last) && is_word(after)) return false;
  return !(is_digit(last) && (after == '.' || after == ',') && at + 1 < text.size() && is_digit(text[at + 1]));
}

struct Quotes {
  std::string_view open, close;
};
constexpr std::array<Quotes, 9> kQuotes = {{{"\"", "\""},
                                            {"“", "”"},
                                            {"„", "“"},
                                            {"”", "”"},
                                            {"«", "»"},
                                            {"「", "」"},
                                            {"『", "』"},
                                            {"《", "》"},
                                            {"＂", "＂"}}};

/// Takes the quoted phrases out of the query.
std::vector<std::string> take_phrases(std::string& query) {
  std::vector<std::string> out;
  for (size_t at = 0; at < query.size();) {
    const auto rest = std::string_view(query).substr(at);
    const auto quotes =
        std::find_if(kQuotes.begin(), kQuotes.end(), [&](const Quotes& q) { return rest.starts_with(q.open); });
    // 5" and 7": inches. A phrase begins where a word may.
    const bool inside = at > 0 && is_word(static_cast<unsigned char>(query[at - 1]));
    const size_t end =
        quotes == kQuotes.end() || inside ? std::string_view::npos : rest.find(quotes->close, quotes->open.size());
    if (end == std::string_view::npos) {
      ++at;
      continue;
    }
    const std::string phrase(rest.substr(quotes->open.size(), end - quotes->open.size()));
    if (!folded(phrase).empty()) out.push_back(phrase);
    query.replace(at, end + quotes->close.size(), " ");
  }
  return out;
}

/// Without the marks of a sentence around it.
std::string_view bare(std::string_view word) {
  constexpr std::string_view kBefore = "([{<'", kAfter = ")]}>'?!.,;:";
  while (!word.empty() && kBefore.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  while (!word.empty() && kAfter.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return word;
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> out;
  for (size_t at = 0; at < query.size();) {
    size_t end = at;
    while (end < query.size() && !is_blank(static_cast<unsigned char>(query[end]))) ++end;
    if (const auto word = bare(query.substr(at, end - at)); !word.empty()) {
      if (!out.empty() && out.back() == "§")
        out.back() += word;
      else
        out.emplace_back(word);
    }
    at = end + 1;
  }
  return out;
}

bool is_flag(std::string_view word) {
  const size_t dashes = word.find_first_not_of('-');
  return dashes != std::string_view::npos && dashes >= 1 && dashes <= 2 && dashes < word.size() &&
         is_word(static_cast<unsigned char>(word[dashes]));
}

/// "1st", "20th", "1990s", "5km": a number and its unit.
bool is_counted(std::string_view word) {
  const size_t letters = word.find_first_not_of("0123456789.,");
  if (letters == 0 || letters == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 21> kUnits = {"st", "nd", "rd", "th", "s",   "m",  "km", "cm", "mm", "g", "kg",
                                                       "mg", "l",  "ml", "h",  "min", "kb", "mb", "gb", "tb", "am"};
  std::string unit(word.substr(letters));
  std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) { return is_latin(c) ? char(c | 32) : c; });
  return unit == "pm" || std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

/// A name that is no word of a language: letters with digits, with _ . / :: @ between, a long number, capitals inside.
bool is_code(std::string_view word) {
  if (word.starts_with("§")) return word.size() > std::string_view("§").size();
  if (is_flag(word)) return word.size() > 3;  // "-9" says something only with what is before it
  if (std::any_of(word.begin(), word.end(), [](char c) { return (c & 0x80) != 0; })) return false;
  size_t digits = 0, letters = 0, groups = 0;
  bool inner_capital = false, bound = false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    digits += is_digit(c);
    letters += is_latin(c);
    if (is_digit(c) && (i == 0 || !is_digit(word[i - 1]))) ++groups;
    if (i == 0 || i + 1 == word.size()) continue;
    const bool between = is_word(static_cast<unsigned char>(word[i - 1])) && word[i + 1] != ' ';
    inner_capital = inner_capital || (c >= 'A' && c <= 'Z' && word[i - 1] >= 'a' && word[i - 1] <= 'z');
    bound = bound || (between && (c == '_' || c == '@' || c == '.' || (c == ':' && word[i + 1] == ':')));
  }
  if (digits + letters == 0) return false;
  if (word.ends_with("++") || (word.ends_with("#") && letters > 0)) return true;
  if (letters == 0)
    return digits >= kLongNumber || (groups > 1 && digits >= 4 && word.find('-') != std::string_view::npos);
  if (digits > 0) return !is_counted(word);
  return inner_capital || (bound && letters > 3) || word[0] == '/' || word[0] == '$' || word[0] == '#';
}

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

Exact read_exact(std::string_view query) {
  Exact out;
  std::string rest(query);
  out.phrases = take_phrases(rest);
  const auto words = words_of(rest);
  if (words.empty() || words.size() > kShortQuery) return out;
  bool flag = false;
  for (const auto& word : words) {
    if (is_code(word)) out.codes.push_back(word);
    flag = flag || is_flag(word);
  }
  const bool typed = words.size() > 1 && ascii(rest) && rest.find('?') == std::string::npos;
  if (typed && (flag || !out.codes.empty())) out.whole = rest;
  return out;
}

ExactText::ExactText(std::string_view text) : text_(folded(text)) {}

bool ExactText::holds(std::string_view phrase) const {
  const std::u32string wanted = folded(phrase);
  if (wanted.empty()) return true;
  for (auto from = text_.begin();; ++from) {
    from =
        std::search(from, text_.end(), wanted.begin(), wanted.end(), [](char32_t t, char32_t w) { return same(w, t); });
    if (from == text_.end()) return false;
    const auto at = static_cast<size_t>(from - text_.begin());
    if (begins(text_, at, wanted.front()) && ends(text_, at + wanted.size(), wanted.back())) return true;
  }
}

bool ExactText::holds_code(std::string_view code) const {
  std::u32string wanted;
  for (const char32_t c : folded(code))
    if (is_word(c)) wanted += c;
  if (wanted.empty()) return false;
  for (size_t begin = 0; begin < text_.size(); ++begin) {
    if (text_[begin] != wanted[0] || (begin > 0 && is_word(text_[begin - 1]))) continue;
    size_t at = begin, met = 0, between = 0;
    for (; at < text_.size() && met < wanted.size(); ++at) {
      if (is_word(text_[at])) {
        if (text_[at] != wanted[met]) break;
        ++met, between = 0;
      } else if (!is_separator(text_[at]) || ++between > kMostBetween) {
        break;
      }
    }
    if (met == wanted.size() && (at == text_.size() || !is_word(text_[at]))) return true;
  }
  return false;
}

int exactness(const Exact& exact, const ExactText& text) {
  // Phrases before the whole query, that before codes as they are typed, those before codes with other separators.
  constexpr int kPhrase = 1000, kWhole = 100, kCode = 2, kSeparated = 1;
  int out = 0;
  for (const auto& phrase : exact.phrases) out += text.holds(phrase) ? kPhrase : 0;
  if (!exact.whole.empty() && text.holds(exact.whole)) out += kWhole;
  for (const auto& code : exact.codes) out += text.holds(code) ? kCode : text.holds_code(code) ? kSeparated : 0;
  return out;
}

std::vector<std::string> mark_exact(const Exact& exact, std::vector<ScoredChunk>& candidates, const ReadChunks& read,
                                    bool quotes_bind) {
  std::vector<store::ChunkId> ids;
  for (const auto& c : candidates) ids.push_back(c.chunk);
  std::map<store::ChunkId, int> marks;
  std::set<store::ChunkId> hold_all;
  std::vector<bool> found(exact.phrases.size(), false);
  for (const auto& record : read(ids)) {
    const ExactText text(passage_text(record.heading, record.text));
    marks[record.id] = exactness(exact, text);
    bool all = true;
    for (size_t i = 0; i < exact.phrases.size(); ++i) {
      const bool held = text.holds(exact.phrases[i]);
      found[i] = found[i] || held;
      all = all && held;
    }
    if (all) hold_all.insert(record.id);
  }
  for (auto& c : candidates) c.exact = marks[c.chunk];
  if (!quotes_bind || exact.phrases.empty()) return {};
  std::erase_if(candidates, [&](const ScoredChunk& c) { return hold_all.count(c.chunk) == 0; });
  std::vector<std::string> warnings;
  for (size_t i = 0; i < found.size(); ++i)
    if (!found[i])
      warnings.push_back("no passage has \"" + exact.phrases[i] + "\"; without the quotes, what comes near is found");
  if (candidates.empty() && warnings.empty())
    warnings.emplace_back("no passage has all that is in quotes; each is found by itself");
  return warnings;
}

}  // namespace hanok::chain

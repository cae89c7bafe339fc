#include "text/analysis/porter2.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

// The steps and their names are those of the published description. A consonant y is written 'Y' while at work.
namespace hanok::text::analysis {
namespace {

using std::string_view;
using Pair = std::pair<string_view, string_view>;

constexpr uint32_t letter_bit(char c) { return c >= 'a' && c <= 'z' ? uint32_t{1} << (c - 'a') : 0; }
constexpr uint32_t letter_set(string_view letters) {
  uint32_t set = 0;
  for (const char c : letters) set |= letter_bit(c);
  return set;
}

constexpr bool vowel(char c) { return (letter_bit(c) & letter_set("aeiouy")) != 0; }
constexpr bool any_of(char c, string_view set) {
  for (const char member : set)
    if (c == member) return true;
  return false;
}

/// Suffixes are a few letters long: a loop that gives up at the first wrong letter beats a call of memcmp.
inline bool ends(string_view w, string_view suffix) {
  if (w.size() < suffix.size()) return false;
  const char* tail = w.data() + (w.size() - suffix.size());
  for (size_t i = suffix.size(); i > 0; --i)
    if (tail[i - 1] != suffix[i - 1]) return false;
  return true;
}

/// Suffixes by falling length, and for each letter the bits of those that end in it: most words meet only a few.
template <size_t N>
struct Suffixes {
  static_assert(N <= 32);
  std::array<Pair, N> rules;
  std::array<uint32_t, 26> by_last{};

  constexpr explicit Suffixes(const std::array<Pair, N>& table) : rules(table) {
    for (size_t i = 0; i < N; ++i) by_last[static_cast<size_t>(rules[i].first.back() - 'a')] |= uint32_t{1} << i;
  }

  /// The longest suffix that w ends with, or null.
  const Pair* longest(string_view w) const {
    if (w.empty() || letter_bit(w.back()) == 0) return nullptr;
    for (uint32_t left = by_last[static_cast<size_t>(w.back() - 'a')]; left != 0; left &= left - 1) {
      const Pair& rule = rules[static_cast<size_t>(std::countr_zero(left))];
      if (ends(w, rule.first)) return &rule;
    }
    return nullptr;
  }
};
template <size_t N>
Suffixes(const std::array<Pair, N>&) -> Suffixes<N>;

/// Words that the rules would spoil, and what they become.
constexpr std::array<Pair, 18> kExceptions{{{"skis", "ski"},
                                            {"skies", "sky"},
                                            {"dying", "die"},
                                            {"lying", "lie"},
                                            {"tying", "tie"},
                                            {"idly", "idl"},
                                            {"gently", "gentl"},
                                            {"ugly", "ugli"},
                                            {"early", "earli"},
                                            {"only", "onli"},
                                            {"singly", "singl"},
                                            {"sky", "sky"},
                                            {"news", "news"},
                                            {"howe", "howe"},
                                            {"atlas", "atlas"},
                                            {"cosmos", "cosmos"},
                                            {"bias", "bias"},
                                            {"andes", "andes"}}};

class Stemmer {
 public:
  explicit Stemmer(std::string& word) : w(word) {}

  void run() {
    if (w.front() == '\'') w.erase(0, 1);
    step0();
    if (w.size() < 3 || is_exception()) return;
    mark_consonant_y();
    find_regions();
    step1a();
    if (!invariant_after_1a()) {
      step1b();
      step1c();
      step2();
      step3();
      step4();
      step5();
    }
    std::replace(w.begin(), w.end(), 'Y', 'y');
  }

 private:
  bool is_exception() {
    if (w.size() > 6 || (letter_bit(w.front()) & letter_set("sdltiugeonhacb")) == 0) return false;
    for (const auto& [from, to] : kExceptions) {
      if (w != from) continue;
      w = to;
      return true;
    }
    return false;
  }

  void mark_consonant_y() {
    for (size_t i = 0; i < w.size(); ++i)
      if (w[i] == 'y' && (i == 0 || vowel(w[i - 1]))) w[i] = 'Y';
  }

  /// After the first non-vowel that follows a vowel, from `from` on.
  size_t region(size_t from) const {
    for (size_t i = from; i + 1 < w.size(); ++i)
      if (vowel(w[i]) && !vowel(w[i + 1])) return i + 2;
    return w.size();
  }

  void find_regions() {
    r1 = region(0);
    if ((letter_bit(w.front()) & letter_set("gcapuleoi")) != 0)
      for (string_view prefix : {"gener", "commun", "arsen", "past", "univers", "later", "emerg", "organ", "inter"})
        if (string_view(w).starts_with(prefix)) r1 = prefix.size();
    r2 = region(r1);
  }

  bool in_r1(size_t suffix) const { return w.size() - suffix >= r1; }
  bool in_r2(size_t suffix) const { return w.size() - suffix >= r2; }
  void cut(size_t n) { w.resize(w.size() - n); }
  void replace(size_t n, string_view by) {
    cut(n);
    w.append(by);
  }
  bool has_vowel(size_t end) const {
    return std::any_of(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(end), vowel);
  }

  /// (a) a vowel between non-vowels, the last not w, x or Y, or (b) a vowel at the start and a non-vowel; before `end`.
  bool short_syllable(size_t end) const {
    if (end == 2) return vowel(w[0]) && !vowel(w[1]);
    if (string_view(w).substr(0, end) == "past") return true;
    return end >= 3 && !vowel(w[end - 3]) && vowel(w[end - 2]) && !vowel(w[end - 1]) && !any_of(w[end - 1], "wxY");
  }

  void step0() {
    if (w.find('\'') == std::string::npos) return;
    for (string_view suffix : {"'s'", "'s", "'"})
      if (ends(w, suffix)) return cut(suffix.size());
  }

  void step1a() {
    if (ends(w, "sses")) return cut(2);
    if (ends(w, "ied") || ends(w, "ies")) return cut(w.size() > 4 ? 2 : 1);
    if (ends(w, "us") || ends(w, "ss")) return;
    if (ends(w, "s") && w.size() > 2 && has_vowel(w.size() - 2)) cut(1);
  }

  bool invariant_after_1a() const {
    static constexpr std::array<string_view, 9> words{"inning",  "evening", "outing", "canning", "herring",
                                                      "earring", "proceed", "exceed", "succeed"};
    if (!ends(w, "ing") && !ends(w, "eed")) return false;
    return std::find(words.begin(), words.end(), w) != words.end();
  }

  void step1b() {
    if (!any_of(w.back(), "dgy")) return;
    for (string_view suffix : {"eedly", "ingly", "edly", "eed", "ing", "ed"}) {
      if (!ends(w, suffix)) continue;
      if (suffix.starts_with("ee")) {
        if (in_r1(suffix.size())) replace(suffix.size(), "ee");
        return;
      }
      if (!has_vowel(w.size() - suffix.size())) return;
      cut(suffix.size());
      return after_1b();
    }
  }

  void after_1b() {
    if (ends(w, "at") || ends(w, "bl") || ends(w, "iz")) {
      w += 'e';
    } else if (w.size() >= 2 && w[w.size() - 1] == w[w.size() - 2] && any_of(w.back(), "bdfgmnprt")) {
      if (!(w.size() == 3 && any_of(w[0], "aeo"))) cut(1);
    } else if (r1 >= w.size() && short_syllable(w.size())) {
      w += 'e';
    }
  }

  void step1c() {
    if (w.size() > 2 && any_of(w.back(), "yY") && !vowel(w[w.size() - 2])) w.back() = 'i';
  }

  void step2() {
    static constexpr Suffixes table(std::array<Pair, 25>{
        {{"ization", "ize"}, {"ational", "ate"}, {"fulness", "ful"}, {"ousness", "ous"}, {"iveness", "ive"},
         {"tional", "tion"}, {"biliti", "ble"},  {"lessli", "less"}, {"entli", "ent"},   {"ation", "ate"},
         {"alism", "al"},    {"aliti", "al"},    {"ousli", "ous"},   {"iviti", "ive"},   {"fulli", "ful"},
         {"ogist", "og"},    {"enci", "ence"},   {"anci", "ance"},   {"abli", "able"},   {"izer", "ize"},
         {"ator", "ate"},    {"alli", "al"},     {"bli", "ble"},     {"ogi", "og"},      {"li", ""}}});
    const Pair* p = table.longest(w);
    if (!p || !in_r1(p->first.size())) return;
    const size_t n = p->first.size();
    const char before = w.size() > n ? w[w.size() - n - 1] : '\0';
    if (p->first == "ogi" && before != 'l') return;
    if (p->first == "li" && !any_of(before, "cdeghkmnrt")) return;
    replace(n, p->second);
  }

  void step3() {
    static constexpr Suffixes table(std::array<Pair, 9>{{{"ational", "ate"},
                                                         {"tional", "tion"},
                                                         {"alize", "al"},
                                                         {"icate", "ic"},
                                                         {"iciti", "ic"},
                                                         {"ative", ""},
                                                         {"ical", "ic"},
                                                         {"ness", ""},
                                                         {"ful", ""}}});
    const Pair* p = table.longest(w);
    if (!p || !in_r1(p->first.size())) return;
    if (p->first == "ative" && !in_r2(5)) return;
    replace(p->first.size(), p->second);
  }

  void step4() {
    static constexpr Suffixes table(std::array<Pair, 18>{{{"ement", ""},
                                                          {"ance", ""},
                                                          {"ence", ""},
                                                          {"able", ""},
                                                          {"ible", ""},
                                                          {"ment", ""},
                                                          {"ant", ""},
                                                          {"ent", ""},
                                                          {"ism", ""},
                                                          {"ate", ""},
                                                          {"iti", ""},
                                                          {"ous", ""},
                                                          {"ive", ""},
                                                          {"ize", ""},
                                                          {"ion", ""},
                                                          {"al", ""},
                                                          {"er", ""},
                                                          {"ic", ""}}});
    const Pair* p = table.longest(w);
    if (!p || !in_r2(p->first.size())) return;
    const size_t n = p->first.size();
    if (p->first == "ion" && !(w.size() > n && any_of(w[w.size() - n - 1], "st"))) return;
    cut(n);
  }

  void step5() {
    if (w.empty()) return;
    if (w.back() == 'e') {
      if (in_r2(1) || (in_r1(1) && !short_syllable(w.size() - 1))) cut(1);
    } else if (w.back() == 'l' && in_r2(1) && w.size() > 1 && w[w.size() - 2] == 'l') {
      cut(1);
    }
  }

  std::string& w;
  size_t r1 = 0, r2 = 0;
};

}  // namespace

void porter2(std::string& word) {
  if (word.size() < 3) return;
  for (char c : word)
    if (!(c >= 'a' && c <= 'z') && c != '\'') return;
  Stemmer(word).run();
}

}  // namespace hanok::text::analysis

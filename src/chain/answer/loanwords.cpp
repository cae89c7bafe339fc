#include "chain/answer/loanwords.h"

#include <algorithm>

#include "chain/answer/mentions.h"
#include "text/splitters/code_points.h"

namespace hanok::chain::answer {
namespace {

using text::scan::code_point_at;

constexpr char kNone = ' ';
constexpr char32_t kFirstSyllable = 0xAC00, kLastSyllable = 0xD7A3;

// By the numbers of initial and final consonants in a syllable (Unicode 3.12): ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ.
constexpr std::string_view kInitials = "kknttlmppss jjjktp ";
// none, ㄱㄲㄳ ㄴㄵㄶ ㄷ ㄹㄺㄻㄼㄽㄾㄿㅀ ㅁ ㅂㅄ ㅅㅆ ㅇ ㅈㅊㅋㅌㅍㅎ
constexpr std::string_view kFinals = " kkknnntllllllllmppttnttktp ";

void add(std::string& out, char sound) {
  if (sound != kNone && (out.empty() || out.back() != sound)) out += sound;
}

void add_syllable(std::string& out, char32_t syllable) {
  const auto number = static_cast<size_t>(syllable - kFirstSyllable);
  constexpr size_t kOfInitial = 588, kOfVowel = 28;
  add(out, kInitials[number / kOfInitial]);
  const size_t last = number % kOfVowel;
  // What is written ㅅ at the end of a syllable is a t in loanwords (로봇).
  add(out, kFinals[last]);
}

bool is_vowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }
bool is_soft(char next) { return next == 'e' || next == 'i' || next == 'y'; }

std::string latin_sound(std::string_view word, bool every_r) {
  std::string low, out;
  for (const char c : word)
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) low += static_cast<char>(c | 0x20);
  for (size_t i = 0; i < low.size(); ++i) {
    const char next = i + 1 < low.size() ? low[i + 1] : '\0';
    const std::string_view two = std::string_view(low).substr(i, 2);
    if (two == "ch" || two == "sh" || two == "ph" || two == "th" || two == "ck" || two == "ng" || two == "ts") {
      add(out, two == "ch" || two == "ts" ? 'j' : two == "ph" ? 'p' : two == "ck" ? 'k' : two == "ng" ? 'n' : 's');
      ++i;
      continue;
    }
    switch (low[i]) {
      case 'b':
      case 'p':
      case 'f':
      case 'v':
        add(out, 'p');
        break;
      case 't':
      case 'd':
        add(out, 't');
        break;
      case 'k':
      case 'q':
        add(out, 'k');
        break;
      case 'g':
        add(out, is_soft(next) && i > 0 ? 'j' : 'k');
        break;
      case 'c':
        add(out, is_soft(next) ? 's' : 'k');
        break;
      case 'x':
        add(out, 'k'), add(out, 's');
        break;
      case 's':
        add(out, 's');
        break;
      case 'j':
      case 'z':
        add(out, 'j');
        break;
      case 'm':
        add(out, 'm');
        break;
      case 'n':
        add(out, 'n');
        break;
      case 'l':
        add(out, 'l');
        break;
      case 'r':
        if (every_r || is_vowel(next)) add(out, 'l');
        break;
      default:
        break;
    }
  }
  return out;
}

/// At most one letter put in, left out or exchanged.
bool one_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  return a.substr(std::min(a.size(), same + (a.size() == b.size()))) == b.substr(std::min(b.size(), same + 1));
}

}  // namespace

std::string sound_of(std::string_view word, bool every_r) {
  std::string out;
  bool hangul = false;
  for (size_t i = 0; i < word.size();) {
    const auto c = code_point_at(word, i);
    if (c.value >= kFirstSyllable && c.value <= kLastSyllable) {
      hangul = true;
      add_syllable(out, c.value);
    }
    i += c.bytes;
  }
  return hangul ? out : latin_sound(word, every_r);
}

Sounds::Sounds(std::string_view text, const Question& question) {
  for (const Word& w : words_of(text, question)) {
    const std::string_view word = text.substr(w.span.start, w.span.end - w.span.start);
    const bool hangul = !word.empty() && (word[0] & 0x80);
    Sound s{sound_of(word), sound_of(word, true), hangul || w.capital};
    const bool seen = std::any_of(sounds_.begin(), sounds_.end(),
                                  [&](const Sound& o) { return o.consonants == s.consonants && o.name >= s.name; });
    if (s.consonants.size() >= 3 && !w.number && !w.stop && !seen) sounds_.push_back(std::move(s));
  }
}

// Three consonants agree by chance too often where the word is none of a name.
bool Sounds::alike(const Sound& a, const Sound& b) {
  constexpr size_t kSure = 4, kLong = 5;
  const auto same = [&](const std::string& x, const std::string& y) {
    const size_t shorter = std::min(x.size(), y.size());
    if (x == y || x + "s" == y || y + "s" == x) return shorter >= kSure || (a.name && b.name);
    return shorter >= kLong && one_apart(x, y);
  };
  return same(a.consonants, b.consonants) || same(a.with_every_r, b.with_every_r);
}

size_t Sounds::shared_with(const Sounds& others) const {
  return static_cast<size_t>(std::count_if(sounds_.begin(), sounds_.end(), [&](const Sound& mine) {
    return std::any_of(others.sounds_.begin(), others.sounds_.end(), [&](const Sound& s) { return alike(mine, s); });
  }));
}

}  // namespace hanok::chain::answer

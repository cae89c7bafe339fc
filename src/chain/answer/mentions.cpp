#include "chain/answer/mentions.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "chain/answer/letters.h"
#include "chain/answer/numerals.h"
#include "text/splitters/code_points.h"

namespace hanok::chain::answer {
namespace {

using text::Span;
using text::scan::code_point_at;
using text::scan::code_point_before;
using text::scan::CodePoint;

// Particles and endings that follow a Korean noun, longest first.
constexpr std::string_view kParticles[] = {
    "에서부터의", "으로부터", "에서부터", "이라고는", "이었으며", "이었으나", "이었지만", "이라면서", "이었는데",
    "으로서의",   "이라는",   "이라고",   "이었던",   "이었다",   "입니다",   "에서는",   "에서도",   "에서의",
    "으로는",     "으로도",   "으로서",   "으로써",   "에게서",   "까지의",   "부터의",   "였으며",   "이지만",
    "이면서",     "에게는",   "로부터",   "였으나",   "였지만",   "으로만",   "에서만",   "까지는",   "부터는",
    "부터도",     "이라면",   "이라며",   "이었고",   "였는데",   "으로의",   "에게도",   "이기도",   "이라도",
    "보다는",     "보다도",   "이었음",   "에게",     "에서",     "으로",     "로서",     "로써",     "까지",
    "부터",       "보다",     "처럼",     "이며",     "이고",     "이란",     "이라",     "라는",     "라고",
    "이다",       "였다",     "였던",     "에는",     "에도",     "와의",     "과의",     "하고",     "한테",
    "께서",       "이나",     "마다",     "에선",     "만에",     "조차",     "밖에",     "마저",     "라며",
    "였고",       "인데",     "이자",     "이든",     "이랑",     "에의",     "씨가",     "씨는",     "씨의",
    "씨를",       "에만",     "만을",     "만이",     "만의",     "은",       "는",       "이",       "가",
    "을",         "를",       "의",       "에",       "와",       "과",       "도",       "로",       "만",
    "다",         "엔",       "씨"};

const std::unordered_set<std::string_view>& stop_words() {
  static const std::unordered_set<std::string_view> words = {
      "the",    "a",       "an",      "of",    "in",      "on",      "at",     "by",     "for",   "with",  "to",
      "from",   "as",      "and",     "or",    "but",     "that",    "this",   "these",  "those", "is",    "are",
      "was",    "were",    "be",      "been",  "it",      "its",     "he",     "she",    "they",  "his",   "her",
      "their",  "which",   "who",     "whom",  "whose",   "had",     "has",    "have",   "not",   "also",  "while",
      "when",   "where",   "into",    "than",  "such",    "there",   "other",  "some",   "both",  "after", "before",
      "during", "between", "through", "about", "because", "however", "would",  "could",  "can",   "may",   "will",
      "did",    "do",      "그",      "이",    "및",      "또한",    "그러나", "그리고", "등",    "것",    "수",
      "때",     "한",      "있다",    "있는",  "대한"};
  return words;
}

const std::unordered_set<std::string_view>& number_words() {
  static const std::unordered_set<std::string_view> words = {
      "one",    "two",    "three",  "four",  "five",  "six",   "seven",   "eight",    "nine",    "ten",     "eleven",
      "twelve", "twenty", "thirty", "forty", "fifty", "sixty", "hundred", "thousand", "million", "billion", "half",
      "둘",     "셋",     "넷",     "첫",    "다섯",  "여섯",  "일곱",    "여덟",     "아홉"};
  return words;
}

const std::unordered_set<std::string_view>& month_words() {
  static const std::unordered_set<std::string_view> words = {
      "january",   "february",  "march",   "april",    "may",      "june",   "july",
      "august",    "september", "october", "november", "december", "monday", "tuesday",
      "wednesday", "thursday",  "friday",  "saturday", "sunday"};
  return words;
}

bool is_word_part(char32_t c) {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '%' || c == '$';
  constexpr std::u32string_view kMarks = U"“”‘’«»「」『』《》〈〉【】〔〕（）［］｛｝、。，．！？·…—–~・：；";
  return !text::scan::is_blank(c) && kMarks.find(c) == std::u32string_view::npos;
}

// "3.5", "1,000", "U.S", "so-called", "Tesla's", "AC/DC": marks that hold a word together when a letter follows.
bool joins(char32_t mark, char32_t before, char32_t after) {
  const bool digits = text::scan::is_digit(before) && text::scan::is_digit(after);
  if (mark == ',') return digits;
  if (mark == '.' || mark == '/' || mark == ':')
    return digits || (mark == '.' && text::scan::is_upper(before) && text::scan::is_upper(after));
  if (mark == '\'' || mark == U'’') return after < 0x80 && is_word_part(after);  // before Hangul it closes a quotation
  return (mark == '-' || mark == U'–' || mark == '&') && is_word_part(after);
}

bool all_digits(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), is_digit); }

// Cuts the particle off the core of a word that ends in Hangul; two syllables, or a digit and one, must stay.
void strip_particle(std::string_view sentence, Word& word) {
  const std::string_view core = sentence.substr(word.span.start, word.span.end - word.span.start);
  if (core.empty() || !text::scan::is_hangul(code_point_before(core, core.size()).value)) return;
  constexpr size_t kSyllable = 3;
  for (std::string_view particle : kParticles) {
    // Of two syllables the second is seldom a particle ("나이", "제도"), but a longer one is, and so are these two.
    const bool sure = particle.size() > kSyllable || particle == "을" || particle == "를";
    const size_t least = !(core[0] & 0x80) ? 2 : sure ? kSyllable : 2 * kSyllable;
    if (core.size() < particle.size() + least || !core.ends_with(particle)) continue;
    word.span.end -= particle.size();
    word.after = sentence.substr(word.span.end, particle.size());
    return;
  }
}

void describe(std::string_view sentence, Word& word) {
  const std::string_view core = sentence.substr(word.span.start, word.span.end - word.span.start);
  const std::string low = lower(core);
  const char32_t first = code_point_at(core, 0).value;
  word.number = has_digit(core) || number_words().count(low);
  word.year = (all_digits(core) && core.size() == 4 && (core[0] == '1' || core[0] == '2')) ||
              (word.number &&
               (core.ends_with("년") || core.ends_with("세기") || core.ends_with("0s") || core.ends_with("년대")));
  word.month = month_words().count(low) ||
               (word.number && (core.ends_with("월") || core.ends_with("일") || core.ends_with("시")));
  if (low == "may" && core == low) word.month = false;
  word.number |= is_counted(core);
  word.money = is_money(low);
  word.capital = text::scan::is_upper(first);
  word.stop = stop_words().count(low) != 0;
}

// What only the next word shows: "천 원", "일곱 개" are numbers, "63억 원" and "140,000 won" are money.
void see_amounts(std::string_view sentence, std::vector<Word>& words) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].breaks_after) continue;
    const std::string_view core = sentence.substr(words[i].full.start, words[i].full.end - words[i].full.start);
    const std::string_view next =
        sentence.substr(words[i + 1].full.start, words[i + 1].full.end - words[i + 1].full.start);
    if (!words[i].number && is_korean_numeral(core) && begins_with_counter(next)) {
      words[i].number = true;
      words[i].stop = false;
      words[i].span = words[i].full;
      words[i].after = {};
    }
    if (words[i].number && words[i + 1].money) words[i].money = true;
  }
}

}  // namespace

std::vector<Word> words_of(std::string_view sentence, const Question& question) {
  std::vector<Word> words;
  bool broken = true;
  for (size_t i = 0; i < sentence.size();) {
    CodePoint c = code_point_at(sentence, i);
    if (!is_word_part(c.value)) {
      broken |= !text::scan::is_blank(c.value);
      i += c.bytes;
      continue;
    }
    Word word{.span = {i, i}};
    char32_t before = 0;
    while (i < sentence.size()) {
      c = code_point_at(sentence, i);
      const size_t next = i + c.bytes;
      const char32_t after = next < sentence.size() ? code_point_at(sentence, next).value : 0;
      if (!is_word_part(c.value) && !(before != 0 && after != 0 && joins(c.value, before, after))) break;
      before = c.value;
      i = next;
    }
    word.span.end = i;
    word.full = word.span;
    word.breaks_before = broken;
    if (!words.empty()) words.back().breaks_after = broken;
    broken = false;
    strip_particle(sentence, word);
    describe(sentence, word);
    words.push_back(word);
  }
  if (!words.empty()) words.back().breaks_after = true;
  see_amounts(sentence, words);
  std::vector<std::pair<size_t, size_t>> hits(words.size());
  size_t w = 0;
  for (const text::Term& term : text::analyze(sentence)) {
    while (w > 0 && words[w].full.start > term.span.start) --w;
    while (w + 1 < words.size() && words[w].full.end <= term.span.start) ++w;
    if (w >= words.size() || term.span.end > words[w].full.end) continue;  // a bigram across words
    hits[w].first += question.by_form.count(term.form);
    ++hits[w].second;
  }
  for (size_t i = 0; i < words.size(); ++i) words[i].asked = hits[i].first * 2 >= hits[i].second && hits[i].first > 0;
  return words;
}

bool is_kind(const Word& word, Asks asks) {
  switch (asks) {
    case Asks::Number:
      return word.number;
    case Asks::Time:
      return word.year || word.month || word.number;
    case Asks::Person:
    case Asks::Place:
      return word.capital || (!word.after.empty() && !word.number);
    case Asks::Other:
      return !word.stop;
  }
  return false;
}

bool holds_kind(std::string_view sentence, const Question& question) {
  if (question.measure != Measure::None) return holds_measure(sentence, question.measure);
  const auto words = words_of(sentence, question);
  return std::any_of(words.begin(), words.end(),
                     [&](const Word& w) { return !w.asked && !w.stop && is_kind(w, question.asks); });
}

}  // namespace hanok::chain::answer

// Text -> terms of keyword search. How each script is cut, and why, is in docs/formats/bm25.md, "Terms".
#include <algorithm>
#include <span>
#include <string>

#include "hanok/text.h"
#include "text/analysis/english.h"
#include "text/analysis/letters.h"
#include "text/analysis/particles.h"
#include "text/analysis/porter2.h"

namespace hanok::text {
namespace {

using analysis::Kind;
using analysis::Letter;

constexpr size_t kLongestWord = 64;  // letters; what is longer is base64 or the like, and is cut off there

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019 || c == 0x02BC; }
bool is_han(char32_t c) { return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000; }

class Analyzer {
 public:
  explicit Analyzer(const AnalyzeOptions& options) : options_(options) {}

  std::vector<Term> run(std::string_view text) {
    analysis::read_letters(text, letters_);
    terms_.reserve(letters_.size() / 2 + 1);
    for (size_t at = 0; at < letters_.size();) {
      switch (letters_[at].kind) {
        case Kind::Word:
        case Kind::Digit:
          at = word(at);
          break;
        case Kind::Hangul:
          at = hangul(at);
          break;
        case Kind::Dense:
          at = dense(at);
          break;
        default:
          ++at;
      }
    }
    if (options_.query) drop_stop_words();
    for (size_t i = 0; i < terms_.size(); ++i) terms_[i].position = static_cast<uint32_t>(i);
    return std::move(terms_);
  }

 private:
  bool is(size_t at, Kind kind) const { return at < letters_.size() && letters_[at].kind == kind; }
  bool is_word(size_t at) const { return is(at, Kind::Word) || is(at, Kind::Digit); }

  /// A word of letters and digits with inner apostrophes; "1,000" is 1000 and "3.5" stays whole.
  size_t word(size_t begin) {
    std::string form;
    bool ascii = true;
    size_t at = begin;
    for (; at < letters_.size(); ++at) {
      const char32_t c = letters_[at].code;
      if (is_word(at)) {
        ascii = ascii && c < 128;
        if (at - begin < kLongestWord) analysis::append_utf8(form, c);
      } else if (is_apostrophe(c) && is(at - 1, Kind::Word) && is(at + 1, Kind::Word)) {
        form += '\'';
      } else if ((c == '.' || c == ',') && is(at - 1, Kind::Digit) && is(at + 1, Kind::Digit)) {
        if (c == '.') form += '.';
      } else {
        break;
      }
    }
    const bool stop = ascii && analysis::is_english_stop_word(form);
    if (ascii) analysis::porter2(form);
    add(std::move(form), letters_[begin], letters_[at - 1], stop);
    return at;
  }

  /// A run of Hangul, across blanks: its written words without their endings, and its bigrams as if there were no
  /// blanks. In a query bigrams do not reach into or over an ending: there a passage may have another.
  size_t hangul(size_t begin) {
    size_t at = begin;
    for (;;) {
      const size_t word_begin = at;
      while (is(at, Kind::Hangul)) ++at;
      korean_word(word_begin, at);
      size_t next = at;
      while (is(next, Kind::Blank)) ++next;
      if (next == at || !is(next, Kind::Hangul)) break;
      at = next;
    }
    end_run();
    return at;
  }

  void korean_word(size_t begin, size_t end) {
    auto written = std::span(letters_).subspan(begin, end - begin);
    if (options_.query) {
      const size_t question = analysis::question_begin(written);
      if (question == 0) {
        add_letters(written.first(analysis::without_ending(written)), true);
        return end_run();
      }
      written = written.first(question);
    }
    const auto stem = written.first(analysis::without_ending(written));
    add_letters(stem, false);
    size_t mixed = begin;  // 1989년에는 -> 1989년, beside 1989 and 년
    while (mixed > 0 && begin - mixed < kLongestWord && (is_word(mixed - 1) || is(mixed - 1, Kind::Hangul))) --mixed;
    if (mixed < begin) add_letters(std::span(letters_).subspan(mixed, begin - mixed + stem.size()), false);
    const auto kept = options_.query ? stem : written;
    run_.insert(run_.end(), kept.begin(), kept.end());
    if (kept.size() < end - begin) end_run();
  }

  void end_run() {
    bigrams(run_);
    run_.clear();
  }

  /// Bigrams, and in passages also each Han sign, so that a query of one sign finds something.
  size_t dense(size_t begin) {
    size_t end = begin;
    while (is(end, Kind::Dense)) ++end;
    const auto run = std::span(letters_).subspan(begin, end - begin);
    for (const Letter& letter : run)
      if (run.size() == 1 || (!options_.query && is_han(letter.code))) add_letters(std::span(&letter, 1), false);
    bigrams(run);
    return end;
  }

  void bigrams(std::span<const Letter> run) {
    for (size_t i = 0; i + 1 < run.size(); ++i) add_letters(run.subspan(i, 2), false);
  }

  void add_letters(std::span<const Letter> letters, bool stop) {
    std::string form;
    for (const Letter& letter : letters.first(std::min(letters.size(), kLongestWord)))
      analysis::append_utf8(form, letter.code);
    add(std::move(form), letters.front(), letters.back(), stop);
  }

  void add(std::string form, const Letter& first, const Letter& last, bool stop) {
    terms_.push_back({std::move(form), {first.start, last.end}});
    stops_.push_back(stop);
  }

  /// A query keeps its stop words only when it has nothing else ("to be or not to be").
  void drop_stop_words() {
    const auto others = std::count(stops_.begin(), stops_.end(), false);
    if (others == 0) return;
    size_t to = 0;
    for (size_t i = 0; i < terms_.size(); ++i)
      if (!stops_[i]) std::swap(terms_[to++], terms_[i]);
    terms_.resize(to);
  }

  AnalyzeOptions options_;
  std::vector<Letter> letters_, run_;
  std::vector<Term> terms_;
  std::vector<char> stops_;  // beside terms_: 1 = carries no topic
};

}  // namespace

std::vector<Term> analyze(std::string_view text, const AnalyzeOptions& options) { return Analyzer(options).run(text); }

int analyzer_version() { return 1; }

}  // namespace hanok::text

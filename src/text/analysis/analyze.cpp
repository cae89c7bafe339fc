// Text -> terms of keyword search. How each script is cut, and why, is in docs/formats/bm25.md, "Terms".
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

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019 || c == 0x02BC; }
bool is_hangul_syllable(char32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }

class Analyzer {
 public:
  explicit Analyzer(const AnalyzeOptions& options) : options_(options) {}

  std::vector<Term> run(std::string_view text) {
    analysis::read_letters(text, letters_);
    terms_.reserve(letters_.size() / 2 + 1);
    for (size_t at = 0; at < letters_.size();) {
      switch (letters_[at].kind) {
        case Kind::Word:
        case Kind::Digit: at = word(at); break;
        case Kind::Hangul: at = hangul(at); break;
        case Kind::Dense: at = dense(at); break;
        default: ++at;
      }
    }
    if (options_.query) drop_stop_words();
    return std::move(terms_);
  }

 private:
  bool is(size_t at, Kind kind) const { return at < letters_.size() && letters_[at].kind == kind; }

  /// A word of letters and digits with inner apostrophes; "1,000" is 1000 and "3.5" stays whole.
  size_t word(size_t begin) {
    std::string form;
    size_t at = begin;
    bool english = true;
    for (; at < letters_.size(); ++at) {
      const Letter& l = letters_[at];
      if (l.kind == Kind::Word || l.kind == Kind::Digit) {
        english = english && l.code < 128;
        if (l.code < 128) {
          form += static_cast<char>(l.code);
        } else {
          analysis::append_utf8(form, l.code);
        }
      } else if (is_apostrophe(l.code) && is(at - 1, Kind::Word) && is(at + 1, Kind::Word)) {
        form += '\'';
      } else if ((l.code == '.' || l.code == ',') && is(at - 1, Kind::Digit) && is(at + 1, Kind::Digit)) {
        if (l.code == '.') form += '.';
      } else {
        break;
      }
    }
    const bool stop = english && analysis::is_english_stop_word(form);
    if (english) analysis::porter2(form);
    add(std::move(form), begin, at, stop);
    return at;
  }

  /// Bigrams over a run of Hangul whose blanks are taken out, and each written word without its particles.
  size_t hangul(size_t begin) {
    run_.clear();
    size_t at = begin;
    while (at < letters_.size()) {
      const size_t word_begin = at;
      while (is(at, Kind::Hangul)) run_.push_back(letters_[at++]);
      korean_word(std::span(letters_).subspan(word_begin, at - word_begin));
      size_t next = at;
      while (is(next, Kind::Blank)) ++next;
      if (next == at || !is(next, Kind::Hangul)) break;
      at = next;
    }
    bigrams(run_);
    return at;
  }

  void korean_word(std::span<const Letter> word) {
    const size_t left = analysis::without_particles(word, 2);
    if (left < 2 || !is_hangul_syllable(word[0].code)) return;
    std::string form;
    for (const Letter& l : word.first(left)) analysis::append_utf8(form, l.code);
    add(std::move(form), word.front(), word[left - 1], false);
  }

  size_t dense(size_t begin) {
    size_t end = begin;
    while (is(end, Kind::Dense)) ++end;
    bigrams(std::span(letters_).subspan(begin, end - begin));
    return end;
  }

  void bigrams(std::span<const Letter> run) {
    if (run.size() == 1) {
      std::string form;
      analysis::append_utf8(form, run[0].code);
      add(std::move(form), run[0], run[0], false);
    }
    for (size_t i = 0; i + 1 < run.size(); ++i) {
      std::string form;
      analysis::append_utf8(form, run[i].code);
      analysis::append_utf8(form, run[i + 1].code);
      add(std::move(form), run[i], run[i + 1], false);
    }
  }

  void add(std::string form, const Letter& first, const Letter& last, bool stop) {
    if (form.empty()) return;
    terms_.push_back({std::move(form), {first.start, last.end}, static_cast<uint32_t>(terms_.size())});
    stops_.push_back(stop);
  }
  void add(std::string form, size_t begin, size_t end, bool stop) {
    add(std::move(form), letters_[begin], letters_[end - 1], stop);
  }

  /// A query keeps its stop words only when it has nothing else ("to be or not to be").
  void drop_stop_words() {
    size_t kept = 0;
    for (size_t i = 0; i < terms_.size(); ++i)
      if (!stops_[i]) ++kept;
    if (kept == 0) return;
    size_t to = 0;
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (stops_[i]) continue;
      if (to != i) terms_[to] = std::move(terms_[i]);
      ++to;
    }
    terms_.resize(to);
  }

  AnalyzeOptions options_;
  std::vector<Letter> letters_, run_;
  std::vector<Term> terms_;
  std::vector<char> stops_;
};

}  // namespace

std::vector<Term> analyze(std::string_view text, const AnalyzeOptions& options) { return Analyzer(options).run(text); }

int analyzer_version() { return 1; }

}  // namespace hanok::text

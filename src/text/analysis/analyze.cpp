// Text -> terms of keyword search. How each script is cut, and why, is in docs/formats/bm25.md, "Terms".
#include <algorithm>
#include <iterator>
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

constexpr size_t kLongestPrefix = 4;  // letters before a code's digits: "AX 77B"
constexpr size_t kSyllable = 2;       // "wi fi", "e mail", "x ray"
constexpr size_t kLongestChain = 8;   // words; a longer one is an address or a path, of which pairs are enough
// A number in groups: of telephones, orders, accounts. Shorter ones are two numbers beside each other, longer ones a
// table's row.
constexpr size_t kLeastDigits = 7, kMostDigits = 16, kMostGroups = 5;

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019 || c == 0x02BC; }
bool is_han(char32_t c) { return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000; }

class Analyzer {
 public:
  explicit Analyzer(const AnalyzeOptions& options) : options_(options) {}

  std::vector<Term> run(std::string_view text) {
    text_ = text;
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
    end_chain();
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
    link({begin, at, form, ascii, stop});
    if (ascii) analysis::porter2(form);
    add(std::move(form), letters_[begin], letters_[at - 1], stop);
    return at;
  }

  // ---- codes: "AX-77B", "Wi-Fi", "010-5555-0199" are also found as if they were written together ----

  /// A word of a chain, and how it hangs on the one before it.
  struct Part {
    size_t begin, end;  // letters
    std::string form;   // before it is stemmed
    bool ascii, stop;
    enum class Link { None, Tight, Number, Code } link = Link::None;
  };
  using Link = Part::Link;

  void link(Part part) {
    part.link = chain_.empty() ? Link::None : link_between(chain_.back(), part);
    if (part.link == Link::None) end_chain();
    chain_.push_back(std::move(part));
  }

  /// Tight: one sign such as a hyphen between. Number: digits in groups ("010 5555 0199", "(02) 123-4567"). Code: "AX
  /// 77B". In a query, where people type as they please, also "ax 77b" and "wi fi".
  Link link_between(const Part& a, const Part& b) const {
    const auto between = std::span(letters_).subspan(a.end, b.begin - a.end);
    if (between.size() == 1 && is_joiner(between[0].code)) return Link::Tight;
    if (between.empty() || between.size() > 2) return Link::None;
    const bool blank = between.size() == 1 && between[0].kind == Kind::Blank && letter_at(between[0]) != '\n';
    const auto separates_digits = [&](const Letter& l) {
      return (l.kind == Kind::Blank && letter_at(l) != '\n') || l.code == '(' || l.code == ')' || is_joiner(l.code);
    };
    if (all_digits(a) && all_digits(b))
      return std::all_of(between.begin(), between.end(), separates_digits) ? Link::Number : Link::None;
    if (!blank || !a.ascii || a.stop) return Link::None;
    const size_t length = a.end - a.begin;
    if (is(b.begin, Kind::Digit))
      return length <= kLongestPrefix && all_letters(a) && (options_.query || is_upper(a)) ? Link::Code : Link::None;
    const bool short_words = length <= kSyllable || b.end - b.begin <= kSyllable;
    const bool code = options_.query && short_words && b.ascii && !b.stop && all_letters(a) && all_letters(b);
    return code ? Link::Code : Link::None;
  }

  static bool is_joiner(char32_t c) {
    return c == '-' || c == '_' || c == '/' || c == '.' || c == ':' || c == '&' || c == 0xB7 ||
           (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
  }
  char letter_at(const Letter& letter) const { return text_[letter.start]; }
  bool all_of(const Part& part, Kind kind) const {
    return std::all_of(letters_.begin() + static_cast<ptrdiff_t>(part.begin),
                       letters_.begin() + static_cast<ptrdiff_t>(part.end),
                       [&](const Letter& l) { return l.kind == kind || l.code == ','; });
  }
  bool all_digits(const Part& part) const { return all_of(part, Kind::Digit); }
  bool all_letters(const Part& part) const { return all_of(part, Kind::Word); }
  bool is_upper(const Part& part) const {
    return std::all_of(letters_.begin() + static_cast<ptrdiff_t>(part.begin),
                       letters_.begin() + static_cast<ptrdiff_t>(part.end),
                       [&](const Letter& l) { return letter_at(l) >= 'A' && letter_at(l) <= 'Z'; });
  }

  /// The chain's terms: neighbours that hang together tightly, two by two and all; a number's groups; a code's two.
  void end_chain() {
    if (chain_.size() > 1) join_chain(chain_);
    chain_.clear();
  }

  void join_chain(std::span<const Part> chain) {
    for (size_t begin = 0; begin < chain.size();) {
      size_t end = begin + 1;
      while (end < chain.size() && chain[end].link == Link::Tight) ++end;
      for (size_t i = begin; i + 1 < end && end - begin > 2; ++i) join(chain.subspan(i, 2));
      if (end - begin > 1 && end - begin <= kLongestChain) join(chain.subspan(begin, end - begin));
      if (end < chain.size() && chain[end].link == Link::Code) join(chain.subspan(end - 1, 2));
      begin = end;
    }
    join_number(chain);
  }

  void join_number(std::span<const Part> chain) {
    size_t digits = 0;
    bool loose = false;
    for (size_t i = 0; i < chain.size(); ++i) {
      if (!all_digits(chain[i])) return;
      loose = loose || (i > 0 && chain[i].link == Link::Number);
      digits += chain[i].form.size();
    }
    if (loose && chain.size() <= kMostGroups && digits >= kLeastDigits && digits <= kMostDigits) join(chain);
  }

  void join(std::span<const Part> parts) {
    if (options_.phrase) return;
    std::string form;
    bool ascii = true;
    for (const Part& part : parts) {
      ascii = ascii && part.ascii;
      std::copy_if(part.form.begin(), part.form.end(), std::back_inserter(form), [](char c) { return c != '\''; });
    }
    if (parts.back().end - parts.front().begin > kLongestWord) return;
    if (ascii) analysis::porter2(form);
    add(std::move(form), letters_[parts.front().begin], letters_[parts.back().end - 1], false);
    terms_.back().joined = true;
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
    if (options_.phrase) {
      run_.insert(run_.end(), written.begin(), written.end());
      return;
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
      if (run.size() == 1 ? !options_.phrase || is_han(letter.code) : !options_.query && is_han(letter.code))
        add_letters(std::span(&letter, 1), false);
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
  std::string_view text_;
  std::vector<Part> chain_;  // the last words, as far as they hang together
  std::vector<Letter> letters_, run_;
  std::vector<Term> terms_;
  std::vector<char> stops_;  // beside terms_: 1 = carries no topic
};

}  // namespace

std::vector<Term> analyze(std::string_view text, const AnalyzeOptions& options) { return Analyzer(options).run(text); }

int analyzer_version() { return 2; }

}  // namespace hanok::text

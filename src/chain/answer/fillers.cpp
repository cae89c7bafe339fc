#include "chain/answer/fillers.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "chain/answer/asked_for.h"
#include "chain/answer/key_words.h"
#include "chain/answer/mentions.h"

namespace hanok::chain::answer {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has_digit(std::string_view s) { return std::any_of(s.begin(), s.end(), is_digit); }

std::set<std::string> numbers_of(std::string_view text) {
  std::set<std::string> out;
  std::string run;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      run += text[i];
    } else if (i < text.size() && text[i] == ',' && !run.empty() && i + 1 < text.size() && is_digit(text[i + 1])) {
      continue;
    } else if (!run.empty()) {
      out.insert(std::move(run));
      run.clear();
    }
  }
  return out;
}

/// A word as it is compared: English in lower case.
struct Token {
  std::string full, core;
  std::string_view after;  // the particle
  bool content = false, verb = false, name = false;
  bool breaks_before = false, breaks_after = false;
};

class Texts {
 public:
  explicit Texts(const Question& question) : q_(question), asked_(tokens(question.text)) {}

  Fillers run(std::string_view sentence, std::string_view passage) {
    const auto here = tokens(sentence), all = tokens(passage);
    for (size_t i = 0; i < asked_.size(); ++i) {
      const Token& word = asked_[i];
      const bool last_of_korean = q_.korean && i + 1 == asked_.size();  // what is asked for
      if (!word.content || word.verb || last_of_korean || !places(word, all).empty()) continue;
      if (i + 1 < asked_.size() && !word.breaks_after) look(word, asked_[i + 1], true, here, all);
      if (i > 0 && !word.breaks_before) look(word, asked_[i - 1], false, here, all);
    }
    add_numbers(sentence, passage);
    return out_;
  }

 private:
  std::vector<Token> tokens(std::string_view text) const {
    std::vector<Token> out;
    for (const Word& w : words_of(text, q_)) {
      const std::string_view core = text.substr(w.span.start, w.span.end - w.span.start);
      Token t{std::string(text.substr(w.full.start, w.full.end - w.full.start)), std::string(core), w.after};
      t.name = w.capital || has_digit(core);
      t.breaks_before = w.breaks_before, t.breaks_after = w.breaks_after;
      if (!q_.korean)
        for (std::string* s : {&t.full, &t.core})
          for (char& c : *s) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      constexpr size_t kSyllable = 3;  // bytes
      const bool long_enough = !q_.korean || t.core.size() > kSyllable || !(t.core[0] & 0x80);
      t.content = !w.stop && long_enough && !asks(t.core) && !(q_.korean && is_general_korean(t.core));
      t.verb = q_.korean && is_korean_verb(t.full, t.core, !w.after.empty());
      out.push_back(std::move(t));
    }
    return out;
  }

  bool same(const Token& asked, const Token& there) const {
    if (q_.korean) return there.full.starts_with(asked.core);
    constexpr size_t kLong = 5, kEnding = 2, kLeast = 4;
    if (asked.core == there.core) return true;
    if (asked.core.size() < kLong) return false;
    const auto stem = std::string_view(asked.core).substr(0, std::max(kLeast, asked.core.size() - kEnding));
    return there.core.starts_with(stem);
  }

  std::vector<size_t> places(const Token& asked, const std::vector<Token>& text) const {
    std::vector<size_t> out;
    for (size_t i = 0; i < text.size(); ++i)
      if (same(asked, text[i])) out.push_back(i);
    return out;
  }

  bool is_asked(const Token& there) const {
    return std::any_of(asked_.begin(), asked_.end(), [&](const Token& t) {
      constexpr size_t kTwo = 6;  // bytes
      if (!q_.korean) return t.core == there.core;
      return t.core.size() >= kTwo && (there.full.starts_with(t.core) || t.core.starts_with(there.core));
    });
  }

  // `beside` stands after the missing word in the question, or before it.
  void look(const Token& missing, const Token& beside, bool after, const std::vector<Token>& here,
            const std::vector<Token>& all) {
    if (!beside.content || beside.verb) return;
    for (const bool in_sentence : {false, true}) {
      const std::vector<Token>& text = in_sentence ? here : all;
      for (const size_t at : places(beside, text)) {
        if (after ? at == 0 || text[at].breaks_before : at + 1 == text.size() || text[at].breaks_after) continue;
        const Token& filler = text[after ? at - 1 : at + 1];
        if (!filler.content || filler.verb || is_asked(filler)) continue;
        out_[kFillerAnyCase + in_sentence] = 1;
        if (filler.after == missing.after) out_[(after ? kFillerBefore : kFillerAfter) + in_sentence] = 1;
        if (in_sentence && missing.name && (filler.name || q_.korean)) out_[kFillerName] = 1;
      }
    }
  }

  void add_numbers(std::string_view sentence, std::string_view passage) {
    constexpr double kUnsure = 0.3;
    const bool asks_for_one = q_.asks == Asks::Number || q_.asks == Asks::Time;
    const auto asked = numbers_of(q_.text), here = numbers_of(sentence), all = numbers_of(passage);
    for (const std::string& number : asked) {
      if (all.contains(number)) continue;
      const auto others = std::count_if(here.begin(), here.end(), [&](const std::string& other) {
        return other.size() == number.size() && !asked.contains(other);
      });
      out_[kFillerNumber] = std::max(out_[kFillerNumber], others > (asks_for_one ? 1 : 0) ? 1 : kUnsure);
    }
  }

  const Question& q_;
  const std::vector<Token> asked_;
  Fillers out_{};
};

}  // namespace

Fillers fillers(const Question& question, std::string_view sentence, std::string_view passage) {
  return Texts(question).run(sentence, passage);
}

}  // namespace hanok::chain::answer

#include "chain/answer/fillers.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "chain/answer/asked_for.h"
#include "chain/answer/calendar.h"
#include "chain/answer/key_words.h"
#include "chain/answer/letters.h"
#include "chain/answer/measures.h"
#include "chain/answer/mentions.h"

namespace hanok::chain::answer {
namespace {

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
  text::Span span;
  bool content = false, verb = false, name = false, acronym = false;
  bool breaks_before = false, breaks_after = false;
};

class Texts {
 public:
  explicit Texts(const Question& question)
      : q_(question), asked_(tokens(question.text)), key_words_(key_words(question)) {}

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

  bool another_in_its_place(std::string_view sentence, std::string_view passage) const {
    const auto here = tokens(sentence), all = tokens(passage);
    return other_days(sentence) || other_code(here, all) || other_label(here, all) || other_word(here, all) ||
           other_amount(sentence, all);
  }

 private:
  // "in June" is asked about, and the sentence is about April. A month in a question for a date may be part of what is
  // dated.
  bool other_days(std::string_view sentence) const {
    constexpr Calendar kWeek = 0x7F;
    const Calendar asked = calendar_in(q_.text), here = calendar_in(sentence);
    const auto others = [&](Calendar kind) {
      return (asked & kind) != 0 && (here & kind) != 0 && (asked & here & kind) == 0;
    };
    if (q_.measure != Measure::Weekday && others(kWeek)) return true;
    return (q_.asks != Asks::Time || q_.measure == Measure::Clock) && others(~kWeek);
  }

  // "K-400" is asked about, 104동 or 2025년, and the sentence is about K-100, 101동 or 2024년.
  bool other_code(const std::vector<Token>& here, const std::vector<Token>& all) const {
    return std::any_of(asked_.begin(), asked_.end(), [&](const Token& word) {
      const std::string own = shape_of(word.core);
      if (!has_digit(word.core) || own.find_first_not_of("#,.:/%-") == std::string::npos) return false;
      if (std::any_of(all.begin(), all.end(), [&](const Token& t) { return t.core == word.core; })) return false;
      return std::any_of(here.begin(), here.end(), [&](const Token& t) { return shape_of(t.core) == own; });
    });
  }

  /// A word with "#" in place of its numbers.
  static std::string shape_of(std::string_view word) {
    std::string out;
    for (const char c : word)
      if (!is_digit(c))
        out += c;
      else if (out.empty() || out.back() != '#')
        out += '#';
    return out;
  }

  // "라 구역" is asked about, or "building D", and the sentence is about 가 구역 or building C.
  bool other_label(const std::vector<Token>& here, const std::vector<Token>& all) const {
    for (size_t i = 0; i < asked_.size(); ++i) {
      if (!is_label(asked_[i])) continue;
      for (const bool after : {true, false}) {
        if (after ? i + 1 == asked_.size() : i == 0) continue;
        const Token& beside = asked_[after ? i + 1 : i - 1];
        if (!beside.content || beside.verb || is_label(beside)) continue;
        const auto labelled = [&](const std::vector<Token>& text, bool same) {
          const auto at = places(beside, text);
          return std::any_of(at.begin(), at.end(), [&](size_t place) {
            if (after ? place == 0 : place + 1 == text.size()) return false;
            const Token& label = text[after ? place - 1 : place + 1];
            return is_label(label) && (label.core == asked_[i].core) == same;
          });
        };
        if (!labelled(all, true) && labelled(here, false)) return true;
      }
    }
    return false;
  }

  /// One letter that things in a row are told apart by.
  static bool is_label(const Token& t) {
    constexpr std::string_view kOrder = "가나다라마바사아자차카타파하";
    constexpr size_t kSyllable = 3;  // bytes
    if (t.core != t.full) return false;
    if (t.core.size() == kSyllable) {
      const size_t at = kOrder.find(t.core);
      return at != std::string_view::npos && at % kSyllable == 0;
    }
    return t.core.size() == 1 && t.core[0] >= 'b' && t.core[0] <= 'z' && t.core[0] != 'i';
  }

  // "pear trees" are asked about, pears stand in no passage at all, and the sentence is about apple trees.
  bool other_word(const std::vector<Token>& here, const std::vector<Token>& all) const {
    for (size_t i = 0; i < asked_.size(); ++i) {
      const Token& word = asked_[i];
      const bool last_of_korean = q_.korean && i + 1 == asked_.size();  // what is asked for
      if (!word.content || word.verb || last_of_korean || word.acronym || has_digit(word.core)) continue;
      if (!is_said(word) || !places(word, all).empty() || !is_nowhere(word)) continue;
      if (i + 1 < asked_.size() && !word.breaks_after && is_replaced(word, asked_[i + 1], true, here)) return true;
      if (i > 0 && word.name && !word.breaks_before && is_replaced(word, asked_[i - 1], false, here)) return true;
    }
    return false;
  }

  /// A word that says what the question is about, rather than what asks or is done.
  bool is_said(const Token& word) const {
    if (lower(q_.asked_for.head) == word.core) return q_.asked_for.word == "how many";
    return std::any_of(key_words_.begin(), key_words_.end(), [&](const KeyWord& key) {
      return lower(key.text) == word.core && key.kind != WordKind::General && key.kind != WordKind::Other;
    });
  }

  bool is_nowhere(const Token& word) const {
    constexpr double kNowhere = 0.95;  // of the rarity of a word in no passage
    bool any = false;
    for (const text::Term& term : q_.terms) {
      const auto at = q_.by_form.find(term.form);
      if (at == q_.by_form.end() || term.span.start < word.span.start || term.span.end > word.span.end) continue;
      if (q_.rarity[at->second] < kNowhere) return false;
      any = true;
    }
    return any;
  }

  // Where both begin alike one may be a misspelling of the other, or the same word in another form.
  bool is_replaced(const Token& missing, const Token& beside, bool after, const std::vector<Token>& here) const {
    constexpr size_t kAlike = 2;  // bytes
    if (!beside.content || beside.verb) return false;
    for (const size_t at : places(beside, here)) {
      if (after ? at == 0 || here[at].breaks_before : at + 1 == here.size() || here[at].breaks_after) continue;
      const Token& filler = here[after ? at - 1 : at + 1];
      if (!filler.content || filler.verb || is_asked(filler) || filler.after != missing.after) continue;
      if (!q_.korean && filler.core.substr(0, kAlike) == missing.core.substr(0, kAlike)) continue;
      if (missing.core.find(filler.core) != std::string::npos) continue;  // "UserDatagram Protocol"
      if (after || filler.name) return true;
    }
    return false;
  }

  // "How much sugar", "매출은 얼마인가요": what is to be measured stands in no passage, and the sentence has no price.
  bool other_amount(std::string_view sentence, const std::vector<Token>& all) const {
    for (size_t i = 0; i + 1 < asked_.size(); ++i) {
      const bool english = asked_[i].core == "much" && i > 0 && asked_[i - 1].core == "how";
      const bool korean = q_.korean && asked_[i + 1].full.starts_with("얼마") && is_subject(asked_[i].after);
      if (!english && !korean) continue;
      const Token& thing = asked_[korean ? i : i + 1];
      return thing.content && !names_a_measure(thing.core) && places(thing, all).empty() && is_nowhere(thing) &&
             !holds_measure(sentence, Measure::Money);
    }
    return false;
  }

  static bool is_subject(std::string_view particle) {
    return particle == "은" || particle == "는" || particle == "이" || particle == "가";
  }

  static bool names_a_measure(std::string_view word) {
    constexpr Measure kAll[] = {Measure::Clock,  Measure::Weekday, Measure::Money,  Measure::Duration,
                                Measure::Length, Measure::Weight,  Measure::Percent};
    return std::any_of(std::begin(kAll), std::end(kAll), [&](Measure m) { return names_measure(word, m); });
  }

  std::vector<Token> tokens(std::string_view text) const {
    std::vector<Token> out;
    for (const Word& w : words_of(text, q_)) {
      const std::string_view core = text.substr(w.span.start, w.span.end - w.span.start);
      Token t{std::string(text.substr(w.full.start, w.full.end - w.full.start)), std::string(core), w.after, w.full};
      t.name = w.capital || has_digit(core);
      t.acronym = core.size() > 1 && is_upper(core[0]) && is_upper(core[1]);  // "UMC's" too
      t.breaks_before = w.breaks_before, t.breaks_after = w.breaks_after;
      if (!q_.korean)
        for (std::string* s : {&t.full, &t.core}) *s = lower(*s);
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
  const std::vector<KeyWord> key_words_;
  Fillers out_{};
};

}  // namespace

Fillers fillers(const Question& question, std::string_view sentence, std::string_view passage) {
  return Texts(question).run(sentence, passage);
}

bool another_in_its_place(const Question& question, std::string_view sentence, std::string_view passage) {
  return Texts(question).another_in_its_place(sentence, passage);
}

}  // namespace hanok::chain::answer

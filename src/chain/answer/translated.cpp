#include "chain/answer/translated.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "chain/answer/asked_for.h"
#include "chain/answer/calendar.h"
#include "chain/answer/key_words.h"
#include "chain/answer/letters.h"
#include "chain/answer/mentions.h"
#include "chain/embedder/word_meanings.h"

namespace hanok::chain::answer {
namespace {

// At so many deviations a word counts half. From 3.5 to 4.7, with slopes of .5 to .9, what is learned from it is right
// equally often.
constexpr double kEven = 4.1, kSlope = 0.75;
// A day or month that is asked about tells apart lines that are alike in all else. Chosen by hand.
constexpr double kDayWeight = 3;

/// The runs of digits, without the commas inside.
std::set<std::string> digits_of(std::string_view text) {
  std::set<std::string> out;
  std::string run;
  const auto end_run = [&] {
    if (!run.empty()) out.insert(std::move(run));
    run.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (digit)
      run += text[i];
    else if (text[i] != ',' || run.empty() || i + 1 == text.size() || text[i + 1] < '0' || text[i + 1] > '9')
      end_run();
  }
  end_run();
  return out;
}

std::vector<std::string> words_in(std::string_view text, const Question& question) {
  const text::Script script = text::script_of(text);
  if (!has_blanks(script)) return plain_words(text, script);
  std::vector<std::string> out;
  for (const Word& w : words_of(text, question))
    if (!w.stop || w.month) out.emplace_back(text.substr(w.span.start, w.span.end - w.span.start));
  return out;
}

bool is_topical(WordKind kind) { return kind != WordKind::General && kind != WordKind::Other; }

}  // namespace

Translated::Translated(const Question& question, const WordNearness& nearness)
    : question_(question), nearness_(nearness) {
  if (!has_blanks(text::script_of(question.text))) {
    words_ = plain_words(question.text, text::script_of(question.text));
    topical_.assign(words_.size(), true);
    days_.assign(words_.size(), 0);
    weights_.assign(words_.size(), 1);
    return;
  }
  // What is of the measure asked for is looked for elsewhere, so its name counts only where nothing else is said.
  const auto add = [&](bool measures) {
    for (const KeyWord& w : key_words(question)) {
      if (asks(w.text) || names_measure(w.text, question.measure) != measures) continue;
      words_.push_back(w.text);
      topical_.push_back(is_topical(w.kind));
      days_.push_back(calendar_in(w.text));
      weights_.push_back(days_.back() != 0 ? kDayWeight : 1);
    }
  };
  add(false);
  if (words_.empty()) add(true);
}

std::vector<Presence> Translated::in(const std::vector<std::string>& texts) const {
  std::vector<std::vector<std::string>> words;
  std::set<std::string> distinct;
  for (const std::string& text : texts) {
    words.push_back(words_in(text, question_));
    distinct.insert(words.back().begin(), words.back().end());
  }
  const std::vector<std::string> there(distinct.begin(), distinct.end());
  const auto alike = nearness_(words_, there);
  std::vector<Presence> out;
  for (size_t t = 0; t < texts.size(); ++t) {
    Presence& presence = out.emplace_back(words_.size());
    const auto digits = digits_of(texts[t]);
    const Calendar calendar = calendar_in(texts[t]);
    for (size_t w = 0; w < words_.size(); ++w) {
      if (const Calendar asked = days_[w]) {
        presence[w] = (calendar & asked) == asked;
        continue;
      }
      if (has_digit(words_[w])) {
        const auto wanted = digits_of(words_[w]);
        presence[w] = std::all_of(wanted.begin(), wanted.end(), [&](const auto& run) { return digits.contains(run); });
        continue;
      }
      double most = -kEven;
      for (const std::string& word : words[t]) {
        const auto at = static_cast<size_t>(std::lower_bound(there.begin(), there.end(), word) - there.begin());
        most = std::max(most, alike[w][at]);
      }
      presence[w] = 1 / (1 + std::exp((kEven - most) / kSlope));
    }
  }
  return out;
}

namespace {

/// 1 where nothing counts.
double mean_of(const Presence& p, const auto& counts) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < p.size(); ++i) sum += counts(i) * p[i], all += counts(i);
  return all > 0 ? sum / all : 1;
}

}  // namespace

double Translated::mean(const Presence& p) const {
  return mean_of(p, [this](size_t i) { return weights_[i]; });
}
double Translated::plain_mean(const Presence& p) const {
  return mean_of(p, [](size_t) { return 1.0; });
}
double Translated::topical_least(const Presence& p) const {
  double least = 1;
  for (size_t i = 0; i < p.size(); ++i)
    if (topical_[i]) least = std::min(least, p[i]);
  return least;
}
double Translated::topical_mean(const Presence& p) const {
  return mean_of(p, [this](size_t i) { return topical_[i] ? 1.0 : 0.0; });
}

Presence together(Presence a, const Presence& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = std::max(a[i], b[i]);
  return a;
}

}  // namespace hanok::chain::answer

#include "chain/eval/calibrate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/threads.h"
#include "chain/answer/confidence.h"
#include "chain/answer/gather.h"
#include "chain/answer/short_answer.h"
#include "chain/eval/learn.h"
#include "chain/eval/squad_collection.h"

namespace hanok::chain {
namespace {

using namespace answer;

constexpr size_t kSentencesRanked = 24;
constexpr double kGoodF1 = 0.6;         // a candidate further from the gold answer than this is no example to follow
constexpr size_t kSmallCollection = 6;  // articles, the unchosen half among them
constexpr size_t kSmallShare = 5;       // questions of each, per cent of those of a whole set
constexpr double kFlat = 0.001;         // thresholds whose balance differs by less are alike
constexpr size_t kEvenChance = 50;      // hundredths
constexpr double kSmallWeight = 0.03;

/// A question with its ranked sentences, with the gold paragraph in the collection and without.
struct Case {
  const SquadQuestion* question = nullptr;
  Gathered found, without;
  std::vector<Sentence> ranked, ranked_without;
  std::string gold_path;

  std::string text(const Sentence& s) const {
    return found.passages[s.passage].text.substr(s.span.start, s.span.end - s.span.start);
  }
  bool cites_gold(const Sentence& s) const { return found.hits[s.passage].chunk.path == gold_path; }
  bool right(const Sentence& s) const { return cites_gold(s) && holds_answer(text(s), question->answers); }
};

std::vector<Case> read_cases(const SquadSet& set, const SquadCollection& squad, const AnswersOptions& options,
                             bool without) {
  const auto chosen = chosen_questions(set, options);
  std::vector<Case> cases(chosen.size());
  base::parallel_for(chosen.size(), 8, [&](size_t begin, size_t end, size_t) {
    base::check_interrupt();
    for (size_t i = begin; i < end; ++i) {
      Case& c = cases[i];
      c.question = &set.questions[chosen[i]];
      c.gold_path = set.paragraphs[c.question->paragraph].path;
      SearchOptions search{.k = options.k, .embedder = squad.embedder()};
      c.found = gather(squad.collection(), c.question->question, search);
      c.ranked = rank_sentences(c.found.question, c.found.passages, c.found.meaning);
      if (!without) continue;
      search.filter = all_but(c.gold_path);
      c.without = gather(squad.collection(), c.question->question, search);
      c.ranked_without = rank_sentences(c.without.question, c.without.passages, c.without.meaning);
    }
  });
  std::erase_if(cases, [](const Case& c) { return c.question->answers.empty(); });
  return cases;
}

// A few articles each: in a small collection more words of a question stand nowhere and rare words are lighter, and the
// confidence must hold there too.
std::vector<SquadSet> small_sets(const SquadSet& set, Half half) {
  std::map<size_t, SquadSet> parts;
  std::vector<size_t> place(set.paragraphs.size());
  const auto chosen = [&](size_t article) { return half == Half::All || (article % 2 == 0) == (half == Half::Even); };
  for (size_t p = 0; p < set.paragraphs.size(); ++p) {
    const size_t article = set.paragraphs[p].article;
    if (!chosen(article)) continue;
    SquadSet& part = parts[article / kSmallCollection];
    place[p] = part.paragraphs.size();
    part.paragraphs.push_back(set.paragraphs[p]);
  }
  for (SquadQuestion q : set.questions) {
    const size_t article = set.paragraphs[q.paragraph].article;
    if (!chosen(article)) continue;
    q.paragraph = place[q.paragraph];
    parts[article / kSmallCollection].questions.push_back(std::move(q));
  }
  std::vector<SquadSet> out;
  for (auto& [key, part] : parts) out.push_back(std::move(part));
  return out;
}

std::string array_text(const std::vector<double>& weights) {
  std::string out = "{";
  char number[32];
  for (const double w : weights) {
    std::snprintf(number, sizeof number, "%.3g, ", std::abs(w) < 1e-6 ? 0 : w);
    out += number;
  }
  out.resize(out.size() - 2);
  return out + "}\n";
}

std::string learn_short_answers(const std::vector<Case>& cases) {
  std::map<std::string, uint32_t> numbers;
  std::vector<learn::List> lists;
  for (const Case& c : cases) {
    const auto sentence = std::find_if(c.ranked.begin(), c.ranked.end(), [&](const Sentence& s) { return c.right(s); });
    if (sentence == c.ranked.end()) continue;
    const std::string text = c.text(*sentence);
    learn::List list;
    std::vector<double> scores;
    for (const Candidate& candidate : short_candidates(text, c.found.question)) {
      list.emplace_back();
      for (const std::string& f : candidate.features)
        list.back().features.emplace_back(numbers.emplace(f, numbers.size()).first->second, 1.0f);
      scores.push_back(
          f1(text.substr(candidate.span.start, candidate.span.end - candidate.span.start), c.question->answers));
    }
    const double best = scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
    for (size_t i = 0; i < list.size(); ++i) list[i].right = best >= kGoodF1 && scores[i] > best - 1e-9;
    lists.push_back(std::move(list));
  }
  const auto weights = learn::rank_weights(lists, numbers.size(), {.epochs = 12, .decay = 1e-3});
  std::string out;
  char number[32];
  for (const auto& [name, at] : numbers) {
    if (std::abs(weights[at]) < kSmallWeight) continue;
    std::snprintf(number, sizeof number, "%.2f", weights[at]);
    out += "{\"" + name + "\", " + number + "},\n";
  }
  return out;
}

std::string learn_sentences(const std::vector<Case>& cases) {
  std::vector<learn::List> lists;
  for (const Case& c : cases) {
    learn::List list;
    for (size_t i = 0; i < std::min(c.ranked.size(), kSentencesRanked); ++i) {
      list.push_back({{}, c.right(c.ranked[i])});
      for (uint32_t f = 0; f < kSentenceFeatures; ++f)
        if (c.ranked[i].features[f] != 0)
          list.back().features.emplace_back(f, static_cast<float>(c.ranked[i].features[f]));
    }
    lists.push_back(std::move(list));
  }
  return array_text(learn::rank_weights(lists, kSentenceFeatures, {.epochs = 100, .decay = 1e-5}));
}

// Right: the best sentence is of the gold paragraph. (Not: holds the gold answer. The neighbouring sentence of the
// right paragraph is a fair citation, and the curve in the report counts only exact hits as correct.)
std::string learn_confidence(const std::vector<Case>& cases) {
  std::vector<std::vector<double>> rows;
  std::vector<char> right;
  for (const Case& c : cases) {
    if (!c.ranked.empty()) {
      rows.push_back(confidence_features(c.found.question, c.found.passages, c.ranked));
      right.push_back(c.cites_gold(c.ranked[0]));
    }
    if (!c.ranked_without.empty()) {
      rows.push_back(confidence_features(c.without.question, c.without.passages, c.ranked_without));
      right.push_back(false);
    }
  }
  return array_text(learn::logistic_weights(rows, right));
}

// Answered plus abstained at each hundredth, halved and averaged over the sets (a large one has no more say), without
// the embedder and, where there is one, with it: the threshold is one for both.
std::string choose_threshold(const std::vector<SquadSet>& sets, const AnswersOptions& options) {
  std::vector<double> balance(100);
  std::vector<AnswersReport> reports;
  AnswersOptions words = options;
  words.embedder = nullptr;
  for (const SquadSet& set : sets) {
    reports.push_back(evaluate_answers(set, words));
    if (options.embedder) reports.push_back(evaluate_answers(set, options));
  }
  for (size_t i = 1; i < balance.size(); ++i)
    for (const AnswersReport& report : reports) {
      const CurvePoint p = report.at(static_cast<double>(i) / 100);
      balance[i] += (p.answered + p.abstained) / 2 / static_cast<double>(reports.size());
    }
  const double most = *std::max_element(balance.begin(), balance.end());
  size_t best = static_cast<size_t>(std::max_element(balance.begin(), balance.end()) - balance.begin());
  for (size_t i = best + 1; i <= kEvenChance; ++i)
    if (balance[i] >= most - kFlat) best = i;
  char line[64];
  std::snprintf(line, sizeof line, "%.2f\n", static_cast<double>(best) / 100);
  std::string out = line;
  for (size_t i = 5; i < balance.size(); i += 5) {
    std::snprintf(line, sizeof line, "// %.2f  %.4f\n", static_cast<double>(i) / 100, balance[i]);
    out += line;
  }
  return out;
}

}  // namespace

std::string calibrate(const std::vector<SquadSet>& sets, Step step, const AnswersOptions& options) {
  if (step == Step::Threshold) return choose_threshold(sets, options);
  std::vector<Case> cases;
  for (const SquadSet& set : sets) {
    const SquadCollection squad(set, options);
    auto more = read_cases(set, squad, options, step == Step::Confidence);
    for (Case& c : more) cases.push_back(std::move(c));
  }
  std::vector<SquadSet> parts;  // the cases point into it
  if (step == Step::Confidence)
    for (const SquadSet& set : sets)
      for (SquadSet& part : small_sets(set, options.half)) parts.push_back(std::move(part));
  for (const SquadSet& part : parts) {
    AnswersOptions few = options;
    few.sample = options.sample * kSmallShare / 100;
    auto more = read_cases(part, SquadCollection(part, few), few, true);
    for (Case& c : more) cases.push_back(std::move(c));
  }
  switch (step) {
    case Step::ShortAnswers:
      return learn_short_answers(cases);
    case Step::Sentences:
      return learn_sentences(cases);
    case Step::Confidence:
      return learn_confidence(cases);
    case Step::Threshold:
      break;
  }
  return {};
}

}  // namespace hanok::chain

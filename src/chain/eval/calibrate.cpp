#include "chain/eval/calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>

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
constexpr size_t kLeastSeen = 10;       // questions that a feature of a short answer must be seen with
constexpr double kSmallWeight = 0.05;
constexpr size_t kLineBytes = 118;

/// A question with its ranked sentences, with the gold paragraph in the collection and without.
struct Case {
  const SquadQuestion* question = nullptr;
  Gathered found, without;
  std::vector<Sentence> ranked, ranked_without;
  std::string gold_path;
  size_t fold = 0;

  std::string text(const Sentence& s) const {
    return found.passages[s.passage].text.substr(s.span.start, s.span.end - s.span.start);
  }
  bool cites_gold(const Sentence& s) const { return found.hits[s.passage].chunk.path == gold_path; }
  bool right(const Sentence& s) const { return cites_gold(s) && holds_answer(text(s), question->answers); }
};

/// The short answers' weights for the questions of each fold. A weight that was learned from a question's own answer
/// would make its sentence look better than those of a new question, so they are learned from the other fold.
using FoldWeights = std::array<ShortAnswerWeights, 2>;
size_t fold_of(size_t article) { return article / 2 % 2; }

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
      c.found = gather(squad.snapshot(), c.question->question, search);
      c.fold = fold_of(set.paragraphs[c.question->paragraph].article);
      if (!without) continue;
      search.filter = all_but(c.gold_path);
      c.without = gather(squad.snapshot(), c.question->question, search);
    }
  });
  std::erase_if(cases, [](const Case& c) { return c.question->answers.empty(); });
  return cases;
}

void rank(std::vector<Case>& cases, const FoldWeights& weights) {
  base::parallel_for(cases.size(), 8, [&](size_t begin, size_t end, size_t) {
    base::check_interrupt();
    for (size_t i = begin; i < end; ++i) {
      Case& c = cases[i];
      const auto ranked = [&](const Gathered& g) {
        return rank_sentences(g.question, g.passages, g.meaning, weights[c.fold]);
      };
      c.ranked = ranked(c.found);
      c.ranked_without = ranked(c.without);
    }
  });
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

std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out;
}

learn::List choices(const std::vector<AnswerRun>& candidates, const std::vector<double>& scores,
                    const std::map<std::string, uint32_t>& numbers) {
  const double best = *std::max_element(scores.begin(), scores.end());
  learn::List list(candidates.size());
  for (size_t i = 0; i < list.size(); ++i) {
    list[i].right = best >= kGoodF1 && scores[i] > best - 1e-9;
    for (const std::string& f : candidates[i].features)
      if (const auto at = numbers.find(f); at != numbers.end()) list[i].features.emplace_back(at->second, 1.0f);
  }
  return list;
}

ShortAnswerWeights learn_short_answers(const std::vector<Case>& cases, const std::function<bool(const Case&)>& use) {
  std::vector<std::vector<AnswerRun>> candidates;
  std::vector<std::vector<double>> scores;
  std::map<std::string, size_t> seen;  // in how many questions
  for (const Case& c : cases) {
    if (!use(c)) continue;
    const auto sentence = std::find_if(c.ranked.begin(), c.ranked.end(), [&](const Sentence& s) { return c.right(s); });
    if (sentence == c.ranked.end()) continue;
    const std::string text = c.text(*sentence);
    candidates.push_back(short_candidates(text, c.found.question));
    scores.emplace_back();
    std::set<std::string> here;
    for (const AnswerRun& candidate : candidates.back()) {
      here.insert(candidate.features.begin(), candidate.features.end());
      scores.back().push_back(
          f1(text.substr(candidate.span.start, candidate.span.end - candidate.span.start), c.question->answers));
    }
    for (const std::string& f : here) ++seen[f];
  }
  std::map<std::string, uint32_t> numbers;
  for (const auto& [name, times] : seen)
    if (times >= kLeastSeen) numbers.emplace(name, numbers.size());
  std::vector<learn::List> lists;
  for (size_t i = 0; i < candidates.size(); ++i)
    if (!scores[i].empty()) lists.push_back(choices(candidates[i], scores[i], numbers));
  const auto weights = learn::rank_weights(lists, numbers.size(), {.epochs = 12, .decay = 5e-3});
  ShortAnswerWeights out;
  for (const auto& [name, at] : numbers)
    if (std::abs(weights[at]) >= kSmallWeight) out.emplace(name, weights[at]);
  return out;
}

std::string lines_of(const ShortAnswerWeights& weights) {
  std::string out, line;
  char number[32];
  for (const auto& [name, weight] : std::map<std::string, double>(weights.begin(), weights.end())) {
    std::snprintf(number, sizeof number, "%.2f", weight);
    const std::string next = "{\"" + escaped(name) + "\", " + number + "f},";
    if (!line.empty() && line.size() + next.size() > kLineBytes) out += line + "\n", line.clear();
    line += (line.empty() ? "" : " ") + next;
  }
  return out + line + "\n";
}

std::string learn_sentences(const std::vector<Case>& cases, bool korean) {
  std::vector<learn::List> lists;
  for (const Case& c : cases) {
    if (c.found.question.korean != korean) continue;
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
std::string learn_confidence(const std::vector<Case>& cases, bool korean) {
  std::vector<std::vector<double>> rows;
  std::vector<char> right;
  for (const Case& c : cases) {
    if (c.found.question.korean != korean) continue;
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

// A row of weights.h for each language that has questions.
std::string by_language(const std::vector<Case>& cases, std::string (*learn)(const std::vector<Case>&, bool),
                        const AnswersOptions& options) {
  std::string out;
  for (const bool korean : {false, true})
    if (std::any_of(cases.begin(), cases.end(), [&](const Case& c) { return c.found.question.korean == korean; }))
      out += std::string("/* ") + (korean ? "kKorean" : "kEnglish") + (options.embedder ? "Meaning */ " : " */ ") +
             learn(cases, korean);
  return out;
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
  for (size_t i = 1; i <= kEvenChance; ++i)
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
  std::vector<std::unique_ptr<SquadCollection>> squads;  // the cases ask their embedders
  std::vector<Case> cases;
  const auto add = [&](std::vector<Case> more) { std::move(more.begin(), more.end(), std::back_inserter(cases)); };
  for (const SquadSet& set : sets) {
    squads.push_back(std::make_unique<SquadCollection>(set, options));
    add(read_cases(set, *squads.back(), options, step == Step::Confidence));
  }
  rank(cases, {learned_short_answers(), learned_short_answers()});
  if (step == Step::ShortAnswers) return lines_of(learn_short_answers(cases, [](const Case&) { return true; }));
  const FoldWeights folds = {learn_short_answers(cases, [](const Case& c) { return c.fold == 1; }),
                             learn_short_answers(cases, [](const Case& c) { return c.fold == 0; })};
  rank(cases, folds);
  if (step == Step::Sentences) return by_language(cases, learn_sentences, options);
  std::vector<SquadSet> parts;  // the cases point into it
  for (const SquadSet& set : sets)
    for (SquadSet& part : small_sets(set, options.half)) parts.push_back(std::move(part));
  for (const SquadSet& part : parts) {
    AnswersOptions few = options;
    few.sample = options.sample * kSmallShare / 100;
    const SquadCollection squad(part, few);
    auto more = read_cases(part, squad, few, true);
    rank(more, folds);
    add(std::move(more));
  }
  return by_language(cases, learn_confidence, options);
}

}  // namespace hanok::chain

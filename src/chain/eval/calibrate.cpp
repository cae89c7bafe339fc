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

#include "base/file.h"
#include "base/threads.h"
#include "chain/answer/confidence.h"
#include "chain/answer/gather.h"
#include "chain/answer/short_answer.h"
#include "chain/eval/cached_embedder.h"
#include "chain/eval/exchange.h"
#include "chain/eval/learn.h"
#include "chain/eval/learned_text.h"
#include "chain/eval/squad_collection.h"
#include "hanok/context.h"

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
constexpr size_t kPools[] = {1, 3, 10};  // paragraphs of the smallest collections
constexpr size_t kPoolShare = 15;        // questions asked in each size of pool, per cent of those of a whole set
// How often the three ways to ask a question count; the third as if every question had a name to exchange.
constexpr double kAnswerable = 2.2, kTakenAway = 1.4, kExchanged = 1.75;
constexpr double kTakenAwayKoreanWords = 1.65;  // words alone tell less in Korean of what a passage is about

/// A question with its ranked sentences, with the gold paragraph in the collection and without, and with a name
/// exchanged.
struct Case {
  SquadQuestion question;
  Gathered found, without, exchanged;
  std::vector<Sentence> ranked, ranked_without, ranked_exchanged;
  std::string gold_path;
  size_t fold = 0;

  std::string text(const Sentence& s) const {
    return found.passages[s.passage].text.substr(s.span.start, s.span.end - s.span.start);
  }
  bool cites_gold(const Sentence& s) const { return found.hits[s.passage].chunk.path == gold_path; }
  bool right(const Sentence& s) const { return cites_gold(s) && holds_answer(text(s), question.answers); }
};

/// The short answers' weights for the questions of each fold. A weight that was learned from a question's own answer
/// would make its sentence look better than those of a new question, so they are learned from the other fold.
using FoldWeights = std::array<ShortAnswerWeights, 2>;
size_t fold_of(size_t article) { return article / 2 % 2; }

using Exchanges = std::map<std::string, ExchangedQuestion>;  // by the question's id

Exchanges exchanges_of(const SquadSet& set) {
  Exchanges out;
  const auto exchanged = exchange_names(set);
  for (size_t i = 0; i < exchanged.size(); ++i)
    if (exchanged[i]) out.emplace(set.questions[i].id, *exchanged[i]);
  return out;
}

/// Everything but the search without the paragraph.
Case read_case(const SquadSet& set, const SquadQuestion& question, const Exchanges& exchanges,
               const SquadCollection& squad, const AnswersOptions& options) {
  Case c;
  c.question = question;
  c.gold_path = set.paragraphs[question.paragraph].path;
  c.fold = fold_of(set.paragraphs[question.paragraph].article);
  const SearchOptions search{.k = options.k, .embedder = squad.embedder()};
  c.found = gather(squad.snapshot(), question.question, search);
  if (const auto exchanged = exchanges.find(question.id); exchanged != exchanges.end())
    c.exchanged = gather(squad.snapshot(), exchanged->second.text, search);
  return c;
}

std::vector<Case> read_cases(const SquadSet& set, const SquadCollection& squad, const AnswersOptions& options,
                             const Exchanges& exchanges, bool without) {
  const auto chosen = chosen_questions(set, options);
  std::vector<Case> cases(chosen.size());
  base::parallel_for(chosen.size(), 8, [&](size_t begin, size_t end, size_t) {
    base::check_interrupt();
    for (size_t i = begin; i < end; ++i) {
      const SquadQuestion& q = set.questions[chosen[i]];
      cases[i] = read_case(set, q, exchanges, squad, options);
      if (without)
        cases[i].without =
            gather(squad.snapshot(), q.question,
                   {.k = options.k, .filter = all_but(cases[i].gold_path), .embedder = squad.embedder()});
    }
  });
  std::erase_if(cases, [](const Case& c) { return c.question.answers.empty(); });
  return cases;
}

/// Of small pools: the questions of each are asked in it and, to be left unanswered, in the one before.
std::vector<Case> read_pooled_cases(const SquadSet& set, size_t size, const AnswersOptions& options,
                                    const Exchanges& exchanges) {
  const auto pools = pools_of(set, options, size);
  std::map<std::string, Case> cases;
  for (size_t i = 0; i < pools.size(); ++i) {
    static const std::vector<SquadQuestion> kNone;
    const auto& strangers = pools.size() > 1 ? pools[(i + 1) % pools.size()].questions : kNone;
    if (pools[i].questions.empty() && strangers.empty()) continue;
    base::check_interrupt();
    const SquadCollection squad(pools[i], options);
    for (const SquadQuestion& q : pools[i].questions) {
      Gathered without = std::move(cases[q.id].without);
      cases[q.id] = read_case(pools[i], q, exchanges, squad, options);
      cases[q.id].without = std::move(without);
    }
    for (const SquadQuestion& q : strangers)
      cases[q.id].without = gather(squad.snapshot(), q.question, {.k = options.k, .embedder = squad.embedder()});
  }
  std::vector<Case> out;
  for (auto& [id, c] : cases)
    if (!c.question.answers.empty()) out.push_back(std::move(c));
  return out;
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
      c.ranked_exchanged = ranked(c.exchanged);
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
          f1(text.substr(candidate.span.start, candidate.span.end - candidate.span.start), c.question.answers));
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
    if (!line.empty() && line.size() + next.size() > kLearnedLine) out += line + "\n", line.clear();
    line += (line.empty() ? "" : " ") + next;
  }
  return out + line + "\n";
}

std::vector<double> learn_sentences(const std::vector<Case>& cases, bool korean) {
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
  return learn::rank_weights(lists, kSentenceFeatures, {.epochs = 100, .decay = 1e-5});
}

// Right: the best sentence is of the gold paragraph. (Not: holds the gold answer. The neighbouring sentence of the
// right paragraph is a fair citation, and the curve in the report counts only exact hits as correct.)
// A question counts three ways, once answerable and twice not, so the first is given more weight: an even chance is
// then where answering and not answering are right equally often.
std::vector<double> learn_confidence(const std::vector<Case>& cases, bool korean) {
  std::vector<learn::Row> rows;
  double asked = 0, exchanged = 0;
  for (const Case& c : cases)
    if (c.found.question.korean == korean) ++asked, exchanged += !c.ranked_exchanged.empty();
  const auto add = [&](const Gathered& g, const std::vector<Sentence>& ranked, bool right, double times) {
    if (!ranked.empty())
      rows.push_back({confidence_features(g.question, g.passages, ranked, g.reworded), right, times});
  };
  for (const Case& c : cases) {
    if (c.found.question.korean != korean) continue;
    add(c.found, c.ranked, !c.ranked.empty() && c.cites_gold(c.ranked[0]), kAnswerable);
    add(c.without, c.ranked_without, false, korean && !c.without.meaning ? kTakenAwayKoreanWords : kTakenAway);
    add(c.exchanged, c.ranked_exchanged, false, kExchanged * asked / std::max(1.0, exchanged));
  }
  return learn::logistic_weights(rows);
}

// A row for each language that has questions.
std::string by_language(const std::vector<Case>& cases, std::vector<double> (*learn)(const std::vector<Case>&, bool),
                        const AnswersOptions& options) {
  std::string out;
  for (const bool korean : {false, true})
    if (std::any_of(cases.begin(), cases.end(), [&](const Case& c) { return c.found.question.korean == korean; }))
      out += learned_row(std::string(korean ? "kKorean" : "kEnglish") + (options.embedder ? "Meaning" : ""),
                         learn(cases, korean));
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

std::string learn_step(const std::vector<SquadSet>& sets, Step step, const AnswersOptions& options) {
  if (step == Step::Threshold) return choose_threshold(sets, options);
  const bool last = step == Step::Confidence;
  std::vector<Case> cases;
  const auto add = [&](std::vector<Case> more) { std::move(more.begin(), more.end(), std::back_inserter(cases)); };
  std::vector<Exchanges> exchanges;
  for (const SquadSet& set : sets) {
    exchanges.push_back(last ? exchanges_of(set) : Exchanges());
    add(read_cases(set, SquadCollection(set, options), options, exchanges.back(), last));
  }
  rank(cases, {learned_short_answers(), learned_short_answers()});
  if (step == Step::ShortAnswers) return lines_of(learn_short_answers(cases, [](const Case&) { return true; }));
  const FoldWeights folds = {learn_short_answers(cases, [](const Case& c) { return c.fold == 1; }),
                             learn_short_answers(cases, [](const Case& c) { return c.fold == 0; })};
  rank(cases, folds);
  if (step == Step::Sentences) return by_language(cases, learn_sentences, options);
  AnswersOptions few = options;
  const Context::Scope quietly(Context::current().with_progress({}));
  for (size_t s = 0; s < sets.size(); ++s) {
    const size_t asked = chosen_questions(sets[s], options).size();
    few.sample = options.sample * kSmallShare / 100;
    for (const SquadSet& part : small_sets(sets[s], options.half)) {
      auto more = read_cases(part, SquadCollection(part, few), few, exchanges[s], true);
      rank(more, folds);
      add(std::move(more));
    }
    few.sample = std::max<size_t>(1, asked * kPoolShare / 100);
    for (const size_t size : kPools) {
      auto more = read_pooled_cases(sets[s], size, few, exchanges[s]);
      rank(more, folds);
      add(std::move(more));
    }
  }
  return by_language(cases, learn_confidence, options);
}

}  // namespace

Step step_named(std::string_view name) {
  if (name == "short-answers") return Step::ShortAnswers;
  if (name == "sentences") return Step::Sentences;
  if (name == "confidence") return Step::Confidence;
  if (name == "threshold") return Step::Threshold;
  if (name == "foreign") return Step::Foreign;
  throw Error(Code::Invalid, "'" + std::string(name) +
                                 "' is no step of learning: short-answers, sentences, confidence, threshold, foreign");
}

std::string calibrate(const std::vector<SquadSet>& sets, Step step, const AnswersOptions& options) {
  if (step == Step::Foreign)
    throw Error(Code::Invalid, "this step is learned from questions across languages: name their file (--across)");
  if (!options.embedder) return learn_step(sets, step, options);
  const CachedEmbedder embedder(*options.embedder, options.vectors);
  AnswersOptions cached = options;
  cached.embedder = &embedder;
  return learn_step(sets, step, cached);
}

void write_learned(const std::filesystem::path& folder, Step step, bool meaning, const std::string& command,
                   const std::string& learned) {
  const std::string mode = meaning ? "meaning" : "words";
  const std::string name = step == Step::ShortAnswers ? "short_answer_weights.inc"
                           : step == Step::Sentences  ? "sentence_weights_" + mode + ".inc"
                           : step == Step::Confidence ? "confidence_" + mode + ".inc"
                           : step == Step::Foreign    ? "foreign_weights.inc"
                                                      : "threshold.inc";
  if (!std::filesystem::exists(folder / name))
    throw Error(Code::NotFound, (folder / name).string() + ": not there; --write takes the folder src/chain/answer");
  const bool by_language = step == Step::Sentences || step == Step::Confidence;
  if (by_language && (learned.find("kEnglish") == std::string::npos || learned.find("kKorean") == std::string::npos))
    throw Error(Code::Invalid, "--write: the sets hold questions in one language; the file has numbers for two");
  base::write_file_atomic(folder / name, "// Written by: " + command + "\n" + learned);
}

}  // namespace hanok::chain

#include "chain/eval/answers.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/threads.h"
#include "chain/answer/confidence.h"
#include "chain/answer/extractive.h"
#include "chain/answer/gather.h"
#include "chain/eval/cached_embedder.h"
#include "chain/eval/exchange.h"
#include "chain/eval/squad_collection.h"
#include "hanok/context.h"

namespace hanok::chain {
namespace {

class Evaluation {
 public:
  Evaluation(const SquadSet& set, const AnswersOptions& options) : set_(set), options_(options) {
    const auto exchanged = exchange_names(set);
    for (size_t i = 0; i < exchanged.size(); ++i)
      if (exchanged[i]) exchanged_.emplace(set.questions[i].id, *exchanged[i]);
  }

  AnswersReport run() {
    const base::Stopwatch watch;
    AnswersReport report = summary(options_.pool == 0 ? ask_all() : ask_in_pools());
    report.seconds = watch.seconds();
    return report;
  }

 private:
  std::vector<Outcome> ask_all() {
    const SquadCollection collection(set_, options_);
    const auto chosen = chosen_questions(set_, options_);
    std::vector<Outcome> outcomes(chosen.size());
    std::atomic<size_t> done = 0;
    std::mutex progress;
    base::parallel_for(chosen.size(), 8, [&](size_t begin, size_t end, size_t) {
      base::check_interrupt();
      for (size_t i = begin; i < end; ++i) {
        const SquadQuestion& q = set_.questions[chosen[i]];
        const std::string& gold = set_.paragraphs[q.paragraph].path;
        outcomes[i] = judge(collection, q, gold);
        outcomes[i].confidence_without =
            answer(collection, q.question, q.answers.empty() ? store::Filter() : all_but(gold)).extract.confidence;
      }
      done += end - begin;
      const std::lock_guard lock(progress);
      Context::current().tell({done, chosen.size(), "ask"});
    });
    return outcomes;
  }

  std::vector<Outcome> ask_in_pools() {
    const auto pools = pools_of(set_, options_, options_.pool);
    const Context& asked = Context::current();
    const Context::Scope quietly(asked.with_progress({}));
    std::vector<Outcome> outcomes;
    for (size_t i = 0; i < pools.size(); ++i) {
      static const std::vector<SquadQuestion> kNone;
      const auto& strangers = pools.size() > 1 ? pools[(i + 1) % pools.size()].questions : kNone;
      if (pools[i].questions.empty() && strangers.empty()) continue;
      base::check_interrupt();
      const SquadCollection collection(pools[i], options_);
      for (const SquadQuestion& q : pools[i].questions)
        outcomes_of_[q.id] = judge(collection, q, pools[i].paragraphs[q.paragraph].path);
      for (const SquadQuestion& q : strangers) without_[q.id] = answer(collection, q.question, {}).extract.confidence;
      asked.tell({i + 1, pools.size(), "ask"});
    }
    for (auto& [id, outcome] : outcomes_of_) {
      outcome.confidence_without = without_[id];
      outcomes.push_back(std::move(outcome));
    }
    return outcomes;
  }

  struct Found {
    answer::Extract extract;
    std::string quote, path;  // of the best sentence, and where it stands
  };

  Found answer(const SquadCollection& collection, std::string_view question, const store::Filter& filter) const {
    const SearchOptions search{.k = options_.k, .filter = filter, .embedder = collection.embedder()};
    const answer::Gathered g = answer::gather(collection.snapshot(), question, search);
    Found out{answer::extract(g.question, g.passages, g.meaning, g.across, g.reworded), "", ""};
    if (out.extract.quotes.empty()) return out;
    const size_t passage = out.extract.quotes[0].passage;
    const text::Span span = out.extract.quotes[0].span;
    out.quote = g.passages[passage].text.substr(span.start, span.end - span.start);
    out.path = g.hits[passage].chunk.path;
    return out;
  }

  // All but confidence_without.
  Outcome judge(const SquadCollection& collection, const SquadQuestion& q, const std::string& gold) const {
    Outcome out{.question = q.question};
    out.answerable = !q.answers.empty();
    if (!out.answerable) return out;
    if (const auto exchanged = exchanged_.find(q.id); exchanged != exchanged_.end()) {
      const Found found = answer(collection, out.exchanged = exchanged->second.text, {});
      out.confidence_exchanged = found.extract.confidence;
      out.exchanged_quote = found.quote;
      out.noun = exchanged->second.noun;
    }
    const Found found = answer(collection, q.question, {});
    out.confidence = found.extract.confidence;
    out.quote = found.quote;
    out.em = exact_match(found.extract.short_answer, q.answers);
    out.f1 = f1(found.extract.short_answer, q.answers);
    out.cited = found.path == gold;
    out.hit = out.cited && holds_answer(out.quote, q.answers);
    return out;
  }

  AnswersReport summary(std::vector<Outcome> outcomes) const {
    AnswersReport r;
    r.outcomes = std::move(outcomes);
    r.questions = r.outcomes.size();
    r.mode = options_.embedder ? "hybrid" : "keyword";
    r.threshold = options_.threshold < 0 ? answer::kAnswerThreshold : options_.threshold;
    double n = 0;
    for (const Outcome& o : r.outcomes) {
      if (!o.answerable) continue;
      ++n;
      r.em += o.em, r.f1 += o.f1, r.sentence_hit += o.hit, r.citation_correct += o.cited;
    }
    for (double* sum : {&r.em, &r.f1, &r.sentence_hit, &r.citation_correct}) *sum /= std::max(1.0, n);
    const CurvePoint here = r.at(r.threshold);
    r.answered_answerable = here.answered;
    r.abstained_unanswerable = here.abstained;
    r.abstained_exchanged = here.exchanged;
    r.abstained_exchanged_noun = here.exchanged_noun;
    for (const Outcome& o : r.outcomes)
      if (o.confidence_exchanged) ++(o.noun ? r.exchanged_nouns : r.exchanged_questions);
    for (int i = 1; i < 20; ++i) r.curve.push_back(r.at(i * 0.05));
    return r;
  }

  const SquadSet& set_;
  const AnswersOptions& options_;
  std::map<std::string, ExchangedQuestion> exchanged_;  // by the question's id
  std::map<std::string, Outcome> outcomes_of_;
  std::map<std::string, double> without_;
};

double rounded(double x) { return static_cast<double>(static_cast<int64_t>(x * 10000 + 0.5)) / 10000; }

}  // namespace

CurvePoint AnswersReport::at(double threshold) const {
  CurvePoint p{threshold};
  double answerable = 0, exchanged = 0, nouns = 0;
  for (const Outcome& o : outcomes) {
    if (o.confidence_exchanged) {
      ++(o.noun ? nouns : exchanged);
      (o.noun ? p.exchanged_noun : p.exchanged) += *o.confidence_exchanged < threshold;
    }
    p.abstained += o.confidence_without < threshold;
    answerable += o.answerable;
    p.answered += o.answerable && o.confidence >= threshold;
    p.correct += o.answerable && o.confidence >= threshold && o.hit;
  }
  p.abstained /= std::max<double>(1, static_cast<double>(outcomes.size()));
  p.exchanged /= std::max(1.0, exchanged);
  p.exchanged_noun /= std::max(1.0, nouns);
  p.answered /= std::max(1.0, answerable);
  p.correct /= std::max(1.0, answerable);
  return p;
}

AnswersReport evaluate_answers(const SquadSet& set, const AnswersOptions& options) {
  if (!options.embedder) return Evaluation(set, options).run();
  const CachedEmbedder embedder(*options.embedder, options.vectors);
  AnswersOptions cached = options;
  cached.embedder = &embedder;
  return Evaluation(set, cached).run();
}

base::OrderedJson to_json(const Outcome& o) {
  base::OrderedJson out = {{"question", o.question}, {"confidence", rounded(o.confidence)},
                           {"sentence_hit", o.hit},  {"citation_correct", o.cited},
                           {"quote", o.quote},       {"confidence_without", rounded(o.confidence_without)}};
  if (!o.confidence_exchanged) return out;
  out["exchanged"] = o.exchanged;
  out["confidence_exchanged"] = rounded(*o.confidence_exchanged);
  out["exchanged_quote"] = o.exchanged_quote;
  return out;
}

base::OrderedJson to_json(const AnswersReport& r) {
  base::OrderedJson curve = base::OrderedJson::array();
  for (const CurvePoint& p : r.curve)
    curve.push_back({{"threshold", rounded(p.threshold)},
                     {"answered", rounded(p.answered)},
                     {"correct", rounded(p.correct)},
                     {"abstained", rounded(p.abstained)},
                     {"exchanged", rounded(p.exchanged)}});
  return {{"questions", r.questions},
          {"em", rounded(r.em)},
          {"f1", rounded(r.f1)},
          {"sentence_hit", rounded(r.sentence_hit)},
          {"citation_correct", rounded(r.citation_correct)},
          {"answered_answerable", rounded(r.answered_answerable)},
          {"abstained_unanswerable", rounded(r.abstained_unanswerable)},
          {"exchanged_questions", r.exchanged_questions},
          {"abstained_exchanged", rounded(r.abstained_exchanged)},
          {"exchanged_nouns", r.exchanged_nouns},
          {"abstained_exchanged_noun", rounded(r.abstained_exchanged_noun)},
          {"threshold", rounded(r.threshold)},
          {"mode", r.mode},
          {"curve", curve},
          {"seconds", rounded(r.seconds)}};
}

}  // namespace hanok::chain

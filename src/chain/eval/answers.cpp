#include "chain/eval/answers.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/clock.h"
#include "base/threads.h"
#include "chain/answer/confidence.h"
#include "chain/eval/squad_collection.h"

namespace hanok::chain {
namespace {

class Evaluation {
 public:
  Evaluation(const SquadSet& set, const AnswersOptions& options)
      : set_(set), options_(options), collection_(set, options) {}

  AnswersReport run() {
    const base::Stopwatch watch;
    const auto chosen = chosen_questions(set_, options_);
    std::vector<Outcome> outcomes(chosen.size());
    std::atomic<size_t> done = 0;
    std::mutex progress;
    base::parallel_for(chosen.size(), 8, [&](size_t begin, size_t end, size_t) {
      base::check_interrupt();
      for (size_t i = begin; i < end; ++i) outcomes[i] = judge(set_.questions[chosen[i]]);
      done += end - begin;
      const std::lock_guard lock(progress);
      if (options_.on_progress) options_.on_progress({done, chosen.size(), "ask", ""});
    });
    AnswersReport report = summary(std::move(outcomes));
    report.seconds = watch.seconds();
    return report;
  }

 private:
  Answer ask_forced(const SquadQuestion& q, const store::Filter& filter) const {
    AskOptions ask_options;
    ask_options.search = {.k = options_.k, .filter = filter, .embedder = collection_.embedder()};
    ask_options.answer_threshold = 0;
    return ask(collection_.snapshot(), q.question, ask_options);
  }

  Outcome judge(const SquadQuestion& q) const {
    Outcome out;
    out.answerable = !q.answers.empty();
    const std::string& gold = set_.paragraphs[q.paragraph].path;
    out.confidence_without = ask_forced(q, out.answerable ? all_but(gold) : store::Filter()).confidence;
    if (!out.answerable) return out;
    const Answer answer = ask_forced(q, {});
    out.confidence = answer.confidence;
    if (answer.citations.empty()) return out;
    out.em = exact_match(answer.short_answer, q.answers);
    out.f1 = f1(answer.short_answer, q.answers);
    out.cited = answer.citations[0].path == gold;
    out.hit = out.cited && holds_answer(answer.citations[0].quote, q.answers);
    return out;
  }

  AnswersReport summary(std::vector<Outcome> outcomes) const {
    AnswersReport r;
    r.outcomes = std::move(outcomes);
    r.questions = r.outcomes.size();
    r.mode = collection_.embedder() ? "hybrid" : "keyword";
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
    for (int i = 1; i < 20; ++i) r.curve.push_back(r.at(i * 0.05));
    return r;
  }

  const SquadSet& set_;
  const AnswersOptions& options_;
  SquadCollection collection_;
};

double rounded(double x) { return static_cast<double>(static_cast<int64_t>(x * 10000 + 0.5)) / 10000; }

}  // namespace

CurvePoint AnswersReport::at(double threshold) const {
  CurvePoint p{threshold};
  double answerable = 0;
  for (const Outcome& o : outcomes) {
    p.abstained += o.confidence_without < threshold;
    answerable += o.answerable;
    p.answered += o.answerable && o.confidence >= threshold;
    p.correct += o.answerable && o.confidence >= threshold && o.hit;
  }
  p.abstained /= std::max<double>(1, static_cast<double>(outcomes.size()));
  p.answered /= std::max(1.0, answerable);
  p.correct /= std::max(1.0, answerable);
  return p;
}

AnswersReport evaluate_answers(const SquadSet& set, const AnswersOptions& options) {
  return Evaluation(set, options).run();
}

base::OrderedJson to_json(const AnswersReport& r) {
  base::OrderedJson curve = base::OrderedJson::array();
  for (const CurvePoint& p : r.curve)
    curve.push_back({{"threshold", rounded(p.threshold)},
                     {"answered", rounded(p.answered)},
                     {"correct", rounded(p.correct)},
                     {"abstained", rounded(p.abstained)}});
  return {{"questions", r.questions},
          {"em", rounded(r.em)},
          {"f1", rounded(r.f1)},
          {"sentence_hit", rounded(r.sentence_hit)},
          {"citation_correct", rounded(r.citation_correct)},
          {"answered_answerable", rounded(r.answered_answerable)},
          {"abstained_unanswerable", rounded(r.abstained_unanswerable)},
          {"threshold", rounded(r.threshold)},
          {"mode", r.mode},
          {"curve", curve},
          {"seconds", rounded(r.seconds)}};
}

}  // namespace hanok::chain

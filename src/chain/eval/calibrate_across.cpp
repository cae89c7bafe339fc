#include <algorithm>
#include <iterator>
#include <map>

#include "base/threads.h"
#include "chain/answer/foreign.h"
#include "chain/answer/gather.h"
#include "chain/eval/cached_embedder.h"
#include "chain/eval/calibrate.h"
#include "chain/eval/learn.h"
#include "chain/eval/learned_text.h"
#include "chain/eval/squad_collection.h"
#include "hanok/context.h"

namespace hanok::chain {
namespace {

using namespace answer;

constexpr size_t kSentencesRanked = 24;
constexpr size_t kPools[] = {4, 12, 40};  // paragraphs of small collections, in both languages by turns
// How often the ways to ask a question count. With the paragraph taken away it counts more, so that as many are left
// unanswered as in one language, nine in ten. A set's own question is answered in its own language.
constexpr double kAnswerable = 1.5, kTakenAway = 1.45, kOwn = 0.4;

/// A question asked once: what was found, and which sentences are right.
struct Case {
  const SquadQuestion* question = nullptr;
  Gathered found;
  std::string gold;  // path; empty where the right answer is none
  double times = 1;
  std::vector<ForeignSentence> foreign;
  std::vector<Sentence> own;

  bool cites_gold(const Sentence& s) const { return !gold.empty() && found.hits[s.passage].chunk.path == gold; }
  bool right(const Sentence& s) const {
    if (!cites_gold(s)) return false;
    const std::string text = found.passages[s.passage].text.substr(s.span.start, s.span.end - s.span.start);
    return question->answers.empty() || holds_answer(text, question->answers);
  }
};

Case ask(const SquadCollection& pool, const SquadQuestion& q, const std::string& gold, double times,
         const AnswersOptions& options, store::Filter filter = {}) {
  Case c{.question = &q, .gold = gold, .times = times};
  const SearchOptions search{.k = options.k, .filter = std::move(filter), .embedder = pool.embedder()};
  c.found = gather(pool.snapshot(), q.question, search);
  c.foreign = rank_foreign(c.found.question, c.found.passages, c.found.across);
  if (!c.foreign.empty()) c.own = rank_sentences(c.found.question, c.found.passages, c.found.meaning);
  return c;
}

class Lesson {
 public:
  Lesson(const std::vector<AcrossPart>& parts, const AnswersOptions& options) : options_(options) {
    const SquadCollection pool(parts[0].set, options);
    for (const AcrossPart& part : parts) {
      add_whole(part, pool);
      if (part.own) continue;
      for (const size_t size : kPools) add_pools(part, size);
    }
    std::erase_if(cases_, [](const Case& c) { return c.foreign.empty(); });
  }

  /// The weights of the sentences, and behind them those of the confidence in sentences ranked by them.
  std::vector<double> run() {
    std::vector<double> out = sentences();
    ForeignFeatures weights;
    std::copy(out.begin(), out.end(), weights.begin());
    base::parallel_for(cases_.size(), 8, [&](size_t begin, size_t end, size_t) {
      base::check_interrupt();
      for (size_t i = begin; i < end; ++i) {
        Case& c = cases_[i];
        c.foreign = rank_foreign(c.found.question, c.found.passages, c.found.across, weights);
      }
    });
    const auto more = confidence();
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

 private:
  std::vector<double> sentences() const {
    std::vector<learn::List> lists;
    for (const Case& c : cases_) {
      learn::List list;
      for (size_t i = 0; i < std::min(c.foreign.size(), kSentencesRanked); ++i) {
        list.push_back({{}, c.right(c.foreign[i])});
        for (uint32_t f = 0; f < kForeignFeatures; ++f)
          if (c.foreign[i].foreign[f] != 0)
            list.back().features.emplace_back(f, static_cast<float>(c.foreign[i].foreign[f]));
      }
      lists.push_back(std::move(list));
    }
    return learn::rank_weights(lists, kForeignFeatures, {.epochs = 100, .decay = 1e-4});
  }

  std::vector<double> confidence() const {
    std::vector<learn::Row> rows;
    for (const Case& c : cases_)
      rows.push_back({foreign_confidence_features(c.found.question, c.found.passages, c.foreign, c.own),
                      c.cites_gold(c.foreign[0]), c.times});
    return learn::logistic_weights(rows);
  }

  AnswersOptions chosen(const AcrossPart& part) const {
    AnswersOptions out = options_;
    if (!part.own) out.sample = 0;
    return out;
  }

  void add_whole(const AcrossPart& part, const SquadCollection& pool) {
    const auto questions = chosen_questions(part.set, chosen(part));
    std::vector<Case> cases(2 * questions.size());
    base::parallel_for(questions.size(), 8, [&](size_t begin, size_t end, size_t) {
      base::check_interrupt();
      for (size_t i = begin; i < end; ++i) {
        const SquadQuestion& q = part.set.questions[questions[i]];
        const std::string& path = part.set.paragraphs[q.paragraph].path;
        cases[2 * i] = ask(pool, q, part.own ? "" : path, part.own ? kOwn : kAnswerable, options_);
        cases[2 * i + 1] = ask(pool, q, "", part.own ? kOwn : kTakenAway, options_, all_but(path));
      }
    });
    std::move(cases.begin(), cases.end(), std::back_inserter(cases_));
  }

  /// The questions of each pool are asked in it and, to be left unanswered, in the one before.
  void add_pools(const AcrossPart& part, size_t size) {
    pools_.push_back(pools_of(part.set, chosen(part), size));
    const auto& pools = pools_.back();
    const Context::Scope quietly(Context::current().with_progress({}));
    for (size_t i = 0; i < pools.size(); ++i) {
      const auto& strangers = pools[(i + 1) % pools.size()].questions;
      if (pools.size() < 2 || (pools[i].questions.empty() && strangers.empty())) continue;
      base::check_interrupt();
      const SquadCollection pool(pools[i], options_);
      for (const SquadQuestion& q : pools[i].questions)
        cases_.push_back(ask(pool, q, pools[i].paragraphs[q.paragraph].path, kAnswerable, options_));
      for (const SquadQuestion& q : strangers) cases_.push_back(ask(pool, q, "", kTakenAway, options_));
    }
  }

  const AnswersOptions& options_;
  std::vector<std::vector<SquadSet>> pools_;  // the cases point to their questions
  std::vector<Case> cases_;
};

}  // namespace

std::string calibrate_across(const std::vector<AcrossPart>& parts, const AnswersOptions& options) {
  if (!options.embedder)
    throw Error(Code::Invalid, "answers in another language are found by their meaning; name an embedding model");
  const CachedEmbedder embedder(*options.embedder, options.vectors);
  AnswersOptions cached = options;
  cached.embedder = &embedder;
  return learned_numbers(Lesson(parts, cached).run()) + "\n";
}

}  // namespace hanok::chain

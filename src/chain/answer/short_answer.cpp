// Candidates are runs of up to kLongest words that cross no bracket; a linear model ranks them. Its features say what a
// person would: right kind for the question, not in the question, close to the question's words, where the run begins
// and ends. After Rajpurkar et al. 2016, section 5.1 (logistic regression over constituents), without a parser.
#include "chain/answer/short_answer.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "chain/answer/short_features.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kLongest = 7;

// "1 May, 1945", "Paris, Texas": a single comma may stand inside an answer.
bool comma_joins(std::string_view sentence, const std::vector<Word>& words, size_t last) {
  if (last + 1 >= words.size()) return false;
  return sentence.substr(words[last].full.end, words[last + 1].full.start - words[last].full.end) == ", ";
}

/// All runs, as first and last word.
void each_run(std::string_view sentence, const std::vector<Word>& words,
              const std::function<void(size_t first, size_t last)>& take) {
  for (size_t first = 0; first < words.size(); ++first) {
    if (words[first].stop) continue;
    for (size_t last = first; last < words.size() && last < first + kLongest; ++last) {
      if (!words[last].stop) take(first, last);
      if (words[last].breaks_after && !comma_joins(sentence, words, last)) break;
    }
  }
}

double weight_of(const std::string& feature, const ShortAnswerWeights& weights) {
  const auto at = weights.find(feature);
  return at == weights.end() ? 0 : at->second;
}

double weight_of(const Names& features, const ShortAnswerWeights& weights) {
  double sum = 0;
  for (const std::string& f : features) sum += weight_of(f, weights);
  return sum;
}

/// The weights of each word's features as the first and as the last one, looked up when first needed.
class Scores {
 public:
  Scores(const RunFeatures& features, const ShortAnswerWeights& weights)
      : features_(features), weights_(weights), first_(features.words().size()), last_(features.words().size()) {}

  double of(size_t first, size_t last) {
    if (!first_[first]) first_[first] = weight_of(features_.of_first(first), weights_);
    if (!last_[last]) last_[last] = weight_of(features_.of_last(last), weights_);
    return *first_[first] + *last_[last] + weight_of(features_.of_whole(first, last), weights_);
  }

 private:
  const RunFeatures& features_;
  const ShortAnswerWeights& weights_;
  std::vector<std::optional<double>> first_, last_;
};

}  // namespace

std::vector<AnswerRun> short_candidates(std::string_view sentence, const Question& question) {
  const RunFeatures features(sentence, question);
  const auto& words = features.words();
  std::vector<AnswerRun> out;
  each_run(sentence, words, [&](size_t first, size_t last) {
    AnswerRun c{{words[first].span.start, words[last].span.end}, features.of_first(first)};
    for (Names more : {features.of_last(last), features.of_whole(first, last)})
      std::move(more.begin(), more.end(), std::back_inserter(c.features));
    AnswerRun uncut = c;
    c.features.push_back(features.end(last));
    out.push_back(std::move(c));
    if (words[last].after.empty()) return;
    // The particle may belong to the word ("고양이", "제주도"): the run without cutting is a candidate too.
    uncut.span.end = words[last].full.end;
    uncut.features.push_back("uncut");
    out.push_back(std::move(uncut));
  });
  return out;
}

ShortAnswer best_short_answer(std::string_view sentence, const Question& question, const ShortAnswerWeights& weights) {
  const RunFeatures features(sentence, question);
  const auto& words = features.words();
  Scores scores(features, weights);
  ShortAnswer best{{0, sentence.size()}};
  const auto take = [&](size_t first, size_t end, double score) {
    if (score > best.score) best = {{words[first].span.start, end}, score};
  };
  const double uncut = weight_of("uncut", weights);
  each_run(sentence, words, [&](size_t first, size_t last) {
    const double score = scores.of(first, last);
    take(first, words[last].span.end, score + weight_of(features.end(last), weights));
    if (!words[last].after.empty()) take(first, words[last].full.end, score + uncut);
  });
  return best;
}

}  // namespace hanok::chain::answer

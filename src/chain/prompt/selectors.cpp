// Which examples go into a prompt.
#include <algorithm>
#include <numeric>

#include "chain/prompt/ngram_overlap.h"
#include "chain/search/diversify.h"
#include "hanok/chain.h"
#include "hanok/error.h"
#include "hanok/lm.h"
#include "hanok/prompts.h"

namespace hanok::chain {
namespace {

/// Pieces between blanks and line breaks, empty ones too.
size_t words(std::string_view text) {
  return 1 + static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }));
}

class All final : public ExampleSelector {
 public:
  explicit All(std::vector<Example> examples) : examples_(std::move(examples)) {}
  std::vector<Example> select(const Values&) const override { return examples_; }

 private:
  std::vector<Example> examples_;
};

class ByLength final : public ExampleSelector {
 public:
  ByLength(std::vector<Example> examples, const PromptTemplate& example, size_t most)
      : examples_(std::move(examples)), most_(most) {
    for (const auto& e : examples_) lengths_.push_back(words(example.format(e)));
  }

  std::vector<Example> select(const Values& input) const override {
    std::string asked;
    for (const auto& [name, value] : input) asked += (asked.empty() ? "" : " ") + value;
    const size_t own = words(asked);
    size_t left = most_ > own ? most_ - own : 0;
    std::vector<Example> out;
    for (size_t i = 0; i < examples_.size() && left > 0 && lengths_[i] <= left; ++i) {
      left -= lengths_[i];
      out.push_back(examples_[i]);
    }
    return out;
  }

 private:
  std::vector<Example> examples_;
  std::vector<size_t> lengths_;
  size_t most_;
};

class BySimilarity final : public ExampleSelector {
 public:
  BySimilarity(std::vector<Example> examples, const EmbeddingModel& model, const NearestOptions& options)
      : examples_(std::move(examples)), model_(model), options_(options) {
    if (options_.k == 0) throw Error(Code::Invalid, "examples by similarity: k must be at least 1");
    std::vector<std::string> texts;
    for (const auto& e : examples_) texts.push_back(compared(e));
    rows_ = model_.embed(texts, Prompt::Passage);
  }

  std::vector<Example> select(const Values& input) const override {
    const std::string asked = compared(input);
    const Matrix question = model_.embed(std::span(&asked, 1), Prompt::Query);
    std::vector<double> near;
    for (size_t i = 0; i < rows_.rows; ++i) near.push_back(cosine(question.row(0), rows_.row(i)));
    std::vector<size_t> order(near.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return near[a] > near[b]; });
    order.resize(std::min(order.size(), options_.mmr_lambda < 1 ? options_.fetch_k : options_.k));
    if (options_.mmr_lambda < 1) order = diverse(order, near);
    std::vector<Example> out;
    for (const size_t i : order) out.push_back(examples_[i]);
    return out;
  }

 private:
  std::string compared(const Values& values) const {
    std::string out;
    for (const auto& [name, value] : values) {
      const bool wanted =
          options_.keys.empty() || std::find(options_.keys.begin(), options_.keys.end(), name) != options_.keys.end();
      if (wanted) out += (out.empty() ? "" : " ") + value;
    }
    return out;
  }

  std::vector<size_t> diverse(const std::vector<size_t>& order, const std::vector<double>& near) const {
    std::vector<double> relevance;
    Matrix rows{order.size(), rows_.dim, {}};
    for (const size_t i : order) {
      relevance.push_back(near[i]);
      rows.data.insert(rows.data.end(), rows_.row(i).begin(), rows_.row(i).end());
    }
    std::vector<size_t> out;
    for (const size_t i :
         maximal_marginal_relevance(relevance, vector_similarities(rows), options_.k, options_.mmr_lambda))
      out.push_back(order[i]);
    return out;
  }

  std::vector<Example> examples_;
  const EmbeddingModel& model_;
  NearestOptions options_;
  Matrix rows_;
};

class ByNgrams final : public ExampleSelector {
 public:
  ByNgrams(std::vector<Example> examples, std::string key, double threshold)
      : examples_(std::move(examples)), key_(std::move(key)), threshold_(threshold) {
    for (const auto& e : examples_)
      if (!e.count(key_)) throw Error(Code::Invalid, "examples by n-grams: one has no value '" + key_ + "'");
  }

  std::vector<Example> select(const Values& input) const override {
    if (input.empty()) throw Error(Code::Invalid, "examples by n-grams: there is no value to compare them with");
    const auto same = input.find(key_);
    const std::string& asked = same == input.end() ? input.begin()->second : same->second;
    std::vector<double> scores;
    std::vector<size_t> order;
    for (size_t i = 0; i < examples_.size(); ++i) {
      scores.push_back(ngram_overlap(asked, examples_[i].at(key_)));
      if (threshold_ < 0 || scores[i] > threshold_) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    std::vector<Example> out;
    for (const size_t i : order) out.push_back(examples_[i]);
    return out;
  }

 private:
  std::vector<Example> examples_;
  std::string key_;
  double threshold_;
};

}  // namespace

std::unique_ptr<ExampleSelector> select_all(std::vector<Example> examples) {
  return std::make_unique<All>(std::move(examples));
}
std::unique_ptr<ExampleSelector> select_by_length(std::vector<Example> examples, PromptTemplate example, size_t most) {
  return std::make_unique<ByLength>(std::move(examples), example, most);
}
std::unique_ptr<ExampleSelector> select_by_similarity(std::vector<Example> examples, const EmbeddingModel& model,
                                                      const NearestOptions& options) {
  return std::make_unique<BySimilarity>(std::move(examples), model, options);
}
std::unique_ptr<ExampleSelector> select_by_ngrams(std::vector<Example> examples, std::string key, double threshold) {
  return std::make_unique<ByNgrams>(std::move(examples), std::move(key), threshold);
}

}  // namespace hanok::chain

#include "chain/embedder/languages.h"

#include <cmath>
#include <map>
#include <mutex>

#include "chain/embedder/plain_texts.h"
#include "hanok/similarity.h"

namespace hanok::chain {
namespace {

// What the plain texts count as beside the sentences of a file: with 3 to 30 translations lie nearest to one
// another more often than without, most of all here.
constexpr double kPriorSentences = 10;

std::vector<std::string> strings(std::span<const std::string_view> texts) { return {texts.begin(), texts.end()}; }

std::vector<float> mean_direction(const Matrix& rows) {
  std::vector<double> sum(rows.dim);
  for (size_t i = 0; i < rows.rows; ++i) {
    double squares = 0;
    for (const float x : rows.row(i)) squares += static_cast<double>(x) * x;
    if (squares == 0) continue;
    const double scale = 1 / (std::sqrt(squares) * static_cast<double>(rows.rows));
    for (size_t d = 0; d < rows.dim; ++d) sum[d] += rows.row(i)[d] * scale;
  }
  return {sum.begin(), sum.end()};
}

double trust(const EmbeddingModel& model, const PlainTexts& texts) {
  std::string all;
  for (const auto text : texts.passages) all += std::string(text) + "\n";
  return model.trust(all);
}

LanguageOffset measure(const EmbeddingModel& model, const PlainTexts& texts) {
  return {mean_direction(model.embed(strings(texts.passages), Prompt::Passage)),
          mean_direction(model.embed(strings(texts.questions), Prompt::Query)), trust(model, texts)};
}

}  // namespace

// What is measured once of a model stays right as long as its fingerprint is the same, so all of a process may share
// it.
const LanguageOffset* language_offset(const EmbeddingModel& model, text::Script script) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, text::Script>, LanguageOffset> known;
  const PlainTexts* texts = plain_texts(script);
  if (!texts) return nullptr;
  const std::lock_guard lock(mutex);
  const auto [place, fresh] = known.try_emplace({model.space().fingerprint, script});
  if (fresh) {
    try {
      place->second = measure(model, *texts);
    } catch (...) {
      known.erase(place);
      throw;
    }
  }
  return &place->second;
}

std::vector<std::vector<double>> shrunk_means(std::span<const LanguageMean> languages, double prior) {
  const size_t dim = languages.empty() ? 0 : languages[0].mean.size();
  double texts = prior;
  std::vector<double> subject(dim);  // what all have in common beside their languages
  for (const auto& l : languages) {
    texts += l.texts;
    for (size_t d = 0; d < dim; ++d) subject[d] += l.texts * (l.mean[d] - l.plain[d]);
  }
  std::vector<std::vector<double>> out;
  for (const auto& l : languages) {
    std::vector<double> mean(dim);
    for (size_t d = 0; d < dim; ++d)
      mean[d] = (l.texts * l.mean[d] + prior * (l.plain[d] + subject[d] / texts)) / (l.texts + prior);
    out.push_back(std::move(mean));
  }
  return out;
}

Matrix without_languages(const EmbeddingModel& model, std::span<const std::string> texts, Matrix rows, Prompt prompt) {
  std::map<text::Script, std::vector<size_t>> rows_of;
  for (size_t i = 0; i < texts.size(); ++i) rows_of[text::script_of(texts[i])].push_back(i);
  if (rows_of.size() < 2) return rows;
  struct Known {
    std::span<const size_t> members;
    std::vector<float> mean, plain;
  };
  std::vector<Known> known;
  for (const auto& [script, which] : rows_of) {
    const PlainTexts* plain = plain_texts(script);
    if (!plain || trust(model, *plain) < kTrusted) continue;
    Matrix own{which.size(), rows.dim, {}};
    for (const size_t i : which) own.data.insert(own.data.end(), rows.row(i).begin(), rows.row(i).end());
    known.push_back({which, mean_direction(own), mean_direction(model.embed(strings(plain->passages), prompt))});
  }
  if (known.size() < 2) return rows;
  std::vector<LanguageMean> languages;
  for (const auto& k : known) languages.push_back({static_cast<double>(k.members.size()), k.mean, k.plain});
  const auto added = shrunk_means(languages, kPriorSentences);
  std::vector<double> shared(rows.dim);  // stays: cosines keep their usual height, and thresholds their meaning
  for (const auto& mean : added)
    for (size_t d = 0; d < rows.dim; ++d) shared[d] += mean[d] / static_cast<double>(added.size());
  rows = lm::normalized(std::move(rows));
  for (size_t l = 0; l < known.size(); ++l)
    for (const size_t i : known[l].members)
      for (size_t d = 0; d < rows.dim; ++d) rows.row(i)[d] += static_cast<float>(shared[d] - added[l][d]);
  return lm::normalized(std::move(rows));
}

}  // namespace hanok::chain

#include "chain/search/languages.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chain/embedder/languages.h"

namespace hanok::chain {
namespace {

using text::Script;

// What the plain texts count as beside the passages of a language. From 10 to 100 nothing measured moves by more than
// .01.
constexpr double kPriorPassages = 30;
// How much of what all questions have in common is taken off a question. Passages that lie near every question (hubs)
// come up less; from .25 to .5 every figure is better across languages and within .002 in one.
constexpr double kCommon = 1.0 / 3;

double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

Languages::Languages(const store::Snapshot& snapshot, const EmbeddingModel& model, std::string_view question,
                     std::span<const float> query) {
  const Script own = text::script_of(question);
  const auto written = snapshot.scripts();
  const bool foreign = own != Script::Other && written.size() == 1 && written[0] != own;
  if ((written.size() < 2 && !foreign) || model.trust(question) < kTrusted) return;
  const auto measured = snapshot.script_means();
  std::vector<LanguageMean> known;
  std::vector<Script> script_of_known;
  for (const auto& m : measured) {
    const LanguageOffset* offset = language_offset(model, m.script);
    if (!offset || offset->trust < kTrusted) continue;
    known.push_back({static_cast<double>(m.vectors), m.mean, offset->passages});
    script_of_known.push_back(m.script);
  }
  if (known.size() < (foreign ? 1 : 2)) return;

  const LanguageOffset* asks = language_offset(model, own);
  query_.assign(query.begin(), query.end());
  const double norm = std::sqrt(dot(query, query));
  for (size_t d = 0; d < query_.size(); ++d)
    query_[d] = static_cast<float>(query_[d] / norm - (asks ? kCommon * asks->questions[d] : 0));
  length_ = std::sqrt(dot(query_, query_));
  if (!(length_ > 0)) return;
  for (const auto& m : measured) scripts_.push_back(m.script);

  const auto means = shrunk_means(known, kPriorPassages);
  const auto against = [&](std::span<const float> v, size_t i) {
    return std::inner_product(v.begin(), v.end(), means[i].begin(), 0.0);
  };
  // The scale: what the question's own language has, else the one nearest to it.
  size_t reference = 0;
  for (size_t i = 0; i < known.size(); ++i) {
    const bool nearer = against(query, i) > against(query, reference);
    if (script_of_known[reference] != own && (script_of_known[i] == own || nearer)) reference = i;
  }
  level_ = against(query, reference) / norm;
  lift_.fill(level_ - against(query_, reference));  // languages the model does not know get no more than that
  for (size_t i = 0; i < known.size(); ++i) {
    const auto script = static_cast<size_t>(script_of_known[i]);
    lift_[script] = level_ - against(query_, i);
    foreign_[script] = script_of_known[i] != own;
  }
}

}  // namespace hanok::chain

#include "chain/answer/gather.h"

#include <algorithm>
#include <optional>

namespace hanok::chain::answer {
namespace {

// Below this trust the model does not know the question's language, and its cosines would only add noise.
constexpr double kTrusted = 0.5;

constexpr double kMostDeviations = 6;

/// The cosines that search saw.
struct Scale {
  double mean = 0, deviation = 0;
  double place(double cosine) const {
    return std::clamp((cosine - mean) / deviation, -kMostDeviations, kMostDeviations);
  }
};

// None after a search by keywords alone: no vectors, or another model's.
std::optional<Scale> scale_of(const std::vector<Hit>& hits) {
  if (hits.empty() || !hits[0].explain.contains("dense_deviation")) return {};
  const Scale scale{hits[0].explain["dense_mean"], hits[0].explain["dense_deviation"]};
  return scale.deviation > 0 ? std::optional(scale) : std::nullopt;
}

Meaning meaning_of(const std::string& question, const EmbeddingModel* embedder, Scale scale) {
  return [question, embedder, scale](const std::vector<std::string>& sentences) {
    const Matrix q = embedder->embed(std::span(&question, 1), hanok::Prompt::Query);
    const Matrix rows = embedder->embed(sentences, hanok::Prompt::Passage);
    std::vector<double> out;
    for (size_t i = 0; i < rows.rows; ++i) out.push_back(scale.place(cosine(q.row(0), rows.row(i))));
    return out;
  };
}

}  // namespace

Gathered gather(const store::Collection& collection, std::string_view question, const SearchOptions& options) {
  SearchResult found = search(collection, question, options);
  Gathered out;
  out.question = read_question(question, [&](std::string_view t) { return double(collection.keyword_ceiling(t)); });
  const double ceiling = out.question.ceiling;
  const EmbeddingModel* embedder = options.embedder;
  auto scale = scale_of(found.hits);
  if (!embedder || embedder->trust(question) < kTrusted) scale.reset();
  for (const Hit& hit : found.hits) {
    const double keyword = hit.explain.value("keyword", 0.0);
    out.passages.push_back(
        {hit.chunk.text, hit.chunk.heading, hit.score, ceiling > 0 ? std::min(1.0, keyword / ceiling) : 0});
    if (scale && hit.explain.contains("dense")) out.passages.back().meaning = scale->place(hit.explain["dense"]);
  }
  out.hits = std::move(found.hits);
  out.warnings = std::move(found.warnings);
  if (scale) out.meaning = meaning_of(out.question.text, embedder, *scale);
  return out;
}

}  // namespace hanok::chain::answer

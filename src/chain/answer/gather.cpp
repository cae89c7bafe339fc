#include "chain/answer/gather.h"

#include <algorithm>
#include <filesystem>
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
std::optional<Scale> scale_of(const SearchResult& found) {
  if (found.query.vector.empty() || found.query.trust < kTrusted || found.fusion.deviation <= 0) return {};
  return Scale{found.fusion.mean, found.fusion.deviation};
}

Meaning meaning_of(std::vector<float> question, const EmbeddingModel* embedder, Scale scale) {
  return [question = std::move(question), embedder, scale](const std::vector<std::string>& sentences) {
    const Matrix rows = embedder->embed(sentences, hanok::Prompt::Passage);
    std::vector<double> out;
    for (size_t i = 0; i < rows.rows; ++i) out.push_back(scale.place(cosine(question, rows.row(i))));
    return out;
  };
}

std::string about(const store::Snapshot& snapshot, const std::string& path) {
  const auto document = snapshot.find(path);
  std::string out = document ? document->title + " " : "";
  out += std::filesystem::path(path).stem().string();
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

}  // namespace

Gathered gather(const store::Snapshot& snapshot, std::string_view question, const SearchOptions& options) {
  SearchOptions asked = options;
  asked.quotes_bind = false;  // a question quotes what it is about
  SearchResult found = search(snapshot, question, asked);
  Gathered out;
  out.question = read_question(
      found.query.text, found.query.terms, [&](std::string_view t) { return double(snapshot.keyword_ceiling(t)); },
      snapshot.chunk_count());
  const double ceiling = out.question.ceiling;
  const auto scale = scale_of(found);
  for (const Hit& hit : found.hits) {
    const double keyword = hit.scores.keyword;
    out.passages.push_back(
        {hit.chunk.text, hit.chunk.heading, hit.score, ceiling > 0 ? std::min(1.0, keyword / ceiling) : 0});
    out.passages.back().about = about(snapshot, hit.chunk.path);
    if (scale && hit.scores.dense) out.passages.back().meaning = scale->place(*hit.scores.dense);
  }
  out.hits = std::move(found.hits);
  out.warnings = std::move(found.warnings);
  if (scale) out.meaning = meaning_of(std::move(found.query.vector), options.embedder, *scale);
  return out;
}

}  // namespace hanok::chain::answer

#include "chain/answer/gather.h"

#include <algorithm>

namespace hanok::chain::answer {
namespace {

// Below this trust the model does not know the question's language, and its cosines would only add noise.
constexpr double kTrusted = 0.5;

Meaning meaning_of(const std::string& question, const Embedder* embedder) {
  if (!embedder || embedder->trust(question) < kTrusted) return {};
  return [question, embedder](const std::vector<std::string>& sentences) {
    const Matrix q = embedder->embed(std::span(&question, 1), hanok::Prompt::Query);
    const Matrix rows = embedder->embed(sentences, hanok::Prompt::Passage);
    std::vector<double> out;
    for (size_t i = 0; i < rows.rows; ++i) out.push_back(cosine(q.row(0), rows.row(i)));
    return out;
  };
}

}  // namespace

Gathered gather(const store::Collection& collection, std::string_view question, const SearchOptions& options) {
  SearchResult found = search(collection, question, options);
  Gathered out;
  out.question = read_question(question, [&](std::string_view t) { return double(collection.keyword_ceiling(t)); });
  const double ceiling = out.question.ceiling;
  for (const Hit& hit : found.hits) {
    const double keyword = hit.explain.value("keyword", 0.0);
    out.passages.push_back(
        {hit.chunk.text, hit.chunk.heading, hit.score, ceiling > 0 ? std::min(1.0, keyword / ceiling) : 0});
  }
  out.hits = std::move(found.hits);
  out.warnings = std::move(found.warnings);
  // Where search fell back to keywords, the vectors are another model's, or there are none: sentences are still
  // compared.
  out.meaning = meaning_of(out.question.text, options.embedder);
  return out;
}

}  // namespace hanok::chain::answer

#include "chain/search/diversify.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "hanok/text.h"

namespace hanok::chain {

std::vector<size_t> maximal_marginal_relevance(std::span<const double> relevance, std::span<const double> similarity,
                                               size_t k, double lambda) {
  const size_t n = relevance.size();
  std::vector<double> closest(n, 0);
  std::vector<bool> taken(n, false);
  std::vector<size_t> out;
  while (out.size() < std::min(k, n)) {
    size_t best = n;
    double best_score = 0;
    for (size_t i = 0; i < n; ++i) {
      if (taken[i]) continue;
      const double score = lambda * relevance[i] - (1 - lambda) * closest[i];
      if (best == n || score > best_score) best = i, best_score = score;
    }
    taken[best] = true;
    out.push_back(best);
    for (size_t i = 0; i < n; ++i) closest[i] = std::max(closest[i], similarity[best * n + i]);
  }
  return out;
}

std::vector<double> term_similarities(std::span<const std::string> texts) {
  const size_t n = texts.size();
  std::vector<std::unordered_map<std::string, double>> counts(n);
  std::vector<double> norm(n, 0);
  for (size_t i = 0; i < n; ++i) {
    for (auto& term : text::analyze(texts[i])) counts[i][std::move(term.form)] += 1;
    for (const auto& [form, count] : counts[i]) norm[i] += count * count;
  }
  std::vector<double> out(n * n, 0);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (const auto& [form, count] : counts[i])
        if (const auto other = counts[j].find(form); other != counts[j].end()) dot += count * other->second;
      const double length = std::sqrt(norm[i] * norm[j]);
      out[i * n + j] = out[j * n + i] = length > 0 ? dot / length : 0;
    }
  return out;
}

std::vector<double> vector_similarities(const Matrix& rows) {
  const size_t n = rows.rows;
  std::vector<double> out(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j) out[i * n + j] = out[j * n + i] = cosine(rows.row(i), rows.row(j));
  return out;
}

}  // namespace hanok::chain

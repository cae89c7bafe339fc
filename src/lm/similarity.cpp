#include "hanok/similarity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "base/random.h"
#include "base/threads.h"
#include "math/gemm.h"

namespace hanok {
namespace lm {
namespace {

constexpr size_t kRowsPerStep = 256;  // rows whose scores against all others are in memory at once

void check_dims(const Matrix& a, const Matrix& b) {
  if (a.dim != b.dim)
    throw Error(Code::Invalid,
                "similarity: vectors of " + std::to_string(a.dim) + " and " + std::to_string(b.dim) + " values");
}

math::PackedMatrix packed(const Matrix& x) {
  math::PackedMatrix out;
  out.pack_transposed(x.data.data(), x.dim, x.rows, x.dim);
  return out;
}

bool better(const Hit& a, const Hit& b) { return a.score != b.score ? a.score > b.score : a.index < b.index; }

std::vector<Hit> best(const float* scores, size_t n, size_t k) {
  std::vector<Hit> hits(n);
  for (size_t j = 0; j < n; ++j) hits[j] = {j, scores[j]};
  k = std::min(k, n);
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(k), hits.end(), better);
  hits.resize(k);
  return hits;
}

// visit(i, scores of row i against all rows of w), rows shared by the cores.
void each_row(const Matrix& a, const math::PackedMatrix& w, const std::function<void(size_t, const float*)>& visit) {
  base::parallel_for(a.rows, kRowsPerStep, [&](size_t begin, size_t end, size_t) {
    base::check_interrupt();
    std::vector<float> scores((end - begin) * w.width());
    math::gemm(a.row(begin).data(), a.dim, end - begin, w, scores.data(), w.width());
    for (size_t i = begin; i < end; ++i) visit(i, scores.data() + (i - begin) * w.width());
  });
}

double distance(std::span<const float> a, const double* centroid) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += (a[j] - centroid[j]) * (a[j] - centroid[j]);
  return std::sqrt(sum);
}

}  // namespace

Matrix normalized(Matrix x) {
  for (size_t i = 0; i < x.rows; ++i) {
    double squares = 0;
    for (const float v : x.row(i)) squares += static_cast<double>(v) * v;
    const auto scale = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
    for (float& v : x.row(i)) v *= scale;
  }
  return x;
}

Matrix similarity(const Matrix& a, const Matrix& b, Similarity kind) {
  check_dims(a, b);
  Matrix out{.rows = a.rows, .dim = b.rows, .data = std::vector<float>(a.rows * b.rows)};
  if (kind == Similarity::Cosine) return similarity(normalized(a), normalized(b), Similarity::Dot);
  if (kind == Similarity::Dot) {
    math::gemm(a.data.data(), a.dim, a.rows, packed(b), out.data.data(), b.rows);
    return out;
  }
  for (size_t i = 0; i < a.rows; ++i)
    for (size_t j = 0; j < b.rows; ++j) {
      double sum = 0;
      for (size_t d = 0; d < a.dim; ++d) {
        const double gap = static_cast<double>(a.row(i)[d]) - b.row(j)[d];
        sum += kind == Similarity::Euclidean ? gap * gap : std::fabs(gap);
      }
      out.row(i)[j] = static_cast<float>(-(kind == Similarity::Euclidean ? std::sqrt(sum) : sum));
    }
  return out;
}

std::vector<std::vector<Hit>> semantic_search(const Matrix& queries, const Matrix& corpus, size_t top_k) {
  check_dims(queries, corpus);
  std::vector<std::vector<Hit>> out(queries.rows);
  each_row(normalized(queries), packed(normalized(corpus)),
           [&](size_t i, const float* scores) { out[i] = best(scores, corpus.rows, top_k); });
  return out;
}

std::vector<TextPair> paraphrase_mining(const Matrix& x, const MiningOptions& options) {
  std::vector<TextPair> found;
  const auto neighbours = semantic_search(x, x, options.top_k + 1);  // one of them is the row itself
  for (size_t i = 0; i < x.rows; ++i)
    for (const Hit& hit : neighbours[i])
      if (hit.index != i) found.push_back({hit.score, std::min(i, hit.index), std::max(i, hit.index)});
  // Both directions of a pair come one after another, even where their scores differ in the last bit.
  std::sort(found.begin(), found.end(), [](const TextPair& p, const TextPair& q) {
    return std::tuple(p.a, p.b, -p.score) < std::tuple(q.a, q.b, -q.score);
  });
  const auto same = [](const TextPair& p, const TextPair& q) { return p.a == q.a && p.b == q.b; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  std::stable_sort(found.begin(), found.end(), [](const TextPair& p, const TextPair& q) { return p.score > q.score; });
  if (found.size() > options.max_pairs) found.resize(options.max_pairs);
  return found;
}

std::vector<std::vector<size_t>> community_detection(const Matrix& x, const CommunityOptions& options) {
  const Matrix unit = normalized(x);
  const size_t least = std::max<size_t>(options.min_size, 1);
  struct Candidate {
    size_t centre;
    std::vector<size_t> members;  // nearest first
  };
  std::vector<Candidate> candidates(x.rows);
  each_row(unit, packed(unit), [&](size_t i, const float* scores) {
    std::vector<Hit> hits;
    for (size_t j = 0; j < x.rows; ++j)
      if (scores[j] >= options.threshold) hits.push_back({j, scores[j]});
    candidates[i].centre = i;
    if (hits.size() < least) return;
    std::sort(hits.begin(), hits.end(), better);
    for (const Hit& hit : hits) candidates[i].members.push_back(hit.index);
  });
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.members.size() > b.members.size(); });
  std::vector<bool> taken(x.rows, false);
  std::vector<std::vector<size_t>> out;
  for (const Candidate& c : candidates) {
    if (c.members.empty() || taken[c.centre]) continue;
    std::vector<size_t> group{c.centre};
    size_t free = 0;
    for (const size_t j : c.members) {
      free += taken[j] ? 0 : 1;
      if (!taken[j] && j != c.centre) group.push_back(j);
    }
    if (free < least) continue;
    for (const size_t j : group) taken[j] = true;
    out.push_back(std::move(group));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return out;
}

double silhouette(const Matrix& x, std::span<const uint32_t> assignment) {
  if (assignment.size() != x.rows) throw Error(Code::Invalid, "silhouette: one cluster for each row was expected");
  if (x.rows == 0) return 0;
  const size_t k = *std::max_element(assignment.begin(), assignment.end()) + 1;
  std::vector<double> centroids(k * x.dim);
  std::vector<size_t> counts(k);
  for (size_t i = 0; i < x.rows; ++i) {
    ++counts[assignment[i]];
    for (size_t d = 0; d < x.dim; ++d) centroids[assignment[i] * x.dim + d] += x.row(i)[d];
  }
  for (size_t c = 0; c < k; ++c)
    for (size_t d = 0; d < x.dim && counts[c]; ++d) centroids[c * x.dim + d] /= static_cast<double>(counts[c]);
  double total = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    // To the mean of the others: the row's own part in it makes many small clusters look good.
    const auto size = static_cast<double>(counts[assignment[i]]);
    const double own =
        distance(x.row(i), centroids.data() + assignment[i] * x.dim) * (size > 1 ? size / (size - 1) : 1);
    double other = -1;
    for (size_t c = 0; c < k; ++c) {
      if (c == assignment[i] || counts[c] == 0) continue;
      const double d = distance(x.row(i), centroids.data() + c * x.dim);
      if (other < 0 || d < other) other = d;
    }
    // A row alone in its cluster says nothing about how well it fits: it counts 0, as in Rousseeuw 1987.
    if (other >= 0 && counts[assignment[i]] > 1 && std::max(own, other) > 0)
      total += (other - own) / std::max(own, other);
  }
  return total / static_cast<double>(x.rows);
}

size_t suggest_clusters(const Matrix& x, size_t max_k, const std::function<std::vector<uint32_t>(size_t k)>& cluster) {
  if (x.rows < 3) return 1;
  size_t best_k = 2;
  double best_score = -2;
  for (size_t k = 2; k <= std::min(max_k, x.rows - 1); ++k) {
    const double score = silhouette(x, cluster(k));
    if (score > best_score) {
      best_score = score;
      best_k = k;
    }
  }
  return best_k;
}

Matrix principal_components(const Matrix& x, size_t dims) {
  constexpr int kMaxSteps = 300;
  constexpr double kSmallTurn = 1e-12;  // 1 - |cosine| between steps at which an axis stands still
  Matrix out{.rows = x.rows, .dim = dims, .data = std::vector<float>(x.rows * dims)};
  std::vector<double> mean(x.dim);
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t d = 0; d < x.dim; ++d) mean[d] += x.row(i)[d] / static_cast<double>(x.rows);
  std::vector<std::vector<double>> axes;
  base::Random random(1);
  const auto project = [&](size_t i, const std::vector<double>& axis) {
    double sum = 0;
    for (size_t d = 0; d < x.dim; ++d) sum += (x.row(i)[d] - mean[d]) * axis[d];
    return sum;
  };
  // Takes the earlier axes out of v and makes it length 1; false where nothing is left.
  const auto clean = [&](std::vector<double>& v) {
    for (const auto& axis : axes) {
      const double along = std::inner_product(v.begin(), v.end(), axis.begin(), 0.0);
      for (size_t d = 0; d < x.dim; ++d) v[d] -= along * axis[d];
    }
    const double length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (double& value : v) value = length > 1e-12 ? value / length : 0;
    return length > 1e-12;
  };
  for (size_t c = 0; c < dims && c < x.dim; ++c) {
    std::vector<double> axis(x.dim), next(x.dim);
    for (double& v : axis) v = random.normal();
    bool alive = clean(axis);
    for (int step = 0; step < kMaxSteps && alive; ++step) {  // power iteration on the covariance, which is never formed
      std::fill(next.begin(), next.end(), 0.0);
      for (size_t i = 0; i < x.rows; ++i) {
        const double p = project(i, axis);
        for (size_t d = 0; d < x.dim; ++d) next[d] += p * (x.row(i)[d] - mean[d]);
      }
      alive = clean(next);
      const double turn = 1 - std::fabs(std::inner_product(axis.begin(), axis.end(), next.begin(), 0.0));
      axis.swap(next);
      if (turn < kSmallTurn) break;
    }
    if (!alive) break;  // the rows span fewer dimensions: the rest stays 0
    const auto top =
        std::max_element(axis.begin(), axis.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
    if (*top < 0)
      for (double& v : axis) v = -v;
    for (size_t i = 0; i < x.rows; ++i) out.row(i)[c] = static_cast<float>(project(i, axis));
    axes.push_back(std::move(axis));
  }
  return out;
}

double pearson(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    throw Error(Code::Invalid,
                "correlation: lists of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " values");
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n,
               mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double spearman(std::span<const double> a, std::span<const double> b) {
  const auto ranks = [](std::span<const double> x) {
    std::vector<size_t> order(x.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return x[i] < x[j]; });
    std::vector<double> out(x.size());
    for (size_t begin = 0, end; begin < order.size(); begin = end) {
      for (end = begin; end < order.size() && x[order[end]] == x[order[begin]];) ++end;
      for (size_t i = begin; i < end; ++i) out[order[i]] = static_cast<double>(begin + end - 1) / 2;
    }
    return out;
  };
  return pearson(ranks(a), ranks(b));
}

}  // namespace lm

float cosine(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size())
    throw Error(Code::Invalid,
                "cosine: vectors of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " values");
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa > 0 && bb > 0 ? static_cast<float>(dot / std::sqrt(aa * bb)) : 0;
}

}  // namespace hanok

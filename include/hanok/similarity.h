// What one does with a matrix of embeddings: similarities, nearest texts, paraphrases, communities, a map, and how well
// scores follow a gold standard. No model is needed here. All functions are safe to call together.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hanok/lm.h"

namespace hanok::lm {

/// [a.rows, b.rows]; Error(Invalid) when the dims differ. Larger is nearer: distances come out negative.
enum class Similarity { Cosine, Dot, Euclidean, Manhattan };
Matrix similarity(const Matrix& a, const Matrix& b, Similarity kind = Similarity::Cosine);
/// Rows of length 1; a zero row stays zero.
Matrix normalized(Matrix x);

struct Hit {
  size_t index = 0;
  float score = 0;
};
/// For each query the top_k rows of the corpus by cosine, best first, ties by index.
std::vector<std::vector<Hit>> semantic_search(const Matrix& queries, const Matrix& corpus, size_t top_k = 10);

struct TextPair {
  float score = 0;
  size_t a = 0, b = 0;  // a < b
};
struct MiningOptions {
  size_t top_k = 100;         // neighbours of a text that are looked at
  size_t max_pairs = 500000;  // kept, the best ones
};
/// Pairs of rows with the highest cosines, best first, each pair once.
std::vector<TextPair> paraphrase_mining(const Matrix& x, const MiningOptions& options = {});

struct CommunityOptions {
  float threshold = 0.75f;  // cosine to the community's centre
  size_t min_size = 10;
};
/// Groups of rows of which each has a centre that all are near, the largest first; a row is in one group at most. A
/// group begins with its centre, then nearest first. Every row is tried as a centre: time n^2, memory by what is near.
std::vector<std::vector<size_t>> community_detection(const Matrix& x, const CommunityOptions& options = {});

/// Mean over rows of (b - a) / max(a, b), with a the distance to the mean of the others in its cluster and b to the
/// nearest other centroid: the simplified silhouette (Hruschka et al. 2004), n k steps instead of n^2, but that a row
/// has no part in its own centroid, and counts 0 where it is alone. In [-1, 1]; 0 for one cluster.
double silhouette(const Matrix& x, std::span<const uint32_t> assignment);
/// The number of clusters in [2, max_k] with the best silhouette; cluster(k) gives each row's cluster. 1 for fewer than
/// 3 rows.
size_t suggest_clusters(const Matrix& x, size_t max_k, const std::function<std::vector<uint32_t>(size_t k)>& cluster);

/// Coordinates of the rows on the first `dims` principal axes, [x.rows, dims]. Each axis is turned so that its largest
/// value is positive; the same input gives the same map.
Matrix principal_components(const Matrix& x, size_t dims = 2);

/// Correlation in [-1, 1] of two equally long lists; 0 where one of them is constant. Spearman: of the ranks, ties
/// share their mean rank.
double pearson(std::span<const double> a, std::span<const double> b);
double spearman(std::span<const double> a, std::span<const double> b);

}  // namespace hanok::lm

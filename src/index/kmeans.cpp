#include "index/kmeans.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kSeedSample =
    32;  // vectors a cluster looked at for seeding: k-means++ costs as much as a Lloyd step on all
constexpr size_t kAssignGrain = 64;  // vectors at once: their dots with 256 centroids take 64 KiB
constexpr double kConverged = 1e-4;  // relative gain of inertia below which more steps change little

// k-means++ on a sample: each next centroid is drawn with probability proportional to the squared distance to those
// there.
std::vector<float> seed_centroids(std::span<const float> x, size_t dim, size_t k, base::Random& random,
                                  size_t threads) {
  const size_t n = x.size() / dim, m = std::min(n, std::max(k, k * kSeedSample));
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = 0; i < m; ++i) std::swap(order[i], order[i + random.below(n - i)]);
  std::vector<float> out;
  out.reserve(k * dim);
  std::vector<float> nearest(m, INFINITY);
  const auto& kernel = math::distance();
  size_t pick = 0;
  for (size_t c = 0; c < k; ++c) {
    const float* centre = x.data() + order[pick] * dim;
    out.insert(out.end(), centre, centre + dim);
    base::parallel_for(
        m, 1024,
        [&](size_t begin, size_t end, size_t) {
          for (size_t i = begin; i < end; ++i)
            nearest[i] = std::min(nearest[i], kernel.l2_f32(x.data() + order[i] * dim, centre, dim));
        },
        threads);
    double total = 0;
    for (const float d : nearest) total += d;
    double target = random.uniform() * total;
    pick = c + 1 < m ? c + 1 : 0;  // all distances zero: any other vector
    for (size_t i = 0; i < m && total > 0; ++i) {
      target -= nearest[i];
      if (target <= 0 && nearest[i] > 0) {
        pick = i;
        break;
      }
    }
  }
  return out;
}

// The mean of every cluster. Each cluster adds its members in the order of their numbers, whatever the thread.
// An empty cluster takes half of the largest: that one's centroid, moved a little both ways.
void update(std::span<const float> x, size_t dim, size_t k, std::span<const uint32_t> assignment,
            std::vector<float>& centroids, size_t threads) {
  const size_t n = assignment.size();
  std::vector<uint32_t> start(k + 1), members(n);
  for (const uint32_t c : assignment) ++start[c + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  auto next = start;
  for (size_t i = 0; i < n; ++i) members[next[assignment[i]]++] = static_cast<uint32_t>(i);
  base::parallel_for(
      k, 1,
      [&](size_t begin, size_t end, size_t) {
        std::vector<double> sum(dim);
        for (size_t c = begin; c < end; ++c) {
          const size_t count = start[c + 1] - start[c];
          if (count == 0) continue;
          std::fill(sum.begin(), sum.end(), 0.0);
          for (size_t m = start[c]; m < start[c + 1]; ++m)
            for (size_t j = 0; j < dim; ++j) sum[j] += x[members[m] * dim + j];
          for (size_t j = 0; j < dim; ++j)
            centroids[c * dim + j] = static_cast<float>(sum[j] / static_cast<double>(count));
        }
      },
      threads);
  std::vector<size_t> count(k);
  for (size_t c = 0; c < k; ++c) count[c] = start[c + 1] - start[c];
  for (size_t c = 0; c < k; ++c) {
    if (count[c] != 0) continue;
    const auto largest = static_cast<size_t>(std::max_element(count.begin(), count.end()) - count.begin());
    if (count[largest] < 2) return;
    constexpr float kApart = 1e-3f;
    for (size_t j = 0; j < dim; ++j) {
      const float v = centroids[largest * dim + j], step = kApart * (j % 2 ? v : -v);
      centroids[c * dim + j] = v + step;
      centroids[largest * dim + j] = v - step;
    }
    count[c] = count[largest] / 2;
    count[largest] -= count[c];
  }
}

}  // namespace

std::vector<float> row_squares(std::span<const float> matrix, size_t dim) {
  std::vector<float> out(matrix.size() / dim);
  for (size_t r = 0; r < out.size(); ++r) {
    double sum = 0;
    for (size_t j = 0; j < dim; ++j) sum += static_cast<double>(matrix[r * dim + j]) * matrix[r * dim + j];
    out[r] = static_cast<float>(sum);
  }
  return out;
}

uint32_t nearest_of(const float* dots, std::span<const float> squares, float& distance) {
  uint32_t nearest = 0;
  distance = INFINITY;
  for (size_t c = 0; c < squares.size(); ++c)
    if (const float d = squares[c] - 2 * dots[c]; d < distance) distance = d, nearest = static_cast<uint32_t>(c);
  return nearest;
}

void assign(std::span<const float> vectors, const Panels& panels, std::span<const float> squares, uint32_t* nearest,
            float* distance, size_t threads) {
  const size_t dim = panels.dim();
  base::parallel_for(
      vectors.size() / dim, kAssignGrain,
      [&](size_t begin, size_t end, size_t) {
        thread_local std::vector<float> dots;
        dots.resize(kAssignGrain * panels.padded());
        panels.dots(vectors.data() + begin * dim, end - begin, dots.data());
        for (size_t i = begin; i < end; ++i) {
          float best = INFINITY;
          nearest[i] = nearest_of(dots.data() + (i - begin) * panels.padded(), squares, best);
          float square = 0;
          for (size_t j = 0; j < dim; ++j) square += vectors[i * dim + j] * vectors[i * dim + j];
          distance[i] = std::max(0.0f, best + square);
        }
      },
      threads);
}

Clusters cluster(std::span<const float> vectors, size_t dim, size_t k, uint64_t seed, size_t max_iterations,
                 size_t threads) {
  if (dim == 0 || vectors.size() % dim != 0)
    throw Error(Code::Invalid, "cluster: " + std::to_string(vectors.size()) + " numbers are no whole rows of dim " +
                                   std::to_string(dim));
  const size_t n = vectors.size() / dim;
  if (k < 1 || k > n)
    throw Error(Code::Invalid,
                "cluster: k is " + std::to_string(k) + ", expected 1 to the number of vectors, " + std::to_string(n));
  if (n > UINT32_MAX) throw Error(Code::Unsupported, "cluster: more than 2^32 - 1 vectors");
  for (const float v : vectors)
    if (!std::isfinite(v)) throw Error(Code::Invalid, "cluster: the vectors hold a number that is not finite");
  base::Random random(seed);
  Clusters out{k, dim, seed_centroids(vectors, dim, k, random, threads), std::vector<uint32_t>(n), 0};
  std::vector<float> distance(n);
  for (size_t step = 0;; ++step) {
    base::check_interrupt();
    assign(vectors, Panels(out.centroids, dim), row_squares(out.centroids, dim), out.assignment.data(), distance.data(),
           threads);
    const double before = out.inertia;
    out.inertia = std::accumulate(distance.begin(), distance.end(), 0.0);
    if (step >= max_iterations || (step > 0 && before - out.inertia <= kConverged * before)) break;
    update(vectors, dim, k, out.assignment, out.centroids, threads);
  }
  // The norms' expansion rounds: the sum that is handed out is taken again from the differences.
  out.inertia = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < dim; ++j) {
      const double d = static_cast<double>(vectors[i * dim + j]) - out.centroids[out.assignment[i] * dim + j];
      out.inertia += d * d;
    }
  return out;
}

}  // namespace hanok::index

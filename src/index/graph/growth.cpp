#include "index/graph/growth.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "base/threads.h"

namespace hanok::index {
namespace {

constexpr size_t kSamples = 256;
constexpr size_t kNeighbors = 10,
                 kWanted = 100;  // k, and the largest ef that is measured: the middle of what is asked for
constexpr size_t kMost = kWalkMost * kWanted;  // a walk expands no more
constexpr size_t kWide = kMost + kWanted;      // the walk that finds them; the farthest of a pool are the least certain
constexpr double kSteepest = 4;                // squared distances that grow like this have neighbours on a line

/// Code distances to the kMost nearest others of a node, in order; empty where they cannot be told apart.
std::vector<int32_t> nearest_others(const Graph& graph, uint32_t node, const uint8_t* record, WalkMemory& scratch) {
  walk(graph, record, {.ef = kWide}, scratch);
  std::vector<int32_t> out;
  for (size_t i = 0; i < scratch.pool.size() && out.size() < kMost; ++i)
    if (scratch.pool.node(i) != node) out.push_back(scratch.pool.distance(i));
  if (out.size() < kMost || out[kNeighbors - 1] <= 0) out.clear();
  return out;
}

double mean_within(const std::vector<std::vector<int32_t>>& distances, double factor) {
  double sum = 0;
  for (const std::vector<int32_t>& d : distances)
    sum += static_cast<double>(std::upper_bound(d.begin(), d.end(), factor * d[kNeighbors - 1]) - d.begin());
  return sum / static_cast<double>(distances.size());
}

/// The exponent g at which times^g times the distance of the kNeighbors-th holds `times` as many in the mean.
double exponent(const std::vector<std::vector<int32_t>>& distances, double times) {
  double low = 0, high = kSteepest;
  for (int halvings = 0; halvings < 24; ++halvings) {
    const double middle = (low + high) / 2;
    (mean_within(distances, std::pow(times, middle)) > times * kNeighbors ? high : low) = middle;
  }
  return low;
}

}  // namespace

void measure_growth(Graph& graph, const std::function<void(uint32_t, uint8_t*)>& write_query, uint64_t seed,
                    size_t threads) {
  graph.growth = {};
  if (graph.size < 2 * kWide) return;
  base::Random random(seed);
  std::vector<uint32_t> nodes(kSamples);
  for (uint32_t& node : nodes) node = static_cast<uint32_t>(random.below(graph.size));
  std::vector<std::vector<int32_t>> distances(kSamples);
  base::parallel_for(
      kSamples, 32,
      [&](size_t begin, size_t end, size_t) {
        WalkMemory scratch;
        auto record = Buffer<uint8_t>().grown(graph.projection.record_bytes(), 0);
        for (size_t i = begin; i < end; ++i) {
          write_query(nodes[i], record.writable());
          distances[i] = nearest_others(graph, nodes[i], record.data(), scratch);
        }
      },
      threads);
  std::erase_if(distances, [](const auto& d) { return d.empty(); });
  if (distances.size() < kSamples / 4) return;
  graph.growth = {exponent(distances, kGrowthNear), exponent(distances, kGrowthFar)};
}

}  // namespace hanok::index

// For tests: every kind of index, small and large, and what a brute force over the same rows says.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "hanok/index.h"

namespace hanok::index::conformance {

struct Case {
  std::string name, kind;
  std::map<std::string, std::string> set;
  size_t n = 0;           // vectors
  SearchOptions options;  // at which the kind is exact, or as good as
  bool opened = false;    // what is asked is not the index that was filled but the file that it saved
};

inline std::vector<Case> cases() {
  const SearchOptions exact, wide{.ef = 4000, .nprobe = 1 << 20, .rerank = 1 << 20};
  return {{"flat", "flat", {}, 300, exact},
          {"flat_with_codes", "flat", {}, 3000, exact},
          {"flat_sq8", "flat", {{"storage", "sq8"}}, 1500, exact},
          {"ivf_untrained", "ivf", {}, 300, exact},
          {"ivf_pq", "ivf", {}, 3000, wide},
          {"ivf_rabitq", "ivf", {{"code", "rabitq"}}, 3000, wide},
          {"ivf_flat", "ivf", {{"code", "flat"}}, 3000, wide},
          {"ivf_sq8", "ivf", {{"code", "sq8"}}, 3000, wide},
          {"hnsw_exact", "hnsw", {}, 300, exact},
          {"hnsw_graph", "hnsw", {}, 3000, wide},
          {"hnsw_f16", "hnsw", {{"storage", "f16"}}, 3000, wide},
          {"disk_in_memory", "disk", {}, 3000, wide},
          {"disk_exact", "disk", {}, 300, exact, true},
          {"disk_graph", "disk", {{"degree", "24"}, {"ef_construction", "48"}}, 3000, wide, true},
          {"disk_f16", "disk", {{"storage", "f16"}, {"degree", "24"}}, 1500, wide, true},
          {"auto_small", "auto", {{"exact_below", "1500"}}, 300, exact},
          {"auto_large", "auto", {{"exact_below", "1500"}}, 3000, wide}};
}

// Around twenty centres, as real vectors lie; no two rows are alike.
inline std::vector<float> rows(size_t n, size_t dim, uint64_t seed) {
  base::Random centres(5), random(seed);
  std::vector<float> centre(20 * dim), out;
  for (auto& v : centre) v = 2 * static_cast<float>(centres.normal());
  for (size_t i = 0; i < n; ++i)
    for (size_t c = random.below(20), j = 0; j < dim; ++j)
      out.push_back(centre[c * dim + j] + static_cast<float>(random.normal()));
  return out;
}

/// Filled as it is, or what open() makes of its file.
inline std::unique_ptr<Index> settled(const Case& c, std::unique_ptr<Index> index) {
  if (!c.opened) return index;
  base::TempFolder folder;  // a mapped file outlives its name
  index->save(folder.path() / "a.idx");
  return open(folder.path() / "a.idx");
}

inline std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

/// Id -> vector as the index has it.
using Model = std::map<Id, std::vector<float>>;

inline Model model_of(const Index& index) {
  Model out;
  for (const Id id : index.ids()) out[id] = *index.reconstruct(id);
  return out;
}

/// As the door defines it.
inline float distance(Metric metric, std::span<const float> q, std::span<const float> x) {
  double squares = 0, dot = 0, a = 0, b = 0;
  for (size_t j = 0; j < q.size(); ++j) {
    const double u = q[j], v = x[j];
    squares += (u - v) * (u - v), dot += u * v, a += u * u, b += v * v;
  }
  return static_cast<float>(metric == Metric::L2             ? squares
                            : metric == Metric::InnerProduct ? dot
                                                             : dot / std::sqrt(a * b));
}

/// Those that pass, best first.
inline std::vector<Match> brute(const Model& model, Metric metric, std::span<const float> query,
                                const IdFilter& filter) {
  std::vector<Match> out;
  for (const auto& [id, x] : model)
    if (filter.accepts(id)) out.push_back({id, distance(metric, query, x)});
  std::sort(out.begin(), out.end(), [&](const Match& a, const Match& b) {
    const float x = metric == Metric::L2 ? a.distance : -a.distance,
                y = metric == Metric::L2 ? b.distance : -b.distance;
    return x != y ? x < y : a.id < b.id;
  });
  return out;
}

}  // namespace hanok::index::conformance

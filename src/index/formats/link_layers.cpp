// Layers of neighbours as Malkov and Yashunin 2018 build them (algorithms 1, 2 and 4), for files that need such layers.
// One thread, one vector after the other: the index kind "hnsw" is the fast one, this one is for exchange.
#include <algorithm>
#include <cmath>
#include <queue>

#include "base/random.h"
#include "base/threads.h"
#include "index/base_index.h"
#include "index/formats/foreign.h"
#include "math/distance.h"

namespace hanok::index::formats {
namespace {

using Near = std::pair<float, uint32_t>;

class Linker {
 public:
  Linker(std::span<const float> x, size_t dim, Metric metric, HnswLinks& out)
      : x_(x), dim_(dim), metric_(metric), out_(out), seen_(x.size() / dim) {}

  void insert(uint32_t node, size_t layers) {
    out_.nodes[node].resize(layers);
    if (node == 0) return;
    const size_t top = out_.nodes[out_.entry].size();
    std::vector<Near> from{{distance(node, out_.entry), out_.entry}};
    for (size_t l = top; l-- > layers;) from = {search(node, from, 1, l).front()};
    for (size_t l = std::min(top, layers); l-- > 0;) {
      from = search(node, from, out_.ef_construction, l);
      out_.nodes[node][l] = choose(from, out_.m);
      for (const uint32_t other : out_.nodes[node][l]) link_back(other, node, l);
    }
    if (layers > top) out_.entry = node;
  }

 private:
  float distance(uint32_t a, uint32_t b) const {
    const float *p = x_.data() + a * dim_, *q = x_.data() + b * dim_;
    return metric_ == Metric::L2 ? math::distance().l2_f32(p, q, dim_) : 1 - math::distance().ip_f32(p, q, dim_);
  }

  std::vector<Near> search(uint32_t node, const std::vector<Near>& from, size_t ef, size_t layer) {
    ++epoch_;
    std::priority_queue<Near, std::vector<Near>, std::greater<>> open(from.begin(), from.end());
    std::priority_queue<Near> found(from.begin(), from.end());
    for (const Near& n : from) seen_[n.second] = epoch_;
    while (!open.empty()) {
      const Near next = open.top();
      if (found.size() >= ef && next.first > found.top().first) break;
      open.pop();
      for (const uint32_t other : out_.nodes[next.second][layer]) {
        if (seen_[other] == epoch_) continue;
        seen_[other] = epoch_;
        const float d = distance(node, other);
        if (found.size() >= ef && d >= found.top().first) continue;
        open.emplace(d, other);
        found.emplace(d, other);
        if (found.size() > ef) found.pop();
      }
    }
    std::vector<Near> out(found.size());
    for (size_t i = out.size(); i-- > 0; found.pop()) out[i] = found.top();
    return out;
  }

  // A candidate is kept if it is nearer to the node than to any that is kept already.
  std::vector<uint32_t> choose(const std::vector<Near>& sorted, size_t most) const {
    std::vector<uint32_t> kept;
    for (const Near& c : sorted) {
      if (kept.size() == most) break;
      if (std::all_of(kept.begin(), kept.end(), [&](uint32_t k) { return distance(c.second, k) >= c.first; }))
        kept.push_back(c.second);
    }
    return kept;
  }

  void link_back(uint32_t node, uint32_t other, size_t layer) {
    auto& links = out_.nodes[node][layer];
    const size_t room = layer == 0 ? 2 * out_.m : out_.m;
    links.push_back(other);
    if (links.size() <= room) return;
    std::vector<Near> all;
    for (const uint32_t l : links) all.emplace_back(distance(node, l), l);
    std::sort(all.begin(), all.end());
    links = choose(all, room);
  }

  std::span<const float> x_;
  size_t dim_;
  Metric metric_;
  HnswLinks& out_;
  std::vector<uint32_t> seen_;
  uint32_t epoch_ = 0;
};

}  // namespace

HnswLinks link_layers(std::span<const float> vectors, size_t dim, Metric metric, size_t m, size_t ef_construction,
                      uint64_t seed) {
  HnswLinks out;
  out.m = std::max<size_t>(m, 2);
  out.ef_construction = std::max<size_t>(ef_construction, 1);
  const size_t n = vectors.size() / dim;
  out.nodes.resize(n);
  std::vector<float> unit;
  if (metric == Metric::Cosine) {
    unit.resize(vectors.size());
    for (size_t i = 0; i < n; ++i) normalise(vectors.subspan(i * dim, dim), unit.data() + i * dim);
    vectors = unit;
  }
  base::Random random(seed);
  const double scale = 1 / std::log(static_cast<double>(out.m));
  Linker linker(vectors, dim, metric, out);
  for (uint32_t i = 0; i < n; ++i) {
    if (i % 1024 == 0) base::check_interrupt();
    constexpr double kHighest = 15;  // layers: the chance of more is 16^-15
    linker.insert(i, 1 + static_cast<size_t>(std::min(kHighest, -std::log(1 - random.uniform()) * scale)));
  }
  return out;
}

}  // namespace hanok::index::formats

#include "index/choose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>
#include <vector>

#include "base/random.h"
#include "base/thread_time.h"
#include "hanok/context.h"
#include "index/base_index.h"
#include "index/flat/row_store.h"
#include "index/kinds.h"

namespace hanok::index {
namespace {

constexpr size_t kScanBytes = 8'000'000;  // one byte a dimension (flat.md)
constexpr size_t kLeastScanned = 2000, kMostScanned = 20000;
constexpr size_t kQueries = 100, kNeighbours = 10;
constexpr size_t kSampleFloats = 5'000'000;  // both kinds are built on so many in about a second
constexpr size_t kLeastSample = 1500, kMostSample = 8192;
constexpr size_t kWidestSampled = 3072;  // wider rows: such a sample says little and costs much
constexpr double kMustWin = 1.1;         // ivf must be faster by this: hnsw keeps its speed when the set grows
// A scan of more codes than a core's caches hold waits for memory: 100,000 x 384 take 1,000 us, 25,000 take 131.
constexpr double kCachedBytes = 16e6, kMemoryWait = 2;

struct Sample {
  std::vector<float> base, queries;
  std::vector<float> kth;  // signed distance of each query's true last neighbour
};

Sample take_sample(const Question& q) {
  const size_t dim = q.options.dim;
  const size_t rows = std::min(q.vectors, std::clamp(kSampleFloats / dim, kLeastSample, kMostSample));
  base::Random random(q.options.seed);
  std::vector<size_t> picked(rows);
  for (size_t i = 0; i < rows; ++i) {  // one of each stretch, so that sorted input is covered too
    const size_t begin = i * q.vectors / rows, end = (i + 1) * q.vectors / rows;
    picked[i] = begin + random.below(end - begin);
  }
  for (size_t i = rows; i > 1; --i) std::swap(picked[i - 1], picked[random.below(i)]);
  Sample out;
  out.base.resize((rows - kQueries) * dim);
  out.queries.resize(kQueries * dim);
  for (size_t i = 0; i < rows; ++i)
    q.row(picked[i], i < kQueries ? &out.queries[i * dim] : &out.base[(i - kQueries) * dim]);
  return out;
}

std::unique_ptr<Index> built(const std::string& kind, const Options& options, const std::vector<float>& base) {
  std::vector<Id> ids(base.size() / options.dim);
  std::iota(ids.begin(), ids.end(), Id{0});
  auto index = make_chosen(kind, options);
  index->add(ids, base);
  return index;
}

// A hit is a result no farther than the true last one, so that equal vectors do not count as misses.
double recall(const Sample& sample, Metric metric, const std::vector<std::vector<Match>>& found) {
  size_t hits = 0;
  for (size_t i = 0; i < kQueries; ++i)
    for (const Match& m : found[i])
      hits += signed_distance(metric, m.distance) <= sample.kth[i] + 1e-5f * std::abs(sample.kth[i]);
  return static_cast<double>(hits) / (kQueries * kNeighbours);
}

struct Speed {
  double us = std::numeric_limits<double>::infinity();  // a query, one at a time
  std::string setting = "no setting";
  bool looks_at_much = true;  // so that it takes twice as long among twice as many
};

struct Try {
  std::string text;
  SearchOptions options;
  bool looks_at_much;
};

// The first setting that reaches the recall; later ones look at more and take longer.
Speed speed_of(const Index& index, const Question& q, const Sample& sample, const std::vector<Try>& ladder) {
  for (const Try& step : ladder) {
    SearchOptions options = step.options;
    options.threads = q.options.threads;
    if (recall(sample, q.options.metric, index.search_batch(sample.queries, kNeighbours, options)) >= q.recall)
      return {search_us(index, sample.queries, kNeighbours, step.options), step.text, step.looks_at_much};
  }
  return {};
}

Speed speed_of_graph(const Question& q, const Sample& sample) {
  // Among as many as that of a sample a walk does not find its way, it searches: the more there are, the longer.
  constexpr size_t kWalkShare = 32;
  const size_t rows = sample.base.size() / q.options.dim;
  std::vector<Try> ladder;
  for (const size_t ef : {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640})
    ladder.push_back({"ef=" + std::to_string(ef), {.ef = ef}, ef * kWalkShare >= rows});
  return speed_of(*built("hnsw", q.options, sample.base), q, sample, ladder);
}

// Cells that tell little apart are all looked into, and what codes tell apart badly is ranked anew in greater number.
Speed speed_of_cells(const Question& q, const Sample& sample) {
  const auto index = built("ivf", q.options, sample.base);
  const auto cells = static_cast<size_t>(std::sqrt(static_cast<double>(sample.base.size() / q.options.dim)));
  Speed best;
  for (const size_t rerank : {0, 250, 600}) {
    std::vector<Try> ladder;
    for (const size_t probes : {2, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 96})
      ladder.push_back({"nprobe=" + std::to_string(probes) + (rerank ? ",rerank=" + std::to_string(rerank) : ""),
                        {.nprobe = probes, .rerank = rerank},
                        2 * probes >= cells});
    const Speed now = speed_of(*index, q, sample, ladder);
    if (now.us < best.us) best = now;
  }
  return best;
}

/// Cells with 4-bit codes, one for every four numbers, over rows of a byte a number; bytes as they are.
Choice least_memory(const Question& q) {
  constexpr size_t kLooked = 256;
  std::vector<float> row(q.options.dim);
  bool bytes = true;
  for (size_t i = 0; bytes && i < std::min(kLooked, q.vectors); ++i) {
    q.row(i * q.vectors / std::min(kLooked, q.vectors), row.data());
    bytes = all_bytes(row);
  }
  Choice out{"ivf", "least memory is wanted: rows of one byte a number and 4-bit codes", {}};
  out.set["M"] = std::to_string(std::clamp<size_t>(q.options.dim / 4, 1, 256));
  if (!bytes && !q.options.set.count("storage")) out.set["storage"] = "sq8";
  return out;
}

}  // namespace

std::string short_number(double x) {
  if (x >= 1000) return std::to_string(std::lround(x));
  std::ostringstream out;
  out.precision(3);
  out << x;
  return out.str();
}

double search_us(const Index& index, std::span<const float> queries, size_t k, const SearchOptions& options) {
  constexpr size_t kPasses = 3;
  const size_t dim = index.options().dim, n = queries.size() / dim;
  double best = std::numeric_limits<double>::infinity();
  for (size_t pass = 0; pass < kPasses; ++pass) {
    const double begin = base::thread_seconds();
    for (size_t i = 0; i < n; ++i) index.search(queries.subspan(i * dim, dim), k, options);
    best = std::min(best, 1e6 * (base::thread_seconds() - begin) / static_cast<double>(n));
  }
  return best;
}

size_t scanned_fast(size_t dim) { return std::clamp(kScanBytes / dim, kLeastScanned, kMostScanned); }

Choice choose(const Question& q) {
  if (q.small && q.vectors > q.exact_up_to) return least_memory(q);
  const std::string what = std::to_string(q.vectors) + " vectors of " + std::to_string(q.options.dim) + " numbers";
  if (q.vectors <= q.exact_up_to)
    return {"flat", "up to " + std::to_string(q.exact_up_to) + " vectors of " + std::to_string(q.options.dim) +
                        " numbers an exact scan is fast enough"};
  if (q.options.dim > kWidestSampled || q.vectors < kLeastSample)
    return {"hnsw",
            what + ": above " + std::to_string(q.exact_up_to) + " a graph looks at fewest; no sample was measured"};

  const Context::Scope quietly(Context::current().with_progress({}));
  Sample sample = take_sample(q);
  const auto exact = built("flat", q.options, sample.base);
  for (const auto& found : exact->search_batch(sample.queries, kNeighbours, {.threads = q.options.threads}))
    sample.kth.push_back(signed_distance(q.options.metric, found.back().distance));
  const Speed graph = speed_of_graph(q, sample), cells = speed_of_cells(q, sample);
  // A walk grows like the logarithm of the size, a visit of sqrt(n) cells' share like its root, and what looks at much
  // of a set in any case like the set.
  const double n = static_cast<double>(q.vectors), s = static_cast<double>(sample.base.size() / q.options.dim);
  const double graph_us = graph.us * (graph.looks_at_much ? n / s : std::log(n) / std::log(s)),
               cells_us = cells.us * (cells.looks_at_much ? n / s : std::sqrt(n / s));
  const auto tell = [](const std::string& kind, const Speed& speed, double us) {
    if (!std::isfinite(us)) return kind + " does not reach it";
    return kind + " takes about " + short_number(us) + " us (" + speed.setting + ", " + short_number(speed.us) +
           " us on the sample)";
  };
  std::string kind = cells_us * kMustWin < graph_us ? "ivf" : "hnsw";
  std::string why = what + ", for recall " + short_number(q.recall) + ": " + tell("hnsw", graph, graph_us) + ", " +
                    tell("ivf", cells, cells_us);
  if (graph.looks_at_much && cells.looks_at_much) {  // no structure to follow: is it worth it at all?
    const double waits = n * static_cast<double>(q.options.dim) > kCachedBytes ? kMemoryWait : 1;
    const double scan_us = search_us(*exact, sample.queries, kNeighbours, {}) * n / s * waits;
    why += ", a scan of all about " + short_number(scan_us) + " us";
    if (scan_us * kMustWin < std::min(graph_us, cells_us)) kind = "flat";
  }
  return {kind, why + "; measured on " + std::to_string(sample.base.size() / q.options.dim) + " of them", {}};
}

}  // namespace hanok::index

#include "index/trial.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/json.h"
#include "base/random.h"
#include "index/base_index.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kSeenAtOnce = 16384;  // rows that are copied and coded: fewer, and a query pays more for each block
constexpr float kSlack = 1e-5f;        // relative; sums of floats in another order
// Standard errors that a measured mean lies above the promise. Misses come in lumps (a query that a walk leads astray
// finds none of ten), so that means of 1,000 queries differ by .004 at .99.
constexpr double kSure = 2;
constexpr size_t kWidestPool = 2048;  // of a graph: beyond, a scan of byte codes is as fast

float slack(float kth) { return kth + kSlack * std::abs(kth); }

}  // namespace

Trial::Trial(std::string name, size_t dim, Metric metric, std::vector<float> queries, size_t k)
    : name_(std::move(name)), dim_(dim), k_(k), metric_(metric), queries_(std::move(queries)) {
  const size_t n = queries_.size() / dim_;
  nearest_.assign(n, base::TopK<float>(k));
  kth_.assign(n, std::numeric_limits<float>::infinity());
  for (size_t i = 0; metric_ == Metric::Cosine && i < n; ++i)
    normalise({&queries_[i * dim_], dim_}, &queries_[i * dim_]);
}

float Trial::distance(size_t query, std::span<const float> row) const {
  const float* q = &queries_[query * dim_];
  if (metric_ == Metric::L2) return math::distance().l2_f32(q, row.data(), dim_);
  const float norm = metric_ == Metric::Cosine ? static_cast<float>(norm_of(row)) : 1;
  return -math::distance().ip_f32(q, row.data(), dim_) / norm;
}

void Trial::see(std::span<const float> rows, size_t threads) {
  for (size_t at = 0; at < rows.size(); at += kSeenAtOnce * dim_)
    see_block(rows.subspan(at, std::min(rows.size() - at, kSeenAtOnce * dim_)), threads);
}

// The coded scan of kind flat leaves most rows unread. Distances are this class's own, so that recall() compares like
// with like.
void Trial::see_block(std::span<const float> rows, size_t threads) {
  const size_t n = rows.size() / dim_;
  std::vector<Id> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto exact = make("flat", {.dim = dim_, .metric = metric_, .threads = threads});
  exact->add(numbers, rows);
  const auto found = exact->search_batch(queries_, k_, {.threads = threads});
  for (size_t q = 0; q < found.size(); ++q) {
    for (const Match& m : found[q]) {
      const auto row = rows.subspan(static_cast<size_t>(m.id) * dim_, dim_);
      nearest_[q].offer(distance(q, row));
    }
    if (nearest_[q].full()) kth_[q] = nearest_[q].worst();
  }
  seen_ += n;
}

Trial::Result Trial::recall(const std::vector<std::vector<Id>>& found, const Row& row) const {
  const size_t wanted = std::min(k_, seen_);
  if (size() == 0 || wanted == 0) return {};
  double sum = 0, squares = 0;
  std::vector<float> x(dim_);
  for (size_t q = 0; q < size(); ++q) {
    size_t hits = 0;
    for (const Id id : found[q]) {
      row(id, x.data());
      hits += distance(q, x) <= slack(kth_[q]);
    }
    const double share = static_cast<double>(std::min(hits, wanted)) / static_cast<double>(wanted);
    sum += share;
    squares += share * share;
  }
  const auto n = static_cast<double>(size());
  const double mean = sum / n, variance = std::max(0.0, squares / n - mean * mean);
  return {mean, std::sqrt(variance / n)};
}

std::vector<Effort> efforts(const std::string& kind, size_t k, size_t vectors) {
  std::vector<Effort> out;
  const auto put = [&](std::string text, const SearchOptions& options) { out.push_back({std::move(text), options}); };
  const auto next = [](size_t x) { return std::max(x + 1, x * 5 / 4); };
  if (kind == "hnsw" || kind == "disk")
    for (size_t ef = std::max<size_t>(k, 10); ef <= std::max(kWidestPool, 2 * k); ef = next(ef))
      put("ef=" + std::to_string(ef), {.ef = ef});
  if (kind == "ivf") {
    // The more cells are looked into, the more candidates are worth an exact distance.
    const size_t cells = std::max<size_t>(1, static_cast<size_t>(std::sqrt(static_cast<double>(vectors))));
    for (size_t probes = 2;; probes = next(probes)) {
      probes = std::min(probes, cells);
      for (const size_t rerank : {4 * k, 10 * k, 25 * k, 60 * k})
        put("nprobe=" + std::to_string(probes) + ",rerank=" + std::to_string(rerank),
            {.nprobe = probes, .rerank = rerank});
      if (probes == cells) break;
    }
  }
  return out;
}

double Promise::least() const {
  double out = 1;
  for (const Reached& r : reached) out = std::min(out, r.recall);
  return out;
}

size_t Promise::queries() const {
  size_t out = 0;
  for (const Reached& r : reached) out += r.queries;
  return out;
}

std::string Promise::json() const {
  base::OrderedJson groups = base::OrderedJson::array();
  for (const Reached& r : reached) groups.push_back({{"on", r.on}, {"queries", r.queries}, {"recall", r.recall}});
  return base::dump_json(base::OrderedJson{
      {"recall", recall}, {"neighbours", k}, {"setting", setting}, {"vectors", vectors}, {"reached", groups}});
}

Promise Promise::from_json(const std::string& text) {
  try {
    const auto json = base::parse_json(text, "promise");
    Promise out;
    out.recall = json.at("recall").get<double>();
    out.k = json.at("neighbours").get<size_t>();
    out.setting = json.at("setting").get<std::string>();
    out.vectors = json.at("vectors").get<size_t>();
    for (const auto& r : json.at("reached"))
      out.reached.push_back(
          {r.at("on").get<std::string>(), r.at("queries").get<size_t>(), r.at("recall").get<double>()});
    return out;
  } catch (const std::exception& e) {
    throw Error(Code::Invalid, std::string("promise: ") + e.what());
  }
}

Tuned tune(std::span<const Trial> trials, double recall, const std::vector<Effort>& efforts, const Ask& ask,
           const Trial::Row& row, size_t vectors) {
  Tuned best;
  double best_margin = -std::numeric_limits<double>::infinity();
  const auto reaches = [&](const Effort& effort) {
    Promise now{recall, trials.empty() ? 0 : trials[0].k(), vectors, effort.text, {}};
    double margin = std::numeric_limits<double>::infinity();
    for (const Trial& trial : trials) {
      const auto result = trial.recall(ask(trial, effort.options), row);
      now.reached.push_back({trial.name(), trial.size(), result.recall});
      margin = std::min(margin, result.recall - kSure * result.error - recall);
    }
    if (margin > best_margin || margin >= 0) best_margin = margin, best = {std::move(now), effort.options};
    return margin >= 0;
  };
  // Settings that differ in `rerank` alone: where the largest does not do, no other will.
  const auto same_but_rerank = [](const Effort& a, const Effort& b) {
    return a.options.ef == b.options.ef && a.options.nprobe == b.options.nprobe;
  };
  for (auto first = efforts.begin(); first != efforts.end();) {
    const auto end =
        std::find_if_not(first, efforts.end(), [&](const Effort& e) { return same_but_rerank(*first, e); });
    if (reaches(*(end - 1))) {
      while (first != end - 1 && !reaches(*first)) ++first;
      break;
    }
    first = end;
  }
  return best;
}

Ask ask_index(const Index& index, size_t threads) {
  return [&index, threads](const Trial& trial, SearchOptions options) {
    options.threads = threads;
    std::vector<std::vector<Id>> out(trial.size());
    const auto found = index.search_batch(trial.queries(), trial.k(), options);
    for (size_t i = 0; i < found.size(); ++i)
      for (const Match& m : found[i]) out[i].push_back(m.id);
    return out;
  };
}

void see_index(Trial& trial, const Index& index, size_t threads) {
  std::vector<float> rows;
  const auto ids = index.ids();
  for (size_t from = 0; from < ids.size(); from += kSeenAtOnce) {
    rows.clear();
    for (size_t i = from; i < std::min(ids.size(), from + kSeenAtOnce); ++i) {
      const auto row = *index.reconstruct(ids[i]);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    trial.see(rows, threads);
  }
}

std::vector<float> moved_away(std::span<const float> vectors, size_t dim, Metric metric, uint64_t seed, float share) {
  const size_t n = vectors.size() / dim;
  std::vector<float> unit(vectors.begin(), vectors.end());
  for (size_t i = 0; metric == Metric::Cosine && i < n; ++i) normalise(vectors.subspan(i * dim, dim), &unit[i * dim]);
  base::Random random(seed + 1);
  std::vector<float> out = unit;
  for (size_t i = 0; i < n; ++i) {
    const float *a = &unit[random.below(n) * dim], *b = &unit[random.below(n) * dim];
    for (size_t j = 0; j < dim; ++j) out[i * dim + j] += share * (a[j] - b[j]);
    if (metric == Metric::Cosine && norm_of({&out[i * dim], dim}) < 1e-6)  // opposite ones met
      std::copy_n(&unit[i * dim], dim, &out[i * dim]);
  }
  return out;
}

std::vector<size_t> left_out(size_t n, size_t asked, uint64_t seed) {
  constexpr size_t kMostShare = 8;
  const size_t take = std::min(asked, n / kMostShare);
  base::Random random(seed);
  std::vector<size_t> out(take);
  for (size_t i = 0; i < take; ++i) {
    const size_t begin = i * n / take, end = (i + 1) * n / take;
    out[i] = begin + random.below(end - begin);
  }
  return out;
}

}  // namespace hanok::index

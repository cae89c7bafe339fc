// Is what an index promises reached? One set: promised, and reached on vectors that nothing was tuned on.
//
//   bench_promise BASE [--questions FILE] [--metric cosine] [--recall 0.99] [--rows N] [--kind auto,hnsw,ivf]
//                 [--exact-below 4000] [--set key=value]... [--threads 2] [--seed 1]
//
// 1,000 vectors are kept away from everything and asked at the end; so are the questions. Kind auto tunes itself; the
// others are tuned as `hanok index tune --recall` without queries tunes them. `grown`: the same index made from two
// thirds of the set, to which the last third came in pieces of 4,096, and `drop by drop` in pieces of 32. A line a
// state: what is promised, what the index says that it measured, and what is reached at its own setting.
//
// --curves instead: recall by ef of a graph over the set, of questions and of what might stand for them; --also
// NAME=FILE adds queries.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"
#include "hanok/index.h"
#include "index/base_index.h"
#include "index/formats/vectors_io.h"
#include "index/tune.h"

namespace {

using namespace hanok::index;

constexpr size_t kAsked = 1000, kNeighbours = 10;
constexpr size_t kPiece = 4096, kDrop = 32;

struct Arguments {
  std::string base, questions, metric = "cosine";
  std::vector<std::string> kinds{"auto", "hnsw", "ivf"}, set, also;
  bool curves = false;
  double recall = 0.99;
  size_t rows = SIZE_MAX, threads = 2, seed = 1, exact_below = 4000;
};

std::vector<Id> range(size_t first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), static_cast<Id>(first));
  return out;
}

// The set, what is asked of it, and how near the answers lie.
struct Panel {
  size_t dim, n;
  std::span<const float> rows;
  std::vector<Trial> trials;

  std::span<const float> piece(size_t from, size_t to) const { return rows.subspan(from * dim, (to - from) * dim); }
};

void tell(const Arguments& a, const Panel& panel, const char* state, const Index& index) {
  std::printf("%-5s %-13s promised %.3f", index.kind().c_str(), state, a.recall);
  const auto promise = promise_of(index);
  for (const Trial& trial : panel.trials) {
    const auto row = [&](Id id, float* out) {
      std::copy_n(panel.rows.data() + static_cast<size_t>(id) * panel.dim, panel.dim, out);
    };
    const auto result = trial.recall(ask_index(index, a.threads)(trial, {}), row);
    std::printf("  %s %.4f%s", trial.name().c_str(), result.recall, result.recall < a.recall - .003 ? " BROKEN" : "");
  }
  if (promise) {
    std::printf("  (%s; at %zu measured", promise->setting.c_str(), promise->vectors);
    for (const auto& r : promise->reached) std::printf(" %.4f", r.recall);
    std::printf(")");
  }
  std::printf("\n");
  std::fflush(stdout);
}

void grow(const Panel& panel, Index& index, size_t from, size_t step) {
  for (size_t at = from; at < panel.n; at += step) {
    const size_t to = std::min(panel.n, at + step);
    index.add(range(at, to - at), panel.piece(at, to));
  }
}

void tuned(const Arguments& a, Index& index) {
  keep_tuned(index, tune_index(index, a.recall, kNeighbours, {}, a.seed, a.threads));
}

void run_kind(const Arguments& a, const Panel& panel, const std::string& kind) {
  Options options{.dim = panel.dim, .metric = metric_from(a.metric), .threads = a.threads, .seed = a.seed};
  for (const auto& pair : a.set) options.set[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
  if (kind == "auto") {
    options.set["recall"] = std::to_string(a.recall);
    options.set["exact_below"] = std::to_string(a.exact_below);
  }
  const auto whole = make(kind, options);
  whole->add(range(0, panel.n), panel.rows);
  if (kind != "auto") tuned(a, *whole);
  tell(a, panel, kind == "auto" ? "auto" : "tuned", *whole);
  if (kind != "auto") return;
  const size_t start = panel.n * 2 / 3;
  for (const size_t step : {kPiece, kDrop}) {
    const auto grown = make(kind, options);
    grown->add(range(0, start), panel.piece(0, start));
    grow(panel, *grown, start, step);
    tell(a, panel, step == kPiece ? "grown" : "drop by drop", *grown);
  }
}

// factor * row(i) + (1 - factor) * another, which near(i) says.
std::vector<float> mixed(const Panel& panel, float factor, const std::function<size_t(size_t)>& near) {
  hanok::base::Random random(3);
  std::vector<float> out;
  for (size_t i = 0; i < kAsked; ++i) {
    const size_t one = random.below(panel.n);
    const float *x = panel.rows.data() + one * panel.dim, *y = panel.rows.data() + near(one) * panel.dim;
    for (size_t j = 0; j < panel.dim; ++j) out.push_back(factor * x[j] + (1 - factor) * y[j]);
  }
  return out;
}

// Each number moved by a share of the spread of all.
std::vector<float> noisy(const Panel& panel, std::span<const float> rows, double share) {
  hanok::base::Random random(4);
  std::vector<double> mean(panel.dim);
  for (size_t i = 0; i < panel.rows.size(); ++i) mean[i % panel.dim] += panel.rows[i] / static_cast<double>(panel.n);
  double spread = 0;
  for (size_t i = 0; i < panel.rows.size(); ++i)
    spread += std::pow(panel.rows[i] - mean[i % panel.dim], 2) / static_cast<double>(panel.rows.size());
  std::vector<float> out(rows.begin(), rows.end());
  for (float& x : out) x += static_cast<float>(share * std::sqrt(spread) * random.normal());
  return out;
}

void curves(const Arguments& a, Panel& panel, std::span<const float> left) {
  const Metric metric = metric_from(a.metric);
  const auto index = make("hnsw", {.dim = panel.dim, .metric = metric, .threads = a.threads, .seed = a.seed});
  index->add(range(0, panel.n), panel.rows);
  hanok::base::Random random(5);
  const size_t asked_first = panel.trials.size();
  const auto put = [&](const std::string& name, std::vector<float> queries) {
    panel.trials.emplace_back(name, panel.dim, metric, std::move(queries), kNeighbours);
  };
  put("between neighbours", mixed(panel, .5f, [&](size_t i) {
        const auto near = index->search(panel.piece(i, i + 1), 20);
        return static_cast<size_t>(near[random.below(near.size())].id);
      }));
  put("2/3 one, 1/3 other", mixed(panel, 2.f / 3, [&](size_t) { return random.below(panel.n); }));
  put("noise 0.5", noisy(panel, left, .5));
  for (const float share : {.3f, .4f, .5f})
    put("moved " + std::to_string(share), moved_away(left, panel.dim, metric, a.seed, share));
  for (const auto& pair : a.also) {
    const size_t at = std::min(pair.find('='), pair.size() - 1);
    put(pair.substr(0, at), formats::read_vectors(pair.substr(at + 1), kAsked).values);
  }
  for (size_t t = asked_first; t < panel.trials.size(); ++t) panel.trials[t].see(panel.rows, a.threads);
  const size_t pools[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024};
  std::printf("%-20s", "ef");
  for (const size_t ef : pools) std::printf(" %6zu", ef);
  for (const Trial& trial : panel.trials) {
    std::printf("\n%-20s", trial.name().c_str());
    for (const size_t ef : pools) {
      const auto found = ask_index(*index, a.threads)(trial, {.ef = ef});
      std::printf(" %.4f", trial
                               .recall(found,
                                       [&](Id id, float* out) {
                                         std::copy_n(panel.rows.data() + static_cast<size_t>(id) * panel.dim, panel.dim,
                                                     out);
                                       })
                               .recall);
    }
    std::fflush(stdout);
  }
  std::printf("\n");
}

void run(const Arguments& a) {
  const auto base = formats::read_vectors(a.base, a.rows);
  Panel panel{base.dim, base.rows() - kAsked, std::span(base.values).subspan(kAsked * base.dim), {}};
  const Metric metric = metric_from(a.metric);
  const auto end = base.values.begin() + static_cast<ptrdiff_t>(kAsked * base.dim);
  panel.trials.emplace_back("left out", base.dim, metric, std::vector<float>(base.values.begin(), end), kNeighbours);
  if (!a.questions.empty()) {
    const auto questions = formats::read_vectors(a.questions, kAsked);
    panel.trials.emplace_back("questions", base.dim, metric, questions.values, kNeighbours);
  }
  for (Trial& trial : panel.trials) trial.see(panel.rows, a.threads);
  std::printf("%s: %zu x %zu, %s\n", a.base.c_str(), panel.n, panel.dim, a.metric.c_str());
  if (a.curves) return curves(a, panel, std::span(base.values).first(kAsked * base.dim));
  for (const auto& kind : a.kinds) run_kind(a, panel, kind);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("Whether what an index promises is reached");
  app.add_option("base", a.base)->required();
  app.add_option("--questions", a.questions);
  app.add_option("--metric", a.metric);
  app.add_option("--recall", a.recall);
  app.add_option("--rows", a.rows);
  app.add_option("--kind", a.kinds)->delimiter(',');
  app.add_option("--set", a.set)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--exact-below", a.exact_below);
  app.add_flag("--curves", a.curves);
  app.add_option("--also", a.also)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--threads", a.threads);
  app.add_option("--seed", a.seed);
  CLI11_PARSE(app, argc, argv);
  try {
    run(a);
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_promise: %s\n", e.what());
    return hanok::exit_status(e.code());
  }
}

// One kind on one set: build time, memory, and recall against queries a second for a row of settings.
//
//   bench_ann BASE QUERIES [--metric l2|ip|cosine] [--kind hnsw] [--set key=value]... [-k 10] [--rows N] [--threads 2]
//             [--ef 10,14,...] [--nprobe 4,8,...] [--rerank 40,80,...] [--churn SHARE] [--index FILE] [--cpu] [--json]
//
// Files as index/formats/vectors_io.h reads them. One search thread: a call a query, and all queries by one call; the
// best of five passes of each. --cpu counts processor time instead of wall time, which on a busy machine is the
// steadier of the two. Recall counts every id whose vector is no farther than the true k-th, as tools that compare
// engines do.
// --churn replaces that share of the vectors, a tenth of it at a time, and prints the recall of a fresh build beside.
// --index opens the index in FILE; where there is none it is built and saved there.
// --json: one object a line.
#include <sys/resource.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "hanok/index.h"
#include "index/base_index.h"
#include "index/formats/vectors_io.h"

namespace {

using namespace hanok::index;

struct Arguments {
  std::string base, queries, kind = "hnsw", metric = "l2", index;
  std::vector<std::string> set;
  std::vector<size_t> ef{10, 12, 14, 16, 20, 24, 28, 34, 40, 50, 60, 90, 140, 220, 400, 800}, nprobe, rerank{0};
  size_t k = 10, rows = SIZE_MAX, threads = 2, passes = 5;
  double churn = 0;
  bool cpu = false, json = false;
};

struct Setting {
  std::string name;
  SearchOptions options;
};

double seconds(bool cpu) {
  timespec t;
  ::clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

Options index_options(const Arguments& a, size_t dim) {
  Options out{.dim = dim, .metric = metric_from(a.metric), .threads = a.threads};
  for (const std::string& pair : a.set) {
    const size_t at = pair.find('=');
    if (at == std::string::npos) throw hanok::Error(hanok::Code::Invalid, "--set " + pair + ": key=value was expected");
    out.set[pair.substr(0, at)] = pair.substr(at + 1);
  }
  return out;
}

std::vector<Setting> settings(const Arguments& a) {
  std::vector<Setting> out;
  if (a.nprobe.empty()) {
    for (const size_t ef : a.ef)
      for (const size_t r : a.rerank)
        out.push_back(
            {"ef=" + std::to_string(ef) + (r ? ",rerank=" + std::to_string(r) : ""), {.ef = ef, .rerank = r}});
  } else {
    for (const size_t n : a.nprobe)
      for (const size_t r : a.rerank)
        out.push_back(
            {"nprobe=" + std::to_string(n) + (r ? ",rerank=" + std::to_string(r) : ""), {.nprobe = n, .rerank = r}});
  }
  return out;
}

std::vector<Id> count_from(size_t first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), static_cast<Id>(first));
  return out;
}

/// Answers to all queries, and the ids that count: a lossy storage gives distances of its own, so ids are compared.
class Judge {
 public:
  Judge(const formats::Vectors& base, const formats::Vectors& queries, Metric metric, size_t k)
      : queries_(queries), k_(k) {
    const auto flat = make("flat", {.dim = base.dim, .metric = metric});
    flat->add(count_from(0, base.rows()), base.values);
    constexpr size_t kTies = 40;
    for (const auto& row : flat->search_batch(queries.values, std::min(k + kTies, base.rows()), {.threads = 0})) {
      const float kth = row[std::min(k, row.size()) - 1].distance, slack = 1e-5f * std::abs(kth) + 1e-7f;
      auto& good = good_.emplace_back();
      for (const Match& m : row)
        if (metric == Metric::L2 ? m.distance <= kth + slack : m.distance >= kth - slack) good.insert(m.id);
    }
  }
  double recall(const std::vector<std::vector<Match>>& found) const {
    size_t hits = 0;
    for (size_t q = 0; q < found.size(); ++q)
      for (const Match& m : found[q]) hits += good_[q].count(m.id);
    return static_cast<double>(hits) / static_cast<double>(found.size() * k_);
  }
  std::vector<std::vector<Match>> ask(const Index& index, const SearchOptions& options) const {
    std::vector<std::vector<Match>> out(queries_.rows());
    for (size_t q = 0; q < out.size(); ++q)
      out[q] = index.search(std::span(queries_.values).subspan(q * queries_.dim, queries_.dim), k_, options);
    return out;
  }

 private:
  const formats::Vectors& queries_;
  size_t k_;
  std::vector<std::set<Id>> good_;
};

void sweep(const Arguments& a, const Index& index, const Judge& judge, const formats::Vectors& queries) {
  const double n = static_cast<double>(queries.rows());
  if (!a.json) std::printf("\n%-24s %8s %10s %10s\n", "setting", "recall", "single/s", "batch/s");
  for (const Setting& s : settings(a)) {
    double single = 1e30, batch = 1e30, recall = 0;
    for (size_t pass = 0; pass < a.passes; ++pass) {
      double begin = seconds(a.cpu);
      const auto found = judge.ask(index, s.options);
      single = std::min(single, seconds(a.cpu) - begin);
      recall = judge.recall(found);
      begin = seconds(a.cpu);
      index.search_batch(queries.values, a.k, s.options);
      batch = std::min(batch, seconds(a.cpu) - begin);
    }
    if (a.json)
      std::printf("%s\n", hanok::base::dump_json(
                              hanok::base::OrderedJson{
                                  {"set", s.name}, {"recall", recall}, {"single", n / single}, {"batch", n / batch}})
                              .c_str());
    else
      std::printf("%-24s %8.4f %10.0f %10.0f\n", s.name.c_str(), recall, n / single, n / batch);
    std::fflush(stdout);
  }
}

// Starts with every vector but the last ones; then, a tenth at a time, some leave and others come, until the set is the
// one that a fresh build has, with the share of it that came later.
void churn(const Arguments& a, const Index& fresh, const formats::Vectors& base, const Options& options,
           const Judge& judge) {
  const size_t n = base.rows(), replaced = static_cast<size_t>(a.churn * static_cast<double>(n));
  const auto row = [&](size_t i) { return std::span(base.values).subspan(i * base.dim, base.dim); };
  auto index = make(a.kind, options);
  // Rows [0, replaced) come later; under ids beyond n, copies of others hold their place meanwhile.
  std::vector<float> first(base.values.begin() + static_cast<ptrdiff_t>(replaced * base.dim), base.values.end());
  std::vector<Id> ids = count_from(replaced, n - replaced);
  hanok::base::Random random(3);
  for (size_t i = 0; i < replaced; ++i) {
    const auto a_row = row(replaced + random.below(n - replaced)), b_row = row(replaced + random.below(n - replaced));
    for (size_t j = 0; j < base.dim; ++j) first.push_back(std::round((a_row[j] + b_row[j]) / 2 * 255) / 255);
    ids.push_back(static_cast<Id>(n + i));
  }
  index->add(ids, first);
  for (size_t step = 0; step < 10; ++step) {
    const size_t from = replaced * step / 10, to = replaced * (step + 1) / 10;
    index->remove(count_from(n + from, to - from));
    index->add(count_from(from, to - from), std::span(base.values).subspan(from * base.dim, (to - from) * base.dim));
  }
  std::printf("\nafter %.0f %% churn\n%-24s %8s %8s\n", a.churn * 100, "setting", "churned", "fresh");
  for (const Setting& s : settings(a))
    std::printf("%-24s %8.4f %8.4f\n", s.name.c_str(), judge.recall(judge.ask(*index, s.options)),
                judge.recall(judge.ask(fresh, s.options)));
}

void run(const Arguments& a) {
  const auto base = formats::read_vectors(a.base, a.rows);
  const auto queries = formats::read_vectors(a.queries, 1000);
  const Options options = index_options(a, base.dim);
  const bool kept = !a.index.empty() && std::filesystem::exists(a.index);
  auto index = kept ? open(a.index) : make(a.kind, options);
  const double started = seconds(a.cpu);
  if (!kept) index->add(count_from(0, base.rows()), base.values);
  const double built = seconds(a.cpu) - started;
  if (!kept && !a.index.empty()) index->save(a.index);
  if (a.json) {
    hanok::base::OrderedJson head{{"vectors", base.rows()}, {"dim", base.dim}, {"build_seconds", built}};
    for (const auto& [key, value] : index->statistics()) head[key] = value;
    std::printf("%s\n", hanok::base::dump_json(head).c_str());
  } else {
    std::printf("%s: %zu x %zu, %zu queries, %s, recall@%zu, %s time\nbuild %.2f s", a.base.c_str(), base.rows(),
                base.dim, queries.rows(), a.metric.c_str(), a.k, a.cpu ? "processor" : "wall", built);
    for (const auto& [key, value] : index->statistics()) std::printf(", %s %s", key.c_str(), value.c_str());
  }
  const Judge judge(base, queries, options.metric, a.k);
  if (a.churn > 0) return churn(a, *index, base, options, judge);
  sweep(a, *index, judge, queries);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("One kind of index on one set");
  app.add_option("base", a.base)->required();
  app.add_option("queries", a.queries)->required();
  app.add_option("--metric", a.metric);
  app.add_option("--kind", a.kind);
  app.add_option("--set", a.set)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--ef", a.ef)->delimiter(',');
  app.add_option("--nprobe", a.nprobe)->delimiter(',');
  app.add_option("--rerank", a.rerank)->delimiter(',');
  app.add_option("-k", a.k);
  app.add_option("--rows", a.rows);
  app.add_option("--threads", a.threads);
  app.add_option("--passes", a.passes);
  app.add_option("--churn", a.churn);
  app.add_option("--index", a.index);
  app.add_flag("--cpu", a.cpu);
  app.add_flag("--json", a.json);
  CLI11_PARSE(app, argc, argv);
  try {
    run(a);
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_ann: %s\n", e.what());
    return hanok::exit_status(e.code());
  }
}

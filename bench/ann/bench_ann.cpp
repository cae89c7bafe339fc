// One kind on one set: build time, memory, and recall against queries a second for a row of settings.
//
//   bench_ann BASE QUERIES [--metric l2|ip|cosine] [--kind hnsw] [--set key=value]... [--ef 10,14,20,...] [-k 10]
//             [--rows N] [--threads 2] [--cpu]
//
// Files as index/formats/vectors_io.h reads them. One search thread, one call a query, the best of five passes. --cpu counts
// processor time instead of wall time, which on a busy machine is the steadier of the two. Recall counts every result no
// farther than the true k-th, as tools that compare engines do.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/base_index.h"
#include "index/formats/vectors_io.h"

namespace {

using namespace hanok::index;

struct Arguments {
  std::string base, queries, kind = "hnsw";
  Options options;
  std::vector<size_t> ef{10, 12, 16, 20, 28, 40, 60, 90, 140, 220, 400, 800};
  size_t k = 10, rows = SIZE_MAX;
  bool cpu = false;
};

double seconds(bool cpu) {
  timespec t;
  ::clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::vector<size_t> numbers(const std::string& text) {
  std::vector<size_t> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) out.push_back(std::stoul(part));
  return out;
}

Arguments parse(int argc, char** argv) {
  Arguments a;
  a.options.threads = 2;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&] {
      if (i + 1 >= argc) throw hanok::Error(hanok::Code::Invalid, name + " needs a value");
      return std::string(argv[++i]);
    };
    if (name == "--metric") a.options.metric = metric_from(value());
    else if (name == "--kind") a.kind = value();
    else if (name == "--ef") a.ef = numbers(value());
    else if (name == "-k") a.k = std::stoul(value());
    else if (name == "--rows") a.rows = std::stoul(value());
    else if (name == "--threads") a.options.threads = std::stoul(value());
    else if (name == "--cpu") a.cpu = true;
    else if (name == "--set") {
      const std::string pair = value();
      a.options.set[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    } else files.push_back(name);
  }
  if (files.size() != 2) throw hanok::Error(hanok::Code::Invalid, "usage: bench_ann BASE QUERIES [options]; see the head of bench_ann.cpp");
  a.base = files[0];
  a.queries = files[1];
  return a;
}

// Distance of each query's true k-th neighbour.
std::vector<float> kth_distances(const Arguments& a, const formats::Vectors& base, const formats::Vectors& queries) {
  Options options = a.options;
  options.set.clear();
  auto flat = make("flat", options);
  std::vector<Id> ids(base.rows());
  std::iota(ids.begin(), ids.end(), 0);
  flat->add(ids, base.values);
  std::vector<float> out;
  for (const auto& row : flat->search_batch(queries.values, a.k, {.threads = 0})) out.push_back(row.back().distance);
  return out;
}

bool good(Metric metric, float distance, float kth) {
  const float slack = 1e-5f * std::abs(kth) + 1e-7f;
  return metric == Metric::L2 ? distance <= kth + slack : distance >= kth - slack;
}

void run(const Arguments& a) {
  const auto base = formats::read_vectors(a.base, a.rows);
  const auto queries = formats::read_vectors(a.queries, 1000);
  Options options = a.options;
  options.dim = base.dim;
  std::vector<Id> ids(base.rows());
  std::iota(ids.begin(), ids.end(), 0);
  auto index = make(a.kind, options);
  const double started = seconds(a.cpu);
  index->add(ids, base.values);
  const double built = seconds(a.cpu) - started;
  std::printf("%s: %zu x %zu, %zu queries, %s, recall@%zu, %s time\nbuild %.2f s", a.base.c_str(), base.rows(), base.dim,
              queries.rows(), std::string(metric_name(options.metric)).c_str(), a.k, a.cpu ? "processor" : "wall", built);
  for (const auto& [key, value] : index->statistics()) std::printf(", %s %s", key.c_str(), value.c_str());
  Arguments exact = a;
  exact.options = options;
  const auto kth = kth_distances(exact, base, queries);
  std::printf("\n%6s %8s %10s\n", "ef", "recall", "queries/s");
  constexpr int kPasses = 5;
  for (const size_t ef : a.ef) {
    double best = 1e30;
    size_t hits = 0;
    for (int pass = 0; pass < kPasses; ++pass) {
      const double begin = seconds(a.cpu);
      hits = 0;
      for (size_t q = 0; q < queries.rows(); ++q)
        for (const Match& m : index->search(std::span(queries.values).subspan(q * base.dim, base.dim), a.k, {.ef = ef}))
          hits += good(options.metric, m.distance, kth[q]);
      best = std::min(best, seconds(a.cpu) - begin);
    }
    const double n = static_cast<double>(queries.rows());
    std::printf("%6zu %8.4f %10.0f\n", ef, static_cast<double>(hits) / (n * static_cast<double>(a.k)), n / best);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse(argc, argv));
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_ann: %s\n", e.what());
    return hanok::exit_status(e.code());
  }
}

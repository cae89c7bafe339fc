// Search with a filter: how fast and how complete, by selectivity and by how the filter relates to the query.
//
//   bench_filter BASE QUERIES [--metric l2|ip|cosine] [--rows N] [--queries 100] [--ef 0] [--cpu]
//
// Filters: random; correlated (the matches are the vectors nearest to the query) and anti-correlated (the farthest).
// Each is asked as a predicate and as a list of ids. `scan` is exact search over the list of matches alone. Configure
// with -DHANOK_HNSWLIB=FOLDER (its header files) to time hnswlib's filter functor beside it (M 16, ef_construction 200;
// the smallest ef of a ladder with recall .99, or the last). One thread, k = 10.
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/index.h"
#include "index/base_index.h"
#include "index/formats/vectors_io.h"
#include "math/distance.h"
#ifdef HANOK_HNSWLIB
#include <hnswlib/hnswlib.h>
#endif

namespace {

using namespace hanok::index;
constexpr size_t kK = 10;

struct Set {
  size_t dim = 0, n = 0, queries = 0;
  Metric metric = Metric::L2;
  std::vector<float> base, query;
  std::span<const float> q(size_t i) const { return std::span(query).subspan(i * dim, dim); }
};

struct Case {
  std::string name;
  double share;
  std::vector<std::vector<Id>> matches;   // [query], sorted
  std::vector<std::vector<bool>> passes;  // [query][id]
  std::vector<std::vector<Match>> truth;  // [query]
};

struct Outcome {
  double rate = 0, recall = 0, share_full = 0;  // share_full: answers with min(k, matches) results
};

double seconds(bool cpu) {
  timespec t;
  ::clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

float distance(const Set& set, size_t q, size_t row) {
  const float* x = set.base.data() + row * set.dim;
  return set.metric == Metric::L2 ? hanok::math::distance().l2_f32(set.q(q).data(), x, set.dim)
                                  : hanok::math::distance().ip_f32(set.q(q).data(), x, set.dim);
}

std::vector<Match> ranking(const Set& set, size_t q) {
  std::vector<Match> all(set.n);
  for (size_t i = 0; i < set.n; ++i) all[i] = {static_cast<Id>(i), distance(set, q, i)};
  std::sort(all.begin(), all.end(), [&](const Match& a, const Match& b) { return nearer(set.metric, a, b); });
  return all;
}

std::vector<Case> cases(const Set& set) {
  std::vector<Case> out;
  for (const char* name : {"random", "correlated", "anti-correlated"})
    for (const double share : {0.001, 0.01, 0.1, 0.5}) out.push_back({name, share, {}, {}, {}});
  hanok::base::Random random(5);
  std::vector<double> draw(set.n);
  for (double& d : draw) d = random.uniform();
  for (size_t q = 0; q < set.queries; ++q) {
    const auto all = ranking(set, q);
    for (Case& c : out) {
      std::vector<bool> passes(set.n);
      const auto count = std::max<size_t>(1, static_cast<size_t>(c.share * static_cast<double>(set.n)));
      if (c.name == "random")
        for (size_t i = 0; i < set.n; ++i) passes[i] = draw[i] < c.share;
      else
        for (size_t r = 0; r < count; ++r)
          passes[static_cast<size_t>(all[c.name == "correlated" ? r : set.n - 1 - r].id)] = true;
      std::vector<Id> ids;
      for (size_t i = 0; i < set.n; ++i)
        if (passes[i]) ids.push_back(static_cast<Id>(i));
      std::vector<Match> truth;
      for (const Match& m : all)
        if (passes[static_cast<size_t>(m.id)] && truth.size() < kK) truth.push_back(m);
      c.matches.push_back(std::move(ids));
      c.passes.push_back(std::move(passes));
      c.truth.push_back(std::move(truth));
    }
  }
  return out;
}

template <typename Search>
Outcome measure(const Set& set, const Case& c, bool cpu, Search&& search) {
  Outcome out;
  double best = 1e30;
  for (int pass = 0; pass < 3; ++pass) {
    size_t hits = 0, all = 0, full = 0;
    double spent = 0;
    for (size_t q = 0; q < set.queries; ++q) {
      const double begin = seconds(cpu);
      const std::vector<Match> found = search(q);
      spent += seconds(cpu) - begin;
      const auto& truth = c.truth[q];
      all += truth.size();
      full += found.size() == truth.size();
      for (const Match& m : found) {
        const float kth = truth.back().distance, slack = 1e-5f * std::abs(kth) + 1e-7f;
        hits += set.metric == Metric::L2 ? m.distance <= kth + slack : m.distance >= kth - slack;
      }
    }
    best = std::min(best, spent);
    out.recall = static_cast<double>(hits) / static_cast<double>(all);
    out.share_full = static_cast<double>(full) / static_cast<double>(set.queries);
  }
  out.rate = static_cast<double>(set.queries) / best;
  return out;
}

std::vector<Match> scan(const Set& set, size_t q, const std::vector<Id>& ids) {
  std::vector<Match> found;
  found.reserve(ids.size());
  for (const Id id : ids) found.push_back({id, distance(set, q, static_cast<size_t>(id))});
  const size_t k = std::min(kK, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(k), found.end(),
                    [&](const Match& a, const Match& b) { return nearer(set.metric, a, b); });
  found.resize(k);
  return found;
}

#ifdef HANOK_HNSWLIB
class Peer {
 public:
  explicit Peer(const Set& set) : set_(set) {
    if (set.metric == Metric::L2)
      space_ = std::make_unique<hnswlib::L2Space>(set.dim);
    else
      space_ = std::make_unique<hnswlib::InnerProductSpace>(set.dim);
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), set.n, 16, 200);
    index_->addPoint(set.base.data(), 0);
    hanok::base::parallel_for(set.n - 1, 64, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) index_->addPoint(set.base.data() + (i + 1) * set.dim, i + 1);
    });
  }
  Outcome run(const Case& c, bool cpu) {
    struct Functor : hnswlib::BaseFilterFunctor {
      const std::vector<bool>* passes = nullptr;
      bool operator()(hnswlib::labeltype id) override { return (*passes)[id]; }
    } functor;
    Outcome out;
    for (const size_t ef : {20, 40, 80, 160, 320, 640, 1280, 2560}) {
      index_->setEf(ef);
      out = measure(set_, c, cpu, [&](size_t q) {
        functor.passes = &c.passes[q];
        auto heap = index_->searchKnn(set_.q(q).data(), kK, &functor);
        std::vector<Match> found;
        for (; !heap.empty(); heap.pop())
          found.push_back({static_cast<Id>(heap.top().second),
                           set_.metric == Metric::L2 ? heap.top().first : 1 - heap.top().first});
        return found;
      });
      if (out.recall >= .99) break;
    }
    return out;
  }

 private:
  const Set& set_;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};
#endif

}  // namespace

int main(int argc, char** argv) {
  std::string base_file, query_file, metric = "l2";
  size_t rows = SIZE_MAX, queries = 100, ef = 0;
  bool cpu = false;
  CLI::App app("Search with a filter");
  app.add_option("base", base_file)->required();
  app.add_option("queries", query_file)->required();
  app.add_option("--metric", metric);
  app.add_option("--rows", rows);
  app.add_option("--queries", queries);
  app.add_option("--ef", ef);
  app.add_flag("--cpu", cpu, "processor time instead of wall time");
  CLI11_PARSE(app, argc, argv);
  try {
    Set set;
    auto base = formats::read_vectors(base_file, rows);
    const auto asked = formats::read_vectors(query_file, queries);
    set = {base.dim, base.rows(), asked.rows(), metric_from(metric), std::move(base.values), asked.values};
    if (set.metric == Metric::Cosine)
      for (auto* values : {&set.base, &set.query})
        for (size_t i = 0; i < values->size(); i += set.dim)
          normalise({values->data() + i, set.dim}, values->data() + i);
    auto index = make("hnsw", {.dim = set.dim, .metric = set.metric});
    std::vector<Id> ids(set.n);
    std::iota(ids.begin(), ids.end(), 0);
    index->add(ids, set.base);
#ifdef HANOK_HNSWLIB
    Peer peer(set);
#endif
    std::printf("%zu x %zu, %zu queries, k = %zu; queries/s (recall)\n%-16s %6s %18s %18s %10s %18s %8s\n", set.n,
                set.dim, set.queries, kK, "filter", "share", "predicate", "list", "scan", "hnswlib", "full");
    for (const Case& c : cases(set)) {
      const auto predicate = measure(set, c, cpu, [&](size_t q) {
        const auto& passes = c.passes[q];
        const IdFilter filter = IdFilter::when([&](Id id) { return passes[static_cast<size_t>(id)]; });
        return index->search(set.q(q), kK, {.ef = ef, .filter = &filter});
      });
      std::vector<IdFilter> lists;
      for (const auto& matches : c.matches) lists.push_back(IdFilter::of({matches.begin(), matches.end()}));
      const auto listed =
          measure(set, c, cpu, [&](size_t q) { return index->search(set.q(q), kK, {.ef = ef, .filter = &lists[q]}); });
      const auto exact = measure(set, c, cpu, [&](size_t q) { return scan(set, q, c.matches[q]); });
      std::printf("%-16s %5.1f%% %9.0f (%.4f) %9.0f (%.4f) %10.0f", c.name.c_str(), c.share * 100, predicate.rate,
                  predicate.recall, listed.rate, listed.recall, exact.rate);
#ifdef HANOK_HNSWLIB
      const auto other = peer.run(c, cpu);
      std::printf(" %9.0f (%.4f)", other.rate, other.recall);
#else
      std::printf(" %18s", "-");
#endif
      std::printf(" %7.0f%%\n", std::min(predicate.share_full, listed.share_full) * 100);
      std::fflush(stdout);
    }
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_filter: %s\n", e.what());
    return exit_status(e.code());
  }
}

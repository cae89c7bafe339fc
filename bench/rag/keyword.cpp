// Keyword search on a folder in the BEIR layout: quality, and queries per second on one thread, analysis included.
//   bench_keyword FOLDER [--k1 N] [--b N] [--copies N] [--segments N] [-k N] [--json]
// --copies N indexes every document N times (chunks at scale); quality is then that of the first copies.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "base/json.h"
#include "chain/eval/beir.h"
#include "store/bm25/segment.h"

using namespace hanok;

namespace {

struct Options {
  std::string folder;
  store::Bm25Options bm25;
  size_t copies = 1, segments = 1, k = 10, passes = 3;
  bool json = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> build(const chain::eval::Beir& set, const Options& options) {
  std::vector<std::string> bytes;
  const size_t total = set.documents.size() * options.copies, part = (total + options.segments - 1) / options.segments;
  std::vector<std::vector<text::Term>> terms;
  for (const auto& document : set.documents) terms.push_back(text::analyze(document.text));
  store::bm25::SegmentBuilder builder;
  for (size_t i = 0; i < total; ++i) {
    builder.add(static_cast<store::ChunkId>(i), terms[i % terms.size()]);
    if (builder.chunks() == part || i + 1 == total) bytes.push_back(builder.finish());
  }
  return bytes;
}

chain::eval::Metrics quality(const chain::eval::Beir& set, const store::bm25::Reader& reader) {
  std::vector<chain::eval::Metrics> metrics;
  for (const auto& query : set.queries) {
    std::vector<std::string> ranking;
    for (const auto& match : reader.search(text::analyze(query.text, {.query = true}), 100, nullptr))
      ranking.push_back(set.documents[match.chunk % set.documents.size()].id);
    metrics.push_back(chain::eval::evaluate(ranking, set.judgements.at(query.id)));
  }
  return chain::eval::mean(metrics);
}

/// Best of several passes over all queries (or about two seconds of them), in queries per second. A short pass is
/// repeated for a second, so that a processor has come to its speed.
double speed(const chain::eval::Beir& set, const store::bm25::Reader& reader, const Options& options) {
  double best = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (size_t pass = 0; pass < options.passes || seconds_since(begin) < 1; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    size_t done = 0, found = 0;
    for (const auto& query : set.queries) {
      found += reader.search(text::analyze(query.text, {.query = true}), options.k, nullptr).size();
      ++done;
      if (seconds_since(start) > 2) break;
    }
    best = std::max(best, static_cast<double>(done) / seconds_since(start));
    if (found == 0) std::fprintf(stderr, "no query found anything\n");
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Keyword search: quality and speed");
  app.add_option("folder", o.folder)->required();
  app.add_option("--k1", o.bm25.k1);
  app.add_option("--b", o.bm25.b);
  app.add_option("--copies", o.copies);
  app.add_option("--segments", o.segments);
  app.add_option("-k", o.k);
  app.add_option("--passes", o.passes);
  app.add_flag("--json", o.json);
  CLI11_PARSE(app, argc, argv);
  try {
    const auto set = chain::eval::load_beir(o.folder);
    const auto start = std::chrono::steady_clock::now();
    const auto bytes = build(set, o);
    const double build_seconds = seconds_since(start);
    store::bm25::Reader reader;
    size_t total = 0;
    for (const std::string& b : bytes) {
      reader.segments.push_back(store::bm25::Segment::open(b, false));
      total += b.size();
    }
    reader.options = o.bm25;
    const auto m = o.copies == 1 ? quality(set, reader) : chain::eval::Metrics{};
    const double rate = speed(set, reader, o);
    if (o.json) {
      const base::OrderedJson out{{"chunks", set.documents.size() * o.copies},
                                  {"queries", set.queries.size()},
                                  {"ndcg@10", m.ndcg10},
                                  {"mrr@10", m.mrr10},
                                  {"recall@10", m.recall10},
                                  {"recall@100", m.recall100},
                                  {"map@10", m.map10},
                                  {"queries_per_second", rate},
                                  {"build_seconds", build_seconds},
                                  {"bytes", total}};
      std::printf("%s\n", base::dump_json(out).c_str());
    } else {
      std::printf(
          "%zu chunks  nDCG@10 %.4f  MRR@10 %.4f  R@10 %.4f  R@100 %.4f  MAP@10 %.4f  %.0f queries/s  "
          "built in %.2f s  %zu bytes\n",
          set.documents.size() * o.copies, m.ndcg10, m.mrr10, m.recall10, m.recall100, m.map10, rate, build_seconds,
          total);
    }
  } catch (const Error& e) {
    std::fprintf(stderr, "bench_keyword: %s\n", e.what());
    return exit_status(e.code());
  }
}

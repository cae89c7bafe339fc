// Dense search of a collection by a scan and by an index: time of a query, recall, time to build, memory of a process
// that only searches.
//
//   dense_scale --vectors FILE.npy [--chunks 100000] [--type auto] [--data DIR]
//
// Vectors are those of the file, then points between two of them with noise, as many as asked for. One chunk is one
// line of text; 20 chunks to a document. Queries are such points too, never stored. Each search runs in a fresh process
// that opens the folder for reading. Lines: {"search","p50_ms","p99_ms","recall","resident_mb"},
// {"type","kind","build_seconds","index_mb"}.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/store.h"
#include "index/formats/vectors_io.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;

constexpr size_t kQueries = 200, kNeighbours = 50;

// What has not been seen, near what has: a point between two vectors, moved a little.
void mix(const index::formats::Vectors& real, base::Random& random, float* out) {
  const float* a = &real.values[random.below(real.rows()) * real.dim];
  const float* b = &real.values[random.below(real.rows()) * real.dim];
  const auto t = static_cast<float>(random.uniform() * 0.4);
  for (size_t j = 0; j < real.dim; ++j)
    out[j] = (1 - t) * a[j] + t * b[j] + 0.01f * static_cast<float>(random.normal());
}

void fill(store::Collection& collection, const index::formats::Vectors& real, size_t chunks) {
  base::Random random(1);
  collection.set_vector_space({.fingerprint = "bench", .model = "bench", .dim = real.dim});
  for (size_t done = 0, n = 0; done < chunks;) {
    std::vector<store::NewDocument> batch;
    for (int d = 0; d < 200 && done < chunks; ++d) {
      store::NewDocument document;
      document.info.path = "bench/" + std::to_string(n);
      document.info.metadata = {{"part", static_cast<int>(n++ % 100)}};
      for (int c = 0; c < 20; ++c, ++done) {
        const size_t start = document.text.size();
        document.text += "line " + std::to_string(done);
        document.chunks.push_back({.span = {start, document.text.size()}});
        const size_t at = document.vectors.size();
        document.vectors.resize(at + real.dim);
        if (done < real.rows())
          std::copy_n(&real.values[done * real.dim], real.dim, &document.vectors[at]);
        else
          mix(real, random, &document.vectors[at]);
      }
      batch.push_back(std::move(document));
    }
    collection.put_many(std::move(batch));
  }
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

double percentile(std::vector<double>& times, double share) {
  std::sort(times.begin(), times.end());
  return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
}

void ask(const fs::path& folder, const std::string& what, const index::formats::Vectors& real,
         const store::Filter& filter, bool check) {
  const auto store = store::Store::open(folder, {.read_only = true});
  const auto& collection = *store->collection("bench");
  base::Random random(99);
  std::vector<float> query(real.dim);
  std::vector<double> times;
  size_t hits = 0, wanted = 0;
  std::vector<std::vector<store::Match>> found;
  std::vector<std::vector<float>> queries;
  for (size_t i = 0; i < kQueries; ++i) {
    mix(real, random, query.data());
    const base::Stopwatch clock;
    found.push_back(collection.search_dense(query, kNeighbours, filter));
    times.push_back(clock.seconds() * 1e3);
    queries.push_back(query);
  }
  const double memory = resident_mb();
  if (check) {  // dense_scores are exact
    const auto ids = collection.matching(filter);
    for (size_t i = 0; i < kQueries / 4; ++i) {
      const auto scores = collection.dense_scores(queries[i], ids);
      std::vector<size_t> order(ids.size());
      for (size_t j = 0; j < order.size(); ++j) order[j] = j;
      const size_t k = std::min(kNeighbours, order.size());
      std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(k), order.end(),
                        [&](size_t a, size_t b) { return scores[a] > scores[b]; });
      std::set<store::ChunkId> best;
      for (size_t j = 0; j < k; ++j) best.insert(ids[order[j]]);
      for (const auto& m : found[i]) hits += best.count(m.chunk);
      wanted += k;
    }
  }
  std::printf("{\"search\":\"%s\",\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"recall\":%.4f,\"resident_mb\":%.0f}\n",
              what.c_str(), percentile(times, 0.5), percentile(times, 0.99),
              check ? static_cast<double>(hits) / static_cast<double>(wanted) : 1, memory);
}

// In a process of its own, so that its memory is that of searching.
template <class Body>
void apart(Body body) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
}

}  // namespace

int main(int argc, char** argv) {
  size_t chunks = 100'000;
  std::string vectors, type = "auto";
  const base::TempFolder temporary;
  fs::path folder = temporary.path();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--vectors") vectors = argv[i + 1];
    if (option == "--chunks") chunks = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--type") type = argv[i + 1];
    if (option == "--data") folder = argv[i + 1];
  }
  const auto real = index::formats::read_vectors(vectors);
  if (!fs::exists(folder / "hanok.db"))
    apart([&] {
      const auto store = store::Store::open(folder, {.background = false});
      fill(*store->collection("bench", true), real, chunks);
    });
  const store::Filter tenth(store::Json{{"part", {{"$lt", 10}}}}), percent(store::Json{{"part", 5}});
  const auto searches = [&](const std::string& how, bool check) {
    apart([&] { ask(folder, how, real, {}, check); });
    apart([&] { ask(folder, how + ", 10 % allowed", real, tenth, check); });
    apart([&] { ask(folder, how + ", 1 % allowed", real, percent, check); });
  };
  searches("exact", false);
  apart([&] {
    const auto store = store::Store::open(folder, {.background = false});
    auto& collection = *store->collection("bench");
    collection.set_settings({{"index", {{"type", type}, {"exact_below", 1000}}}});
    const base::Stopwatch clock;
    collection.build_index();
    const auto index = collection.statistics()["index"];
    std::printf(
        "{\"type\":\"%s\",\"kind\":\"%s\",\"effort\":%d,\"build_seconds\":%.1f,\"index_mb\":%.0f,\"build_resident_mb\":"
        "%.0f}\n",
        type.c_str(), index["kind"].get<std::string>().c_str(), index["effort"].get<int>(), clock.seconds(),
        static_cast<double>(fs::file_size(folder / "index" / index["file"].get<std::string>())) / 1e6, resident_mb());
  });
  searches("index", true);
}

// How a collection grows: chunks/s while it is filled, then the time to open it and to answer queries, as the command
// line does it (a fresh read-only store each time), and queries/s in one process.
//
//   store_scale [--chunks 1000000] [--dim 0] [--from FOLDER]... [--data DIR]
//
// --from: folders in the BEIR layout. A chunk is then five of their sentences drawn at random, and queries are theirs.
// Without it texts are words drawn from a Zipf-like distribution over 50,000, 60 to a chunk. Always 5 chunks to a
// document, 1,000 chunks to a transaction. Lines of JSON: {"chunks","chunks_per_second","megabytes"} for each tenth,
// then
// {"open_ms","query_ms","next_query_ms","filter_ms"} three times, then
// {"queries_per_second","p50_ms","p99_ms","peak_mb"}: ten results a query, peak_mb the most memory the process has
// held.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "chain/eval/beir.h"
#include "hanok/store.h"
#include "hanok/text.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;

std::string word(base::Random& random) {
  const double rank = std::exp(random.uniform() * std::log(50'000.0));  // density 1 / rank
  return "w" + std::to_string(static_cast<int>(rank));
}

struct Texts {
  std::vector<std::string> sentences, queries;  // none: invented words

  explicit Texts(const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      const auto set = chain::eval::load_beir(folder);
      for (const auto& document : set.documents)
        for (const text::Span span : text::sentences(document.text))
          sentences.push_back(document.text.substr(span.start, span.end - span.start));
      for (const auto& query : set.queries) queries.push_back(query.text);
    }
    if (queries.empty()) queries = {"w17 w4321 w999", "w18 w4322 w998"};
  }

  void append_chunk(base::Random& random, std::string& out) const {
    if (sentences.empty())
      for (int w = 0; w < 60; ++w) out += word(random) + " ";
    else
      for (int s = 0; s < 5; ++s) out += sentences[random.below(sentences.size())] + " ";
  }
};

store::NewDocument document(base::Random& random, const Texts& texts, size_t n, size_t dim) {
  store::NewDocument out;
  out.info.path = "bench/" + std::to_string(n);
  out.info.metadata = {{"year", 2000 + static_cast<int>(n % 25)}};
  for (int c = 0; c < 5; ++c) {
    const size_t start = out.text.size();
    texts.append_chunk(random, out.text);
    out.chunks.push_back({.span = {start, out.text.size()}});
  }
  for (size_t i = 0; i < 5 * dim; ++i) out.vectors.push_back(static_cast<float>(random.uniform() - 0.5));
  return out;
}

double megabytes(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return static_cast<double>(bytes) / 1e6;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e3;
}

void fill(const fs::path& folder, const Texts& texts, size_t chunks, size_t dim) {
  const auto store = store::Store::open(folder);
  auto& collection = *store->collection("bench", true);
  if (dim) collection.set_vector_space({.fingerprint = "bench", .model = "bench", .dim = dim});
  base::Random random(1);
  double spent = 0;
  size_t done = 0;
  for (size_t n = 0; done < chunks;) {
    std::vector<store::NewDocument> batch;
    for (int i = 0; i < 200; ++i) batch.push_back(document(random, texts, n++, dim));
    const base::Stopwatch clock;
    collection.put_many(std::move(batch));
    spent += clock.seconds();
    done += 1000;
    if (done % std::max<size_t>(chunks / 10, 1000) == 0) {
      std::printf("{\"chunks\":%zu,\"chunks_per_second\":%.0f,\"megabytes\":%.0f}\n", done,
                  static_cast<double>(chunks) / 10 / spent, megabytes(folder));
      std::fflush(stdout);
      spent = 0;
    }
  }
}

void ask_afresh(const fs::path& folder, const Texts& texts) {
  const store::Filter filter(store::Json{{"year", {{"$gte", 2020}}}});
  for (size_t i = 0; i < 3; ++i) {
    const std::string &one = texts.queries[2 * i % texts.queries.size()],
                      &other = texts.queries[(2 * i + 1) % texts.queries.size()];
    base::Stopwatch clock;
    const auto store = store::Store::open(folder, {.read_only = true});
    const auto& collection = *store->collection("bench");
    const double open_ms = clock.seconds() * 1e3;
    collection.search_keyword(one, 10);
    const double query_ms = clock.seconds() * 1e3 - open_ms;
    clock = {};
    collection.search_keyword(other, 10);
    const double second_ms = clock.seconds() * 1e3;
    clock = {};
    collection.search_keyword(one, 10, filter);
    std::printf("{\"open_ms\":%.1f,\"query_ms\":%.1f,\"next_query_ms\":%.1f,\"filter_ms\":%.1f}\n", open_ms, query_ms,
                second_ms, clock.seconds() * 1e3);
  }
}

void ask_many(const fs::path& folder, const Texts& texts) {
  const auto store = store::Store::open(folder, {.read_only = true});
  const auto& collection = *store->collection("bench");
  std::vector<double> ms;
  const base::Stopwatch whole;
  constexpr double kSeconds = 20;
  for (size_t i = 0; i < 5000 && whole.seconds() < kSeconds; ++i) {
    const base::Stopwatch clock;
    collection.search_keyword(texts.queries[i * 7 % texts.queries.size()], 10);
    ms.push_back(clock.seconds() * 1e3);
  }
  const double rate = static_cast<double>(ms.size()) / whole.seconds();
  std::sort(ms.begin(), ms.end());
  std::printf("{\"queries_per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"peak_mb\":%.0f}\n", rate,
              ms[ms.size() / 2], ms[ms.size() * 99 / 100], peak_megabytes());
}

}  // namespace

int main(int argc, char** argv) {
  size_t chunks = 1'000'000, dim = 0;
  std::vector<std::string> from;
  const base::TempFolder temporary;
  fs::path folder = temporary.path();
  CLI::App app("A collection as it grows");
  app.add_option("--chunks", chunks);
  app.add_option("--dim", dim);
  app.add_option("--from", from);
  app.add_option("--data", folder);
  CLI11_PARSE(app, argc, argv);
  try {
    const Texts texts(from);
    if (!fs::exists(folder / "hanok.db")) fill(folder, texts, chunks, dim);
    ask_afresh(folder, texts);
    ask_many(folder, texts);
  } catch (const Error& e) {
    std::fprintf(stderr, "store_scale: %s\n", e.what());
    return exit_status(e.code());
  }
}

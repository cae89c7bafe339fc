// How a collection grows: chunks/s while it is filled, then the time to open it and to answer one query, as the command
// line does it (a fresh read-only store each time).
//
//   store_scale [--chunks 1000000] [--dim 0] [--data DIR]
//
// Texts are words drawn from a Zipf-like distribution over 50,000, 60 to a chunk, 5 chunks to a document, 1,000 chunks to
// a transaction. Lines: {"chunks","chunks_per_second","megabytes"} for each tenth, then {"open_ms","query_ms","filter_ms"}.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/store.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;

std::string word(base::Random& random) {
  const double rank = std::exp(random.uniform() * std::log(50'000.0));  // density 1 / rank
  return "w" + std::to_string(static_cast<int>(rank));
}

store::NewDocument document(base::Random& random, size_t n, size_t dim) {
  store::NewDocument out;
  out.info.path = "bench/" + std::to_string(n);
  out.info.metadata = {{"year", 2000 + static_cast<int>(n % 25)}};
  for (int c = 0; c < 5; ++c) {
    const size_t start = out.text.size();
    for (int w = 0; w < 60; ++w) out.text += word(random) + " ";
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

void fill(const fs::path& folder, size_t chunks, size_t dim) {
  const auto store = store::Store::open(folder);
  auto& collection = store->collection("bench", true);
  if (dim) collection.set_vector_space({.fingerprint = "bench", .model = "bench", .dim = dim});
  base::Random random(1);
  double spent = 0;
  size_t done = 0;
  for (size_t n = 0; done < chunks;) {
    std::vector<store::NewDocument> batch;
    for (int i = 0; i < 200; ++i) batch.push_back(document(random, n++, dim));
    const base::Stopwatch clock;
    collection.put_many(std::move(batch));
    spent += clock.seconds();
    done += 1000;
    if (done % std::max<size_t>(chunks / 10, 1000) == 0) {
      std::printf("{\"chunks\":%zu,\"chunks_per_second\":%.0f,\"megabytes\":%.0f}\n", done, static_cast<double>(chunks) / 10 / spent, megabytes(folder));
      std::fflush(stdout);
      spent = 0;
    }
  }
}

void ask(const fs::path& folder) {
  const store::Filter filter(store::Json{{"year", {{"$gte", 2020}}}});
  for (int i = 0; i < 3; ++i) {
    base::Stopwatch clock;
    const auto store = store::Store::open(folder, {.read_only = true});
    const auto& collection = store->collection("bench");
    const double open_ms = clock.seconds() * 1e3;
    collection.search_keyword("w17 w4321 w999", 10);
    const double query_ms = clock.seconds() * 1e3 - open_ms;
    clock = {};
    collection.search_keyword("w18 w4322 w998", 10);
    const double second_ms = clock.seconds() * 1e3;
    clock = {};
    collection.search_keyword("w17 w4321 w999", 10, filter);
    std::printf("{\"open_ms\":%.1f,\"query_ms\":%.1f,\"next_query_ms\":%.1f,\"filter_ms\":%.1f}\n", open_ms, query_ms, second_ms, clock.seconds() * 1e3);
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t chunks = 1'000'000, dim = 0;
  const base::TempFolder temporary;
  fs::path folder = temporary.path();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--chunks") chunks = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--dim") dim = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--data") folder = argv[i + 1];
  }
  if (!fs::exists(folder / "hanok.db")) fill(folder, chunks, dim);
  ask(folder);
}

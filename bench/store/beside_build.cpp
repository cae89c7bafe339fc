// How long queries take while a collection's vectors are indexed in the background.
//
//   beside_build [--chunks 60000] [--dim 384] [--type hnsw]
//
// Vectors are points around 200 centres; one chunk is one line, 20 to a document. One thread asks a dense query every 5
// ms, first with nothing beside it, then from the moment that the index is begun until it is there.
// Lines: {"beside":"nothing"|"build","queries","p50_ms","p99_ms"}, and {"build_seconds"}.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/store.h"

namespace {

using namespace hanok;

constexpr std::chrono::milliseconds kPause{5};  // between queries: so that they sample time, not each other
constexpr size_t kQueries = 300, kNeighbours = 50, kCentres = 200;

class Points {
 public:
  explicit Points(size_t dim) : dim_(dim), centres_(kCentres * dim) {
    for (float& v : centres_) v = static_cast<float>(random_.normal());
  }
  void next(float* out) {
    const float* centre = &centres_[random_.below(kCentres) * dim_];
    for (size_t j = 0; j < dim_; ++j) out[j] = centre[j] + 0.5f * static_cast<float>(random_.normal());
  }

 private:
  size_t dim_;
  base::Random random_{1};
  std::vector<float> centres_;
};

void fill(store::Collection& collection, Points& points, size_t dim, size_t chunks) {
  collection.set_vector_space({.fingerprint = "bench", .model = "bench", .dim = dim});
  for (size_t done = 0, n = 0; done < chunks;) {
    std::vector<store::NewDocument> batch;
    for (int d = 0; d < 200 && done < chunks; ++d) {
      store::NewDocument document;
      document.info.path = "bench/" + std::to_string(n++);
      document.vectors.resize(20 * dim);
      for (size_t c = 0; c < 20; ++c, ++done) {
        const size_t start = document.text.size();
        document.text += "line " + std::to_string(done);
        document.chunks.push_back({.span = {start, document.text.size()}});
        points.next(&document.vectors[c * dim]);
      }
      batch.push_back(std::move(document));
    }
    collection.put_many(std::move(batch));
  }
}

template <class GoOn>
void ask(const store::Collection& collection, Points& points, size_t dim, const char* beside, GoOn go_on) {
  std::vector<float> query(dim);
  std::vector<double> times;
  while (go_on(times.size())) {
    points.next(query.data());
    const base::Stopwatch clock;
    (void)collection.search_dense(query, kNeighbours);
    times.push_back(clock.seconds() * 1e3);
    std::this_thread::sleep_for(kPause);
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf("{\"beside\":\"%s\",\"queries\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n", beside, times.size(), at(0.5),
              at(0.99));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  size_t chunks = 60'000, dim = 384;
  std::string type = "hnsw";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--chunks") chunks = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--dim") dim = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--type") type = argv[i + 1];
  }
  const base::TempFolder folder;
  Points points(dim);
  {
    const auto store = store::Store::open(folder.path(), {.background = false});
    auto& collection = *store->collection("bench", true);
    fill(collection, points, dim, chunks);
    collection.set_settings(
        {{"index", {{"type", type}, {"exact_below", 1'000'000'000}}}});  // not before it is measured
  }
  const auto store = store::Store::open(folder.path());
  auto& collection = *store->collection("bench");
  ask(collection, points, dim, "nothing", [](size_t n) { return n < kQueries; });
  collection.set_settings({{"index", {{"type", type}, {"exact_below", 1000}}}});
  store::NewDocument one;  // a write begins what is due
  one.info.path = "bench/last";
  one.text = "last";
  one.chunks.push_back({.span = {0, 4}});
  one.vectors.resize(dim, 0.1f);
  const base::Stopwatch clock;
  collection.put(std::move(one));
  ask(collection, points, dim, "build",
      [&](size_t n) { return n % 10 != 0 || collection.statistics()["index"]["state"] != "ready"; });
  std::printf("{\"build_seconds\":%.1f}\n", clock.seconds());
}

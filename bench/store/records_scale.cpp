// Records as a server meets them: rows/s while they are written, time of a query with and without a condition, memory,
// and the time from opening the folder to the first answer.
//
//   records_scale [--records 100000] [--dim 384] [--batch 1000] [--writers 1] [--namespaces 1] [--again 0] [--data DIR]
//
// Vectors are drawn around 1,000 centres; metadata has a word, a number and a truth value, of which `n = 0` holds for
// one in a hundred. --again: so many records are written once more before queries are asked. Lines of JSON:
//   {"records","rows_per_second"} for each tenth
//   {"state": "after writing" | "indexed" | "opened again", "p50_us","p99_us","filtered_p50_us","filtered_p99_us",
//    "namespace_p50_us","read_after_write_us","recall"}: ten results, vectors of stored records a little moved
//   {"lost"}: records that a query by their own vector does not find, of 2,000
//   {"open_ms","first_answer_ms"}
//   {"resident_mb","raw_mb","disk_mb"}
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "hanok/records.h"

namespace {

namespace fs = std::filesystem;
using namespace hanok;
using store::Record;

struct Options {
  size_t records = 100'000, dim = 384, batch = 1000, writers = 1, namespaces = 1, again = 0;
  fs::path folder;
};

class Data {
 public:
  explicit Data(const Options& o) : o_(o) {
    base::Random random(1);
    centres_.resize(1000 * o.dim);
    for (float& x : centres_) x = static_cast<float>(random.normal());
  }
  std::vector<float> vector(size_t n, float noise = 0) const {
    base::Random random(n + 7);
    const float* centre = &centres_[random.below(1000) * o_.dim];
    std::vector<float> out(o_.dim);
    // Cheap noise: the sum of two uniform numbers is near enough to a bell.
    for (size_t i = 0; i < o_.dim; ++i)
      out[i] = centre[i] + static_cast<float>(random.uniform() + random.uniform() - 1);
    if (noise > 0)
      for (float& x : out) x += noise * static_cast<float>(random.uniform() - 0.5);
    return out;
  }
  std::string ns(size_t n) const { return o_.namespaces == 1 ? "" : "ns" + std::to_string(n % o_.namespaces); }
  Record record(size_t n) const {
    Record out;
    out.ns = ns(n);
    out.id = "id" + std::to_string(n);
    out.metadata = {{"n", n % 100}, {"colour", "c" + std::to_string(n % 17)}, {"even", n % 2 == 0}};
    out.vector = vector(n);
    return out;
  }

 private:
  const Options& o_;
  std::vector<float> centres_;
};

double percentile(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<size_t>(static_cast<double>(values.size() - 1) * share)];
}

double megabytes(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return static_cast<double>(bytes) / 1e6;
}

double resident_megabytes() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stod(line.substr(6)) / 1e3;
  return 0;
}

void fill(store::Records& collection, const Options& o, const Data& data) {
  for (size_t done = 0; done < o.records;) {
    const size_t tenth = std::min(o.records - done, std::max(o.records / 10, o.batch * o.writers));
    std::vector<std::vector<std::vector<Record>>> work(o.writers);  // made before the clock runs
    for (size_t n = done, w = 0; n < done + tenth; n += o.batch, w = (w + 1) % o.writers) {
      work[w].emplace_back();
      for (size_t i = n; i < std::min(n + o.batch, done + tenth); ++i) work[w].back().push_back(data.record(i));
    }
    const base::Stopwatch clock;
    std::vector<std::thread> threads;
    for (auto& batches : work)
      threads.emplace_back([&] {
        for (auto& batch : batches) collection.write(store::WriteMode::Replace, std::move(batch));
      });
    for (auto& t : threads) t.join();
    done += tenth;
    std::printf("{\"records\":%zu,\"rows_per_second\":%.0f}\n", done, static_cast<double>(tenth) / clock.seconds());
    std::fflush(stdout);
  }
}

void ask(store::Records& collection, const Options& o, const Data& data, const char* state) {
  const store::Selection all{.ns = data.ns(0)};
  store::Selection one = all;
  one.where = store::Filter(store::Json{{"n", 0}});
  if (o.namespaces > 1) one.ns.reset();
  const auto time = [&](const store::Selection& among, size_t queries) {
    std::vector<double> us;
    for (size_t i = 0; i < queries; ++i) {
      const auto query = data.vector(i * 7919 % o.records, 0.2f);
      const base::Stopwatch clock;
      const auto now = collection.read();
      std::vector<store::ChunkId> found;
      for (const auto& m : now->nearest(query, {.k = 10, .among = among})) found.push_back(m.chunk);
      now->fetch(found);
      us.push_back(clock.seconds() * 1e6);
    }
    return us;
  };
  auto plain = time(o.namespaces == 1 ? all : store::Selection(), 2000), filtered = time(one, 1000),
       in_one = time(all, 1000);
  std::vector<double> after_write;
  for (size_t i = 0; i < 50; ++i) {
    collection.write(store::WriteMode::Replace, {data.record(i)});
    const auto query = data.vector(i);
    const base::Stopwatch clock;
    collection.read()->nearest(query, {.k = 10, .among = all});
    after_write.push_back(clock.seconds() * 1e6);
  }
  // What an index of its own answers, against a scan of the same.
  size_t right = 0, wanted = 0;
  const auto now = collection.read();
  const auto ids = now->select({});
  for (size_t i = 0; i < 20; ++i) {
    const auto query = data.vector(i * 104729 % o.records, 0.2f);
    const auto scores = now->scores(query, ids);
    std::vector<std::pair<float, store::ChunkId>> best;
    for (size_t j = 0; j < ids.size(); ++j) best.emplace_back(-scores[j], ids[j]);
    std::partial_sort(best.begin(), best.begin() + 10, best.end());
    for (const auto& m : now->nearest(query, {.k = 10})) right += -m.score <= best[9].first;
    wanted += 10;
  }
  std::printf(
      "{\"state\":\"%s\",\"p50_us\":%.0f,\"p99_us\":%.0f,\"filtered_p50_us\":%.0f,\"filtered_p99_us\":%.0f,"
      "\"namespace_p50_us\":%.0f,\"read_after_write_us\":%.0f,\"recall\":%.3f}\n",
      state, percentile(plain, .5), percentile(plain, .99), percentile(filtered, .5), percentile(filtered, .99),
      percentile(in_one, .5), percentile(after_write, .5), static_cast<double>(right) / static_cast<double>(wanted));
  std::fflush(stdout);
}

void look_for_lost(store::Records& collection, const Options& o, const Data& data) {
  size_t lost = 0;
  const auto now = collection.read();
  for (size_t i = 0; i < 2000; ++i) {
    const size_t n = i * 7919 % o.records;
    const auto found = now->nearest(data.vector(n), {.k = 1, .among = {.ns = data.ns(n)}});
    lost += found.empty() || now->fetch({{found[0].chunk}}).at(0).id != "id" + std::to_string(n);
  }
  std::printf("{\"lost\":%zu}\n", lost);
}

void run(const Options& o) {
  const Data data(o);
  {
    const auto store = store::Store::open(o.folder);
    auto collection = store->catalog().find("bench");
    if (!collection) {
      collection = store->catalog().create({.name = "bench", .metric = store::Metric::Cosine});
      fill(*collection, o, data);
      for (size_t n = 0; n < o.again; n += o.batch) {
        std::vector<Record> batch;
        for (size_t i = n; i < n + o.batch; ++i) batch.push_back(data.record(i * 31 % o.records));
        collection->write(store::WriteMode::Replace, std::move(batch));
      }
      ask(*collection, o, data, "after writing");
    }
    store->collection("bench")->build_index();
    ask(*collection, o, data, "indexed");
    look_for_lost(*collection, o, data);
    std::printf("{\"resident_mb\":%.0f,\"raw_mb\":%.0f,\"disk_mb\":%.0f}\n", resident_megabytes(),
                static_cast<double>(o.records * o.dim * 4) / 1e6, megabytes(o.folder));
  }
  const auto query = data.vector(4711 % o.records);
  const base::Stopwatch clock;
  const auto store = store::Store::open(o.folder);
  const auto collection = store->catalog().find("bench");
  const double open_ms = clock.seconds() * 1e3;
  const auto found = collection->read()->nearest(query, {.k = 1});
  const double first_ms = clock.seconds() * 1e3;
  const bool right =
      collection->read()->fetch({{found.at(0).chunk}}).at(0).id == "id" + std::to_string(4711 % o.records);
  std::printf("{\"open_ms\":%.1f,\"first_answer_ms\":%.1f,\"correct\":%s}\n", open_ms, first_ms,
              right ? "true" : "false");
  ask(*collection, o, data, "opened again");
  std::printf("{\"resident_mb\":%.0f}\n", resident_megabytes());
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  const base::TempFolder temporary;
  o.folder = temporary.path();
  CLI::App app("Records as a server meets them");
  app.add_option("--records", o.records);
  app.add_option("--dim", o.dim);
  app.add_option("--batch", o.batch);
  app.add_option("--writers", o.writers);
  app.add_option("--namespaces", o.namespaces);
  app.add_option("--again", o.again);
  app.add_option("--data", o.folder);
  CLI11_PARSE(app, argc, argv);
  try {
    run(o);
  } catch (const Error& e) {
    std::fprintf(stderr, "records_scale: %s\n", e.what());
    return exit_status(e.code());
  }
}

// An index of kind "disk": recall, time of a query, and how much memory its process holds.
//
//   hanok index build --type disk --metric cosine --in base.npy --out base.idx
//   bench_disk base.idx queries.npy truth.ivecs --ef 20,40,64            pages stay as the kernel keeps them
//   bench_disk base.idx queries.npy truth.ivecs --ef 20,40,64 --cold     before each query all pages are dropped
//
// anon is memory of its own (RssAnon), file are pages of the mapped file, which the kernel takes back when it needs
// them; read is what a query read from the disk.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/disk/disk.h"
#include "index/formats/vectors_io.h"

namespace {

using namespace hanok::index;

struct Arguments {
  std::string index, queries, truth;
  std::vector<size_t> ef{10, 16, 24, 32, 48, 64, 96, 128};
  size_t k = 10, limit = 500;
  bool cold = false;
};

double megabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string name, rest; status >> name && std::getline(status, rest);)
    if (name == key) return std::stod(rest) / 1024;
  return 0;
}

void drop_pages(const Index& index, const std::string& file) {
  dynamic_cast<const Disk&>(index).forget_pages();
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw hanok::Error(hanok::Code::NotFound, file + ": cannot open");
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

long blocks_read() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_inblock;
}

void run(const Arguments& a) {
  const auto index = open(a.index);
  const auto queries = formats::read_vectors(a.queries, a.limit);
  const auto truth = formats::read_ids(a.truth, a.limit);
  for (const auto& [key, value] : index->statistics()) std::printf("%s %s, ", key.c_str(), value.c_str());
  std::printf("\n%6s %8s %9s %9s %9s %8s %9s %9s\n", "ef", "recall", "p50 ms", "p99 ms", "read KB", "per s", "anon MB",
              "file MB");
  for (const size_t ef : a.ef) {
    std::vector<double> ms;
    size_t hits = 0;
    const long before = blocks_read();
    for (size_t q = 0; q < queries.rows(); ++q) {
      if (a.cold) drop_pages(*index, a.index);
      const auto start = std::chrono::steady_clock::now();
      const auto found =
          index->search(std::span(queries.values).subspan(q * queries.dim, queries.dim), a.k, {.ef = ef});
      ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      const std::set<int64_t> wanted(truth.ids.begin() + static_cast<ptrdiff_t>(q * truth.width),
                                     truth.ids.begin() + static_cast<ptrdiff_t>(q * truth.width + a.k));
      for (const Match& m : found) hits += wanted.count(m.id);
    }
    const auto n = static_cast<double>(queries.rows());
    const double read = static_cast<double>(blocks_read() - before) / 2 / n;
    double all = 0;
    for (const double x : ms) all += x;
    std::sort(ms.begin(), ms.end());
    std::printf("%6zu %8.4f %9.3f %9.3f %9.0f %8.0f %9.0f %9.0f\n", ef,
                static_cast<double>(hits) / (n * static_cast<double>(a.k)), ms[ms.size() / 2], ms[ms.size() * 99 / 100],
                read, n / all * 1000, megabytes("RssAnon:"), megabytes("RssFile:"));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("Searches of an index of kind disk");
  app.add_option("index", a.index)->required();
  app.add_option("queries", a.queries)->required();
  app.add_option("truth", a.truth)->required();
  app.add_option("--ef", a.ef)->delimiter(',');
  app.add_option("-k", a.k);
  app.add_option("--limit", a.limit);
  app.add_flag("--cold", a.cold);
  CLI11_PARSE(app, argc, argv);
  try {
    run(a);
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "bench_disk: %s\n", e.what());
    return hanok::exit_status(e.code());
  }
}

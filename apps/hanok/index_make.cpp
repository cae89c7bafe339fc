// hanok index build, info, verify and cluster.
#include <filesystem>
#include <iostream>
#include <numeric>

#include "base/clock.h"
#include "base/file.h"
#include "hanok/disk_index.h"
#include "index/base_index.h"
#include "index/file.h"
#include "index/kinds.h"
#include "index/tune.h"
#include "index_command.h"

namespace hanok::app {

namespace fs = std::filesystem;
using namespace hanok::index;
using base::OrderedJson;

namespace {

std::vector<Id> numbered(size_t n) {
  std::vector<Id> ids(n);
  std::iota(ids.begin(), ids.end(), Id{0});
  return ids;
}

}  // namespace

std::pair<std::string, std::string> key_value(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0) throw Error(Code::Invalid, "--set " + text + ": key=value was expected");
  return {text.substr(0, at), text.substr(at + 1)};
}

// Said before hours of work, not after.
void need(const std::string& value, const std::string& flag) {
  if (value.empty()) throw Error(Code::Invalid, flag + " FILE is missing");
}

void need_folder(const std::string& out) {
  const fs::path folder = fs::path(out).parent_path();
  if (!folder.empty() && !fs::is_directory(folder))
    throw Error(Code::NotFound, out + ": the folder " + folder.string() + " does not exist; make it first");
}

void need_neighbours(size_t k) {
  if (k == 0) throw Error(Code::Invalid, "-k 0: at least one neighbour was expected");
}

formats::Vectors load_vectors(const std::string& file, size_t limit) {
  return formats::read_vectors(file, limit ? limit : SIZE_MAX);
}

std::unique_ptr<Index> new_index(const Session& session, const std::string& type, Metric metric, size_t dim,
                                 const std::vector<std::string>& set, size_t seed) {
  Options options;
  options.dim = dim;
  options.metric = metric;
  options.threads = session.threads_flag;
  options.seed = seed;
  for (const auto& text : set) options.set.insert(key_value(text));
  return make(type, options);
}

namespace {

// With rows that stay in their file: what is built may be larger than memory.
double build_on_disk(Session& session, const IndexFlags& flags) {
  const formats::VectorFile vectors(flags.in, flags.limit ? flags.limit : SIZE_MAX);
  const auto empty = new_index(session, flags.type, metric_from(flags.metric), vectors.dim(), flags.set, flags.seed);
  const base::Stopwatch watch;
  session.with_bar([&] {
    build_disk(flags.out, empty->options(), {.rows = vectors.rows(), .read = [&](size_t first, size_t n, float* out) {
                                               vectors.read(first, n, out);
                                             }});
  });
  return watch.seconds();
}

double build_in_memory(Session& session, const IndexFlags& flags) {
  const auto vectors = load_vectors(flags.in, flags.limit);
  const auto index = new_index(session, flags.type, metric_from(flags.metric), vectors.dim, flags.set, flags.seed);
  const base::Stopwatch watch;
  index->add(numbered(vectors.rows()), vectors.values);
  const double seconds = watch.seconds();
  index->save(flags.out);
  return seconds;
}

}  // namespace

void index_build(Session& session, const IndexFlags& flags) {
  need(flags.in, "--in");
  need(flags.out, "--out");
  need_folder(flags.out);
  const double seconds = flags.type == "disk" ? build_on_disk(session, flags) : build_in_memory(session, flags);
  const auto index = open(flags.out);
  const size_t dim = index->options().dim;
  OrderedJson json{{"vectors", index->size()},
                   {"dim", dim},
                   {"seconds", seconds},
                   {"bytes", fs::file_size(flags.out)},
                   {"type", index->kind()}};
  const auto statistics = index->statistics();
  const auto why = statistics.find("why");  // of kind auto
  if (why != statistics.end()) json["why"] = why->second;
  session.print(json, [&](std::ostream& out) {
    out << with_commas(index->size()) << " vectors of " << dim << " numbers, kind " << index->kind() << ", in "
        << human_seconds(seconds) << ", " << human_bytes(static_cast<double>(fs::file_size(flags.out))) << " in "
        << flags.out << "\n";
    if (why != statistics.end()) out << why->second << "\n";
  });
}

void index_info(Session& session, const IndexFlags& flags) {
  const auto index = open(flags.in);
  OrderedJson json{{"type", index->kind()},
                   {"metric", metric_name(index->options().metric)},
                   {"dim", index->options().dim},
                   {"vectors", index->size()},
                   {"bytes", fs::file_size(flags.in)}};
  json["set"] = index->options().set;
  json["set"].erase(kPromiseKey);
  json["statistics"] = index->statistics();
  json["statistics"].erase("promise");
  if (const auto promise = promise_of(*index)) json["promise"] = OrderedJson::parse(promise->json());
  session.print(json, [&](std::ostream& out) {
    for (const auto& [key, value] : json.items())
      out << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  });
}

void index_verify(Session& session, const IndexFlags& flags) {
  FileReader(flags.in).verify();
  const auto index = open(flags.in);
  session.print({{"file", flags.in}, {"ok", true}, {"vectors", index->size()}}, [&](std::ostream& out) {
    out << flags.in << ": every checksum fits, " << with_commas(index->size()) << " vectors\n";
  });
}

void index_cluster(Session& session, const IndexFlags& flags) {
  if (flags.clusters == 0) throw Error(Code::Invalid, "--clusters N is missing: how many clusters to make");
  if (!flags.out.empty()) need_folder(flags.out);
  const auto vectors = load_vectors(flags.in, flags.limit);
  const base::Stopwatch watch;
  const Clusters found =
      cluster(vectors.values, vectors.dim, flags.clusters, flags.seed, flags.iterations, session.threads_flag);
  const double seconds = watch.seconds();
  if (!flags.out.empty()) formats::write_vectors(flags.out, found.dim, found.centroids);
  std::vector<size_t> sizes(found.k);
  for (const uint32_t c : found.assignment) ++sizes[c];
  OrderedJson json{{"vectors", vectors.rows()},
                   {"dim", found.dim},
                   {"k", found.k},
                   {"inertia", found.inertia},
                   {"seconds", seconds}};
  json["sizes"] = sizes;
  session.print(json, [&](std::ostream& out) {
    out << found.k << " clusters of " << with_commas(vectors.rows()) << " vectors, inertia " << found.inertia << ", in "
        << human_seconds(seconds) << "\n";
  });
}

}  // namespace hanok::app

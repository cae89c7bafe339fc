// hanok index: vector indexes as files, without a collection.
#include <algorithm>
#include <iostream>
#include <numeric>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/threads.h"
#include "command.h"
#include "hanok/index.h"
#include "index/base_index.h"
#include "index/file.h"
#include "index/formats/foreign.h"
#include "index/formats/vectors_io.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;
using namespace hanok::index;
using base::OrderedJson;

constexpr size_t kPasses = 3;  // of every measurement; the best counts

struct Flags {
  std::string in, out, index, truth, type = "auto", metric = "l2";
  std::vector<std::string> set;
  size_t k = 10, clusters = 0, seed = 1, limit = 0, iterations = 25;
  double recall = 0.99;
  bool batch = false;
};

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

std::vector<Id> numbered(size_t n) {
  std::vector<Id> ids(n);
  std::iota(ids.begin(), ids.end(), Id{0});
  return ids;
}

formats::Vectors load(const std::string& file, size_t limit = 0) {
  return formats::read_vectors(file, limit ? limit : SIZE_MAX);
}

std::unique_ptr<Index> build_index(Session& session, const std::string& type, Metric metric, size_t dim,
                                   const std::vector<std::string>& set, size_t seed) {
  Options options;
  options.dim = dim;
  options.metric = metric;
  options.threads = session.threads_flag;
  options.seed = seed;
  for (const auto& text : set) options.set.insert(key_value(text));
  return make(type, options);
}

void build(Session& session, const Flags& flags) {
  need(flags.in, "--in");
  need(flags.out, "--out");
  need_folder(flags.out);
  const auto vectors = load(flags.in, flags.limit);
  auto index = build_index(session, flags.type, metric_from(flags.metric), vectors.dim, flags.set, flags.seed);
  const base::Stopwatch watch;
  index->add(numbered(vectors.rows()), vectors.values);
  const double seconds = watch.seconds();
  index->save(flags.out);
  OrderedJson json{{"vectors", index->size()},
                   {"dim", vectors.dim},
                   {"seconds", seconds},
                   {"bytes", fs::file_size(flags.out)},
                   {"type", index->kind()}};
  const auto statistics = index->statistics();
  const auto why = statistics.find("why");  // of kind auto
  if (why != statistics.end()) json["why"] = why->second;
  session.print(json, [&](std::ostream& out) {
    out << with_commas(index->size()) << " vectors of " << vectors.dim << " numbers, kind " << index->kind() << ", in "
        << human_seconds(seconds) << ", " << human_bytes(static_cast<double>(fs::file_size(flags.out))) << " in "
        << flags.out << "\n";
    if (why != statistics.end()) out << why->second << "\n";
  });
}

// "ef=64,96" and "rerank=10,20" make four settings.
struct Setting {
  std::string text;
  SearchOptions options;
};

size_t whole(const std::string& key, const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    throw Error(Code::Invalid, "--set " + key + "=" + text + ": whole numbers, separated by commas, were expected");
  return std::stoul(text);
}

std::vector<Setting> settings_of(const std::vector<std::string>& set) {
  std::vector<Setting> out{{"", {}}};
  for (const auto& text : set) {
    const auto [key, values] = key_value(text);
    size_t SearchOptions::*field = key == "ef"       ? &SearchOptions::ef
                                   : key == "nprobe" ? &SearchOptions::nprobe
                                   : key == "rerank" ? &SearchOptions::rerank
                                                     : nullptr;
    if (!field) throw Error(Code::Invalid, "--set " + text + ": a search has the keys ef, nprobe, rerank");
    std::vector<Setting> next;
    for (size_t from = 0; from <= values.size();) {
      const size_t comma = std::min(values.find(',', from), values.size());
      const std::string value = values.substr(from, comma - from);
      for (Setting s : out) {
        s.text += (s.text.empty() ? "" : ",") + key + "=" + value;
        s.options.*field = whole(key, value);
        next.push_back(std::move(s));
      }
      from = comma + 1;
    }
    out = std::move(next);
  }
  return out;
}

struct Measured {
  std::vector<std::vector<Match>> found;
  double queries_per_second = 0, p50_us = 0, p99_us = 0;
};

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(p * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(at), values.end());
  return values[at];
}

Measured measure(const Index& index, const formats::Vectors& queries, size_t k, const SearchOptions& options,
                 bool batch) {
  Measured best;
  const size_t n = queries.rows();
  for (size_t pass = 0; pass < kPasses; ++pass) {
    base::check_interrupt();
    Measured now;
    std::vector<double> each;
    const base::Stopwatch watch;
    if (batch) {
      now.found = index.search_batch(queries.values, k, options);
    } else {
      now.found.resize(n);
      for (size_t i = 0; i < n; ++i) {
        const base::Stopwatch one;
        now.found[i] = index.search(std::span(queries.values).subspan(i * queries.dim, queries.dim), k, options);
        each.push_back(one.seconds() * 1e6);
      }
    }
    const double seconds = watch.seconds();
    now.queries_per_second = seconds > 0 ? static_cast<double>(n) / seconds : 0;
    // A batch has no time of one query: its mean is shown for both.
    now.p50_us = batch ? seconds * 1e6 / static_cast<double>(std::max<size_t>(n, 1)) : percentile(each, 0.5);
    now.p99_us = batch ? now.p50_us : percentile(each, 0.99);
    if (now.queries_per_second >= best.queries_per_second) best = std::move(now);
  }
  return best;
}

double recall_of(const std::vector<std::vector<Match>>& found, const std::vector<std::set<Id>>& wanted) {
  size_t hits = 0, all = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    all += wanted[i].size();
    for (const Match& m : found[i]) hits += wanted[i].count(m.id);
  }
  return all ? static_cast<double>(hits) / static_cast<double>(all) : 1;
}

std::vector<std::set<Id>> first_k(const formats::IdRows& truth, size_t rows, size_t k) {
  std::vector<std::set<Id>> out(rows);
  for (size_t i = 0; i < rows; ++i)
    for (size_t r = 0; r < k; ++r) out[i].insert(truth.ids[i * truth.width + r]);
  return out;
}

void search(Session& session, const Flags& flags) {
  need(flags.index, "--index");
  need(flags.in, "--in");
  need_folder(flags.out);
  need_neighbours(flags.k);
  const auto index = open(flags.index);
  const auto queries = load(flags.in, flags.limit);
  if (queries.dim != index->options().dim)
    throw Error(Code::Invalid, flags.in + ": vectors of " + std::to_string(queries.dim) + " numbers, the index has " +
                                   std::to_string(index->options().dim));
  std::optional<std::vector<std::set<Id>>> wanted;
  if (!flags.truth.empty()) {
    const auto truth = formats::read_ids(flags.truth, queries.rows());
    if (truth.rows() < queries.rows() || truth.width < flags.k)
      throw Error(Code::Invalid, flags.truth + ": " + std::to_string(truth.rows()) + " rows of " +
                                     std::to_string(truth.width) + " ids, expected " + std::to_string(queries.rows()) +
                                     " rows of at least " + std::to_string(flags.k));
    wanted = first_k(truth, queries.rows(), flags.k);
  }
  for (auto& setting : settings_of(flags.set)) {
    setting.options.threads = std::max<size_t>(session.threads_flag, 1);
    const Measured m = measure(*index, queries, flags.k, setting.options, flags.batch);
    OrderedJson json{{"set", setting.text},
                     {"recall", nullptr},
                     {"queries_per_second", m.queries_per_second},
                     {"p50_us", m.p50_us},
                     {"p99_us", m.p99_us}};
    if (wanted) json["recall"] = recall_of(m.found, *wanted);
    session.print(json, [&](std::ostream& out) {
      out << (setting.text.empty() ? "defaults" : setting.text) << ": ";
      if (wanted) out << "recall " << json["recall"].get<double>() << ", ";
      out << static_cast<uint64_t>(m.queries_per_second) << " queries/s, p50 " << m.p50_us << " us, p99 " << m.p99_us
          << " us\n";
    });
    if (flags.out.empty()) continue;
    formats::IdRows rows{flags.k, {}};
    for (const auto& found : m.found)
      for (size_t r = 0; r < flags.k; ++r) rows.ids.push_back(r < found.size() ? found[r].id : -1);
    formats::write_ids(flags.out, rows);
  }
}

void info(Session& session, const Flags& flags) {
  const auto index = open(flags.in);
  OrderedJson json{{"type", index->kind()},
                   {"metric", metric_name(index->options().metric)},
                   {"dim", index->options().dim},
                   {"vectors", index->size()},
                   {"bytes", fs::file_size(flags.in)}};
  json["set"] = index->options().set;
  json["statistics"] = index->statistics();
  session.print(json, [&](std::ostream& out) {
    for (const auto& [key, value] : json.items())
      out << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  });
}

void verify(Session& session, const Flags& flags) {
  FileReader(flags.in).verify();
  const auto index = open(flags.in);
  session.print({{"file", flags.in}, {"ok", true}, {"vectors", index->size()}}, [&](std::ostream& out) {
    out << flags.in << ": every checksum fits, " << with_commas(index->size()) << " vectors\n";
  });
}

bool is_hanok_file(const std::string& file) {
  const base::MappedFile map(file);
  return map.view().starts_with("HANOKIDX");
}

// All that an index holds, in the shape that other libraries' files are written from.
formats::ForeignIndex contents(const Index& index) {
  formats::ForeignIndex out;
  out.dim = index.options().dim;
  out.metric = index.options().metric;
  out.ids = index.ids();
  std::sort(out.ids.begin(), out.ids.end());
  for (const Id id : out.ids) {
    const auto row = index.reconstruct(id);
    out.vectors.insert(out.vectors.end(), row->begin(), row->end());
  }
  return out;
}

void write_foreign(const Index& index, const std::string& file, bool hnswlib, size_t seed, size_t threads) {
  auto out = contents(index);
  const size_t n = out.ids.size();
  constexpr size_t kNeighbours = 16, kEf = 200;  // what both libraries' users choose most
  if (hnswlib || index.kind() == "hnsw" || index.kind() == "auto") {
    out.type = "IndexHNSWFlat";
    out.links = formats::link_layers(out.vectors, out.dim, out.metric, kNeighbours, kEf, seed);
  } else if (index.kind() == "ivf" && n > 0) {
    out.type = "IndexIVFFlat";
    if (out.metric == Metric::Cosine)
      for (size_t i = 0; i < n; ++i)
        normalise(std::span<const float>(out.vectors).subspan(i * out.dim, out.dim), out.vectors.data() + i * out.dim);
    const auto stats = index.statistics();
    const size_t cells = std::clamp<size_t>(stats.count("cells") ? std::stoul(stats.at("cells")) : 1, 1, n);
    auto found = cluster(out.vectors, out.dim, cells, seed, 10, threads);
    out.centroids = std::move(found.centroids);
    out.cell = std::move(found.assignment);
  } else {
    out.type = "IndexFlat";
  }
  base::write_file_atomic(file, hnswlib ? formats::make_hnswlib(out) : formats::make_faiss(out));
}

// The kind that is nearest to what the other library's index was.
std::string kind_of(const std::string& type) {
  return type.find("HNSW") != std::string::npos || type == "hnswlib" ? "hnsw"
         : type.find("IVF") != std::string::npos                     ? "ivf"
                                                                     : "flat";
}

void convert(Session& session, const Flags& flags) {
  std::string from = "hanok", type;
  need_folder(flags.out);
  size_t vectors = 0;
  bool lossy = false;
  std::unique_ptr<Index> index;
  if (is_hanok_file(flags.in)) {
    index = open(flags.in);
  } else {
    auto foreign = formats::read_foreign(flags.in, metric_from(flags.metric));
    from = foreign.type;
    lossy = foreign.lossy;
    const std::string kind = flags.type == "auto" ? kind_of(foreign.type) : flags.type;
    index = build_index(session, kind, foreign.metric, foreign.dim, flags.set, flags.seed);
    index->add(foreign.ids, foreign.vectors);
  }
  vectors = index->size();
  const std::string ending = fs::path(flags.out).extension().string();
  if (ending == ".faiss" || ending == ".bin")
    write_foreign(*index, flags.out, ending == ".bin", flags.seed, session.threads_flag);
  else
    index->save(flags.out);
  const std::string to = ending == ".faiss" ? "faiss" : ending == ".bin" ? "hnswlib" : "hanok";
  session.print({{"from", from}, {"to", to}, {"type", index->kind()}, {"vectors", vectors}, {"lossy", lossy}},
                [&](std::ostream& out) {
                  out << with_commas(vectors) << " vectors from " << from << " to " << to << " (" << index->kind()
                      << "): " << flags.out << "\n";
                  if (lossy)
                    out << "the file held codes or a transform: the vectors are near the ones that were added, not "
                           "equal to them\n";
                });
}

void run_cluster(Session& session, const Flags& flags) {
  if (flags.clusters == 0) throw Error(Code::Invalid, "--clusters N is missing: how many clusters to make");
  if (!flags.out.empty()) need_folder(flags.out);
  const auto vectors = load(flags.in, flags.limit);
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

// Queries that the index has not seen: between a stored vector and another, which real queries near the data look like.
formats::Vectors held_out(const Index& index, size_t seed) {
  constexpr size_t kQueries = 300;
  formats::Vectors out;
  out.dim = index.options().dim;
  const auto ids = index.ids();
  if (ids.size() < 2)
    throw Error(Code::Invalid, "tune: the index has fewer than two vectors; there is nothing to tune");
  base::Random random(seed);
  for (size_t i = 0; i < kQueries; ++i) {
    const auto a = *index.reconstruct(ids[random.below(ids.size())]);
    const auto near = index.search(a, 20);
    const auto b = *index.reconstruct(near[random.below(near.size())].id);
    for (size_t j = 0; j < out.dim; ++j) out.values.push_back(0.5f * (a[j] + b[j]));
  }
  return out;
}

std::vector<Setting> ladder(const std::string& kind, size_t k) {
  std::vector<std::string> set;
  if (kind == "ivf")
    set = {"nprobe=1,2,4,6,8,12,16,24,32,48,64,96,128,256", "rerank=" + std::to_string(2 * k) + "," +
                                                                std::to_string(4 * k) + "," + std::to_string(8 * k) +
                                                                "," + std::to_string(20 * k)};
  else if (kind != "flat")
    set = {"ef=" + std::to_string(k) + ",12,16,24,32,48,64,96,128,192,256,384,512,768,1024"};
  return settings_of(set);
}

void tune(Session& session, const Flags& flags) {
  need(flags.index, "--index");
  need_neighbours(flags.k);
  if (!(flags.recall > 0 && flags.recall <= 1))
    throw Error(Code::Invalid, "--recall " + std::to_string(flags.recall) + ": a share above 0, up to 1, was expected");
  const auto index = open(flags.index);
  auto queries = flags.in.empty() ? held_out(*index, flags.seed) : load(flags.in, flags.limit);
  const auto exact = make("flat", {.dim = index->options().dim, .metric = index->options().metric});
  merge(*exact, *index);
  std::vector<std::set<Id>> wanted;
  for (const auto& found : exact->search_batch(queries.values, flags.k, {.threads = session.threads_flag})) {
    wanted.emplace_back();
    for (const Match& m : found) wanted.back().insert(m.id);
  }
  std::optional<Setting> best;
  double best_speed = 0, best_recall = 0, reached = 0;
  for (const Setting& setting : ladder(index->kind(), flags.k)) {
    const Measured m = measure(*index, queries, flags.k, setting.options, false);
    const double recall = recall_of(m.found, wanted);
    reached = std::max(reached, recall);
    if (recall >= flags.recall && m.queries_per_second > best_speed)
      best = setting, best_speed = m.queries_per_second, best_recall = recall;
  }
  if (!best)
    throw Error(Code::NotFound, "tune: no setting reaches recall " + std::to_string(flags.recall) +
                                    "; the best reaches " + std::to_string(reached) +
                                    "; build the index with finer codes or more neighbours");
  index->set_search_defaults(best->options);
  index->save(flags.index);
  const OrderedJson json{
      {"set", best->text}, {"recall", best_recall}, {"queries_per_second", best_speed}, {"queries", queries.rows()}};
  session.print(json, [&](std::ostream& out) {
    out << (best->text.empty() ? "exact: nothing to set" : best->text) << ": recall " << best_recall << ", "
        << static_cast<uint64_t>(best_speed) << " queries/s; stored in " << flags.index << "\n";
  });
}

}  // namespace

void add_index(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command group = root.group("index", "Vector indexes as files.");
  const std::string vectors = "vectors: .npy .fvecs .bvecs .fbin .u8bin, IDX; .gz too";

  Command c = group.subcommand(
      "build", "Build an index from a file of vectors.",
      "  hanok index build --in base.fvecs --type hnsw --metric l2 --out base.idx\n"
      "  hanok index build --in base.npy --type ivf --set nlist=256 --set M=64 --metric cosine --out base.idx");
  c.option("--in", flags->in, vectors);
  c.choice("--type", flags->type, {"flat", "ivf", "hnsw", "auto"}, "kind of index (default auto)");
  c.choice("--metric", flags->metric, {"l2", "ip", "cosine"}, "distance (default l2)");
  c.option("--set", flags->set, "key=value, the kind's own; may be repeated");
  c.option("--seed", flags->seed, "of everything random (default 1)");
  c.option("--limit", flags->limit, "only the first so many vectors");
  c.option("--out", flags->out, "file to write");
  c.run([flags](Session& session) { build(session, *flags); });

  c = group.subcommand(
      "search", "Search an index, and measure.",
      "  hanok index search --index base.idx --in query.fvecs -k 10 --set ef=64,96,128 --truth gt.ivecs\n"
      "One result a setting; the best of three passes, one query at a time, or all at once with --batch.");
  c.option("--index", flags->index, "index file");
  c.option("--in", flags->in, "queries; " + vectors);
  c.option("-k", flags->k, "neighbours a query (default 10)");
  c.option("--set", flags->set, "ef=, nprobe= or rerank=; several values with commas");
  c.option("--truth", flags->truth, "exact neighbours (.ivecs), for recall");
  c.option("--limit", flags->limit, "only the first so many queries");
  c.flag("--batch", flags->batch, "all queries in one call");
  c.option("--out", flags->out, "ids found (.ivecs or .ibin)");
  c.run([flags](Session& session) { search(session, *flags); });

  c = group.subcommand("info", "What an index file holds.");
  c.positional("FILE", flags->in, "index file");
  c.run([flags](Session& session) { info(session, *flags); });

  c = group.subcommand("verify", "Compare every checksum of an index file.");
  c.positional("FILE", flags->in, "index file");
  c.run([flags](Session& session) { verify(session, *flags); });

  c = group.subcommand("convert", "From and to the files of FAISS and hnswlib.",
                       "  hanok index convert theirs.faiss ours.idx\n"
                       "  hanok index convert ours.idx theirs.faiss        .faiss: FAISS; .bin: hnswlib; else hanok\n"
                       "Graphs and cells are built again for the library that will read them.");
  c.positional("FROM", flags->in, "index file");
  c.positional("TO", flags->out, "index file to write");
  c.choice("--type", flags->type, {"flat", "ivf", "hnsw", "auto"},
           "kind to make of a foreign file (default: like what it was)");
  c.choice("--metric", flags->metric, {"l2", "ip", "cosine"}, "of an hnswlib file, which does not say (default l2)");
  c.option("--set", flags->set, "key=value of the new index; may be repeated");
  c.run([flags](Session& session) { convert(session, *flags); });

  c = group.subcommand("cluster", "k-means of a file of vectors.");
  c.positional("FILE", flags->in, vectors);
  c.option("--clusters", flags->clusters, "how many");
  c.option("--iterations", flags->iterations, "at most (default 25)");
  c.option("--seed", flags->seed, "of the seeding (default 1)");
  c.option("--limit", flags->limit, "only the first so many vectors");
  c.option("--out", flags->out, "centroids to write");
  c.run([flags](Session& session) { run_cluster(session, *flags); });

  c = group.subcommand("tune", "Find the fastest search setting that reaches a recall, and store it in the file.",
                       "  hanok index tune --index base.idx --recall 0.99 --in sample-queries.npy\n"
                       "Without --in, queries are made between stored vectors.");
  c.option("--index", flags->index, "index file");
  c.option("--recall", flags->recall, "to be reached (default 0.99)");
  c.option("--in", flags->in, "queries; " + vectors);
  c.option("-k", flags->k, "neighbours a query (default 10)");
  c.option("--limit", flags->limit, "only the first so many queries");
  c.option("--seed", flags->seed, "of the queries that are made (default 1)");
  c.run([flags](Session& session) { tune(session, *flags); });
}

}  // namespace hanok::app

// hanok index convert.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "index/base_index.h"
#include "index/formats/foreign.h"
#include "index_command.h"

namespace hanok::app {

namespace fs = std::filesystem;
using namespace hanok::index;
using base::OrderedJson;

namespace {

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

}  // namespace

void index_convert(Session& session, const IndexFlags& flags) {
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
    index = new_index(session, kind, foreign.metric, foreign.dim, flags.set, flags.seed);
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

}  // namespace hanok::app

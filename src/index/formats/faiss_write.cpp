#include <algorithm>
#include <cmath>

#include "base/byte_reader.h"
#include "index/base_index.h"
#include "index/formats/foreign.h"

namespace hanok::index::formats {
namespace {

template <typename T>
void put_vector(base::ByteWriter& out, const std::vector<T>& values) {
  out.put(static_cast<uint64_t>(values.size()));
  out.put_array(std::span<const T>(values));
}

void put_header(base::ByteWriter& out, const char* kind, const ForeignIndex& index, size_t count) {
  out.put_text(kind);
  out.put(static_cast<int32_t>(index.dim));
  out.put(static_cast<int64_t>(count));
  out.put(int64_t{1} << 20);  // two numbers that mean nothing any more, as FAISS writes them
  out.put(int64_t{1} << 20);
  out.put(uint8_t{1});
  out.put(static_cast<int32_t>(index.metric == Metric::L2 ? 1 : 0));
}

void put_flat(base::ByteWriter& out, const ForeignIndex& index, std::span<const float> rows) {
  put_header(out, index.metric == Metric::L2 ? "IxF2" : "IxFI", index, rows.size() / index.dim);
  out.put(static_cast<uint64_t>(rows.size()));
  out.put_array(rows);
}

void put_ivf(base::ByteWriter& out, const ForeignIndex& index, std::span<const float> rows) {
  const size_t lists = index.centroids.size() / index.dim;
  if (lists == 0 || index.cell.size() != index.ids.size())
    throw Error(Code::Invalid, "IndexIVFFlat: needs centroids, and a cell for every vector");
  put_header(out, "IwFl", index, index.ids.size());
  out.put(static_cast<uint64_t>(lists));
  out.put(static_cast<uint64_t>(std::max<size_t>(1, lists / 16)));  // nprobe to begin with
  put_flat(out, index, index.centroids);
  out.put(uint8_t{0});  // no direct map
  out.put(uint64_t{0});
  std::vector<std::vector<uint32_t>> members(lists);
  for (size_t i = 0; i < index.cell.size(); ++i) {
    if (index.cell[i] >= lists) throw Error(Code::Invalid, "IndexIVFFlat: a vector's cell is not among the centroids");
    members[index.cell[i]].push_back(static_cast<uint32_t>(i));
  }
  out.put_text("ilar");
  out.put(static_cast<uint64_t>(lists));
  out.put(static_cast<uint64_t>(index.dim * 4));
  out.put_text("full");
  out.put(static_cast<uint64_t>(lists));
  for (const auto& list : members) out.put(static_cast<uint64_t>(list.size()));
  for (const auto& list : members) {
    for (const uint32_t row : list) out.put_array(rows.subspan(row * index.dim, index.dim));
    for (const uint32_t row : list) out.put(index.ids[row]);
  }
}

void put_hnsw(base::ByteWriter& out, const ForeignIndex& index, std::span<const float> rows) {
  const HnswLinks& links = index.links;
  if (links.nodes.size() != index.ids.size())
    throw Error(Code::Invalid, "IndexHNSWFlat: needs neighbours for every vector");
  size_t top = 1;
  for (const auto& node : links.nodes) top = std::max(top, node.size());
  constexpr size_t kMostLevels = 32;
  const double scale = 1 / std::log(static_cast<double>(std::max<size_t>(links.m, 2)));
  std::vector<double> probabilities;
  std::vector<int32_t> per_level{0}, levels, neighbours;
  for (size_t l = 0; l < std::max(top, kMostLevels); ++l) {
    const double p = std::exp(-static_cast<double>(l) / scale) * (1 - std::exp(-1 / scale));
    if (p < 1e-9 && l >= top) break;
    probabilities.push_back(p);
    per_level.push_back(per_level.back() + static_cast<int32_t>(l == 0 ? 2 * links.m : links.m));
  }
  std::vector<uint64_t> offsets{0};
  for (const auto& node : links.nodes) {
    levels.push_back(static_cast<int32_t>(node.size()));
    for (size_t l = 0; l < node.size(); ++l) {
      const size_t room = l == 0 ? 2 * links.m : links.m;
      for (size_t i = 0; i < room; ++i)
        neighbours.push_back(i < node[l].size() ? static_cast<int32_t>(node[l][i]) : -1);
    }
    offsets.push_back(neighbours.size());
  }
  put_header(out, "IHNf", index, index.ids.size());
  put_vector(out, probabilities);
  put_vector(out, per_level);
  put_vector(out, levels);
  put_vector(out, offsets);
  put_vector(out, neighbours);
  const bool empty = links.nodes.empty();
  out.put(empty ? int32_t{-1} : static_cast<int32_t>(links.entry));
  out.put(empty ? int32_t{-1} : static_cast<int32_t>(links.nodes[links.entry].size()) - 1);
  out.put(static_cast<int32_t>(links.ef_construction));
  out.put(int32_t{64});  // efSearch to begin with
  out.put(int32_t{1});   // a width that is no longer used
  put_flat(out, index, rows);
}

}  // namespace

std::string make_faiss(const ForeignIndex& given) {
  ForeignIndex index = given;
  if (index.metric == Metric::Cosine)
    for (size_t i = 0; i < index.ids.size(); ++i)
      normalise(std::span<const float>(given.vectors).subspan(i * index.dim, index.dim),
                index.vectors.data() + i * index.dim);
  base::ByteWriter out;
  bool plain = index.type == "IndexIVFFlat";  // which keeps ids of its own
  if (!plain) {
    plain = true;
    for (size_t i = 0; i < index.ids.size(); ++i) plain = plain && index.ids[i] == static_cast<Id>(i);
  }
  if (!plain) put_header(out, "IxM2", index, index.ids.size());
  if (index.type == "IndexFlat")
    put_flat(out, index, index.vectors);
  else if (index.type == "IndexIVFFlat")
    put_ivf(out, index, index.vectors);
  else if (index.type == "IndexHNSWFlat")
    put_hnsw(out, index, index.vectors);
  else
    throw Error(Code::Unsupported,
                "writing FAISS type '" + index.type + "': IndexFlat, IndexIVFFlat and IndexHNSWFlat are known");
  if (!plain) put_vector(out, index.ids);
  return out.bytes();
}

}  // namespace hanok::index::formats

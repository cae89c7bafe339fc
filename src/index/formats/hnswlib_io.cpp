// hnswlib's index file: a header of sizes, then for every element a record [links of layer 0 | vector | label], then
// for every element its links in the upper layers.
#include <algorithm>
#include <cmath>

#include "base/byte_reader.h"
#include "index/base_index.h"
#include "index/formats/foreign.h"

namespace hanok::index::formats {
namespace {

struct Header {
  uint64_t offset_level0, max_elements, count, record, label_at, data_at;
  int32_t top;
  uint32_t entry;
  uint64_t m_upper, m_lowest, m;
  double mult;
  uint64_t ef_construction;
};

Header read_header(base::ByteReader& in) {
  Header h{};
  for (uint64_t* field : {&h.offset_level0, &h.max_elements, &h.count, &h.record, &h.label_at, &h.data_at})
    *field = in.read<uint64_t>("the hnswlib header");
  h.top = in.read<int32_t>("top layer");
  h.entry = in.read<uint32_t>("entry point");
  h.m_upper = in.read<uint64_t>("M"), h.m_lowest = in.read<uint64_t>("M"), h.m = in.read<uint64_t>("M");
  h.mult = in.read<double>("level factor");
  h.ef_construction = in.read<uint64_t>("ef_construction");
  constexpr uint64_t kMostLinks = 1 << 16, kMaxDim = 65536;
  const bool sizes_fit = h.m >= 1 && h.m_upper <= kMostLinks && h.m_lowest <= kMostLinks && h.offset_level0 == 0 &&
                         h.data_at == 4 + 4 * h.m_lowest && h.label_at > h.data_at &&
                         (h.label_at - h.data_at) % 4 == 0 && (h.label_at - h.data_at) / 4 <= kMaxDim &&
                         h.record == h.label_at + 8;
  if (!sizes_fit)
    in.corrupt("is no hnswlib index of float vectors (its sizes contradict each other), nor a FAISS index");
  if (h.count > in.left() / h.record)
    in.corrupt("says " + std::to_string(h.count) + " elements, which the file cannot hold");
  if (h.count && h.entry >= h.count)
    in.corrupt("enters its graph at element " + std::to_string(h.entry) + " of " + std::to_string(h.count));
  return h;
}

// [count (16 bits) | flags][ids ...]
std::vector<uint32_t> read_links(base::ByteReader& in, std::string_view bytes, uint64_t room, uint64_t elements) {
  uint16_t count;
  std::memcpy(&count, bytes.data(), 2);
  if (count > room)
    in.corrupt("an element says " + std::to_string(count) + " neighbours, there is room for " + std::to_string(room));
  std::vector<uint32_t> out(count);
  if (count) std::memcpy(out.data(), bytes.data() + 4, count * 4u);
  for (const uint32_t other : out)
    if (other >= elements)
      in.corrupt("an element has neighbour " + std::to_string(other) + " of " + std::to_string(elements));
  return out;
}

void put_links(base::ByteWriter& out, const std::vector<uint32_t>& links, size_t room) {
  out.put(static_cast<uint32_t>(links.size()));
  for (size_t i = 0; i < room; ++i) out.put(i < links.size() ? links[i] : uint32_t{0});
}

}  // namespace

ForeignIndex parse_hnswlib(std::string_view bytes, const std::string& name, Metric metric) {
  base::ByteReader in(bytes, name);
  const Header h = read_header(in);
  ForeignIndex out;
  out.type = "hnswlib";
  out.metric = metric;
  out.dim = static_cast<size_t>((h.label_at - h.data_at) / 4);
  out.links.m = static_cast<size_t>(h.m);
  out.links.ef_construction = static_cast<size_t>(h.ef_construction);
  out.links.entry = h.entry;
  std::vector<bool> deleted;
  for (uint64_t i = 0; i < h.count; ++i) {
    const auto record = in.take(h.record, "an element");
    constexpr unsigned char kDeleted = 1;
    deleted.push_back((static_cast<unsigned char>(record[2]) & kDeleted) != 0);
    out.links.nodes.push_back({read_links(in, record, h.m_lowest, h.count)});
    std::vector<float> x(out.dim);
    std::memcpy(x.data(), record.data() + h.data_at, out.dim * 4);
    for (const float v : x)
      if (!std::isfinite(v)) in.corrupt("element " + std::to_string(i) + " holds a number that is not finite");
    out.vectors.insert(out.vectors.end(), x.begin(), x.end());
    Id label;
    std::memcpy(&label, record.data() + h.label_at, 8);
    out.ids.push_back(label);
  }
  const uint64_t layer = 4 + 4 * h.m_upper;
  for (uint64_t i = 0; i < h.count; ++i) {
    const auto size = in.read<uint32_t>("size of an element's upper links");
    if (size % layer != 0) in.corrupt("element " + std::to_string(i) + "'s upper links are no whole layers");
    for (uint32_t at = 0; at < size; at += static_cast<uint32_t>(layer))
      out.links.nodes[i].push_back(read_links(in, in.take(layer, "upper links"), h.m_upper, h.count));
  }
  if (std::find(deleted.begin(), deleted.end(), true) == deleted.end()) return out;
  // Removed elements are only marked in the file: they are left out, and with them the graph that runs through them.
  ForeignIndex live;
  live.type = out.type, live.metric = metric, live.dim = out.dim;
  for (size_t i = 0; i < deleted.size(); ++i)
    if (!deleted[i]) {
      live.ids.push_back(out.ids[i]);
      live.vectors.insert(live.vectors.end(), out.vectors.begin() + static_cast<ptrdiff_t>(i * out.dim),
                          out.vectors.begin() + static_cast<ptrdiff_t>((i + 1) * out.dim));
    }
  return live;
}

std::string make_hnswlib(const ForeignIndex& index) {
  const HnswLinks& links = index.links;
  if (links.nodes.size() != index.ids.size()) throw Error(Code::Invalid, "hnswlib: needs neighbours for every vector");
  base::ByteWriter out;
  const size_t lowest = 2 * links.m, data_at = 4 + 4 * lowest, label_at = data_at + index.dim * 4;
  const size_t n = index.ids.size();
  for (const size_t field : {size_t{0}, std::max<size_t>(n, 1), n, label_at + 8, label_at, data_at})
    out.put(static_cast<uint64_t>(field));
  out.put(n ? static_cast<int32_t>(links.nodes[links.entry].size()) - 1 : int32_t{-1});
  out.put(n ? links.entry : UINT32_MAX);
  for (const size_t field : {links.m, lowest, links.m}) out.put(static_cast<uint64_t>(field));
  out.put(1 / std::log(static_cast<double>(std::max<size_t>(links.m, 2))));
  out.put(static_cast<uint64_t>(links.ef_construction));
  std::vector<float> row(index.dim);
  for (size_t i = 0; i < n; ++i) {
    put_links(out, links.nodes[i][0], lowest);
    const auto x = std::span<const float>(index.vectors).subspan(i * index.dim, index.dim);
    std::copy(x.begin(), x.end(), row.begin());
    if (index.metric == Metric::Cosine) normalise(x, row.data());
    out.put_array(std::span<const float>(row));
    out.put(index.ids[i]);
  }
  for (const auto& node : links.nodes) {
    out.put(static_cast<uint32_t>((node.size() - 1) * (4 + 4 * links.m)));
    for (size_t l = 1; l < node.size(); ++l) put_links(out, node[l], links.m);
  }
  return out.bytes();
}

}  // namespace hanok::index::formats

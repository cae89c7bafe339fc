#include "index/graph/entries.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kLanes = math::kPanelRecords, kCodes = 4;  // records of a block; codes of a group

}  // namespace

Entries::Entries(std::vector<uint32_t> nodes, const Projection& projection, const uint8_t* records, size_t size)
    : nodes_(std::move(nodes)) {
  constexpr int32_t kFar = 1 << 30;  // what fills up the last block: above any distance, below overflow
  std::erase_if(nodes_, [&](uint32_t node) { return node >= size; });
  const size_t bytes = projection.record_bytes(), blocks = (nodes_.size() + kLanes - 1) / kLanes;
  const size_t in_line = projection.lines() == 1 ? Projection::kLine - Projection::kBiasBytes : Projection::kLine;
  groups_ = in_line / kCodes;
  // Each direction carries the same share, so so many of them show that part of the distance.
  const double share = std::min(1.0, static_cast<double>(in_line) / static_cast<double>(projection.directions()));
  panel_ = Buffer<uint8_t>().grown(blocks * groups_ * kLanes * kCodes, 0);
  std::fill_n(panel_.writable(), blocks * groups_ * kLanes * kCodes, uint8_t{0});
  bias_.assign(blocks * kLanes, kFar);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const uint8_t* record = records + nodes_[i] * bytes;
    const size_t block = i / kLanes, lane = i % kLanes;
    for (size_t g = 0; g < groups_; ++g)
      std::memcpy(panel_.writable() + ((block * groups_ + g) * kLanes + lane) * kCodes, record + g * kCodes, kCodes);
    int32_t bias;
    std::memcpy(&bias, record + bytes - Projection::kBiasBytes, sizeof(bias));
    bias_[i] = static_cast<int32_t>(std::nearbyint(bias * share));
  }
}

size_t Entries::bytes_resident() const {
  return nodes_.size() * sizeof(uint32_t) + panel_.capacity() + bias_.size() * sizeof(int32_t);
}

size_t Entries::nearest(const uint8_t* query_record, size_t count, uint32_t* out) const {
  int32_t distances[kLanes];
  uint32_t records[kLanes];
  math::distance().nearest_of_panel(query_record, panel_.data(), bias_.data(), groups_, bias_.size() / kLanes,
                                    distances, records);
  std::array<std::pair<int32_t, uint32_t>, kLanes> found;
  size_t n = 0;
  for (size_t lane = 0; lane < kLanes; ++lane)
    if (records[lane] < nodes_.size()) found[n++] = {distances[lane], records[lane]};
  count = std::min(count, n);
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(count),
                    found.begin() + static_cast<ptrdiff_t>(n));
  for (size_t i = 0; i < count; ++i) out[i] = nodes_[found[i].second];
  return count;
}

}  // namespace hanok::index

#include "index/id_map.h"

#include <bit>

namespace hanok::index {

void IdMap::reserve(size_t n, std::span<const Id> ids) {
  const size_t wanted = std::bit_ceil(n * 3 / 2 + 8);  // load at most 2/3: probes stay short
  if (wanted <= table_.size()) return;
  std::vector<uint32_t> old(wanted, kNone);
  old.swap(table_);
  size_ = 0;
  for (const uint32_t slot : old)
    if (slot != kNone) insert(slot, ids);
}

void IdMap::insert(uint32_t slot, std::span<const Id> ids) {
  if (table_.empty()) reserve(1, ids);
  if ((size_ + 1) * 3 / 2 + 8 > table_.size()) reserve(2 * size_ + 1, ids);
  size_t at = place(ids[slot]);
  while (table_[at] != kNone) at = (at + 1) & (table_.size() - 1);
  table_[at] = slot;
  ++size_;
}

uint32_t IdMap::find(Id id, std::span<const Id> ids) const {
  if (table_.empty()) return kNone;
  for (size_t at = place(id); table_[at] != kNone; at = (at + 1) & (table_.size() - 1))
    if (ids[table_[at]] == id) return table_[at];
  return kNone;
}

// Backward-shift deletion: no tombstones, so a table under churn does not fill up.
bool IdMap::erase(Id id, std::span<const Id> ids) {
  if (table_.empty()) return false;
  const size_t mask = table_.size() - 1;
  size_t hole = place(id);
  while (table_[hole] != kNone && ids[table_[hole]] != id) hole = (hole + 1) & mask;
  if (table_[hole] == kNone) return false;
  for (size_t at = (hole + 1) & mask; table_[at] != kNone; at = (at + 1) & mask) {
    const size_t home = place(ids[table_[at]]);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;  // would move before its home
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = kNone;
  --size_;
  return true;
}

void IdMap::clear() {
  table_.clear();
  size_ = 0;
}

}  // namespace hanok::index

// Searching a file of kind "disk": walks over codes that read nodes some at a time, filters, and what is in memory.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "base/top_k.h"
#include "index/disk/disk.h"
#include "index/graph/walk_memory.h"

namespace hanok::index {

// A thread's own memory.
struct DiskLocal {
  Visited visited;
  Pool pool;
  PreparedQuery query;
  ShortCodes::Query codes;
  ShortCodes::Memory memory;
  std::vector<uint32_t> touched, fresh, beam;
  std::vector<DiskFound> found;  // nodes that were read
};

namespace {

constexpr size_t kDefaultEf = 64;

DiskLocal& local() {
  thread_local DiskLocal mine;
  return mine;
}

bool is_filter(const IdFilter* filter) { return filter && !filter->is_everything(); }

// A whole number in the order of the floats: what a pool keeps.
int32_t ordered(float estimate) {
  const auto bits = std::bit_cast<int32_t>(estimate);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

// A damaged file may hold NaN; sorting must not meet one.
float sound(float distance) { return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance; }

// Leaves no node marked behind, also after an exception.
class Unmark {
 public:
  explicit Unmark(DiskLocal& memory) : memory_(memory) {}
  ~Unmark() { memory_.visited.clear(memory_.touched); }
  Unmark(const Unmark&) = delete;
  Unmark& operator=(const Unmark&) = delete;

 private:
  DiskLocal& memory_;
};

}  // namespace

size_t Disk::ef_for(size_t k, const SearchOptions& options) const {
  const size_t ef = options.ef ? options.ef : ef_ ? ef_ : std::max(kDefaultEf, 2 * k);
  return std::min(std::max(ef, k), disk_.size());
}

DiskLocal& Disk::prepared(std::span<const float> query) const {
  DiskLocal& memory = local();
  codec_.prepare(query, memory.query);
  if (disk_.graph) disk_.codes.prepare(query.data(), memory.codes, memory.memory);
  memory.found.clear();
  return memory;
}

// Reads nodes together; appends what was found.
void Disk::look_at(std::span<const uint32_t> nodes, DiskLocal& memory) const {
  constexpr size_t kTogether = 64;  // reads under way: beyond, disks answer no faster
  for (size_t at = 0; at < nodes.size(); at += kTogether) {
    const auto some = nodes.subspan(at, std::min(kTogether, nodes.size() - at));
    for (const uint32_t node : some) disk_.nodes.will_need(node);
    for (const uint32_t node : some)
      memory.found.push_back(
          {sound(codec_.distance(memory.query, disk_.nodes.row(node), disk_.nodes.inverse_length(node))), node,
           disk_.nodes.id(node)});
  }
}

// Best first by estimates; afterwards memory.found has every node that was read, at least the ef that look nearest.
void Disk::walk(size_t ef, DiskLocal& memory) const {
  constexpr size_t kStarts = 64;
  const size_t n = disk_.size();
  memory.visited.fit(n);
  memory.pool.reset(ef);
  memory.touched.clear();
  memory.found.clear();
  const Unmark unmark(memory);
  const auto measure = [&](std::span<const uint32_t> nodes) {
    memory.fresh.clear();
    for (const uint32_t node : nodes) {
      if (node >= n || !memory.visited.insert(node)) continue;
      memory.touched.push_back(node);
      memory.fresh.push_back(node);
      constexpr size_t kLine = 64;
      for (size_t at = 0; at < disk_.codes.record_bytes(); at += kLine) __builtin_prefetch(disk_.record(node) + at);
    }
    for (const uint32_t node : memory.fresh)
      memory.pool.insert(ordered(disk_.codes.estimate(memory.codes, disk_.record(node))), node);
  };
  measure(std::span(disk_.entries).first(std::min(disk_.entries.size(), std::max(kStarts, ef))));
  while (memory.pool.has_next()) {
    memory.beam.clear();
    while (memory.beam.size() < keys_.beam && memory.pool.has_next()) memory.beam.push_back(memory.pool.take_next());
    look_at(memory.beam, memory);
    for (const uint32_t node : memory.beam) measure(disk_.nodes.links(node));
  }
}

// Of what was read, what nobody removed and the filter lets pass, nearest first.
void Disk::keep_live(const IdFilter* filter, DiskLocal& memory) const {
  std::erase_if(memory.found,
                [&](const Found& f) { return disk_.dead[f.node] != 0 || (filter && !filter->accepts(f.id)); });
  std::sort(memory.found.begin(), memory.found.end());
}

// Every row, page after page.
void Disk::scan_rows(const IdFilter* filter, DiskLocal& memory) const {
  memory.found.clear();
  std::vector<uint32_t> nodes;
  for (uint32_t node = 0; node < disk_.size(); ++node)
    if (disk_.dead[node] == 0 && (!filter || filter->accepts(disk_.ids[node]))) nodes.push_back(node);
  look_at(nodes, memory);
  keep_live(filter, memory);
}

// Every code that passes; the rows of the `keep` that look nearest are read.
void Disk::scan_codes(size_t keep, const IdFilter& filter, DiskLocal& memory) const {
  memory.found.clear();
  memory.pool.reset(std::min(keep, disk_.size()));
  for (uint32_t node = 0; node < disk_.size(); ++node)
    if (disk_.dead[node] == 0 && filter.accepts(disk_.ids[node]))
      memory.pool.insert(ordered(disk_.codes.estimate(memory.codes, disk_.record(node))), node);
  std::vector<uint32_t> nodes;
  for (size_t i = 0; i < memory.pool.size(); ++i) nodes.push_back(memory.pool.node(i));
  look_at(nodes, memory);
  keep_live(&filter, memory);
}

void Disk::plain(size_t k, size_t ef, DiskLocal& memory) const {
  const size_t n = disk_.size();
  if (!disk_.graph) return scan_rows(nullptr, memory);
  for (ef += ef * disk_.dead_count / n;; ef *= 4) {
    ef = std::min(ef, n);
    walk(ef, memory);
    keep_live(nullptr, memory);
    if (memory.found.size() >= k) return;
    if (ef == n) return scan_rows(nullptr, memory);
  }
}

// Reading a node costs as much as some hundred codes, so a walk that reads all that it meets is taken while enough of
// what lies near passes; else all codes that pass are compared and the nearest rows read. Lists of a few ids are read
// at once.
void Disk::filtered(size_t k, size_t ef, const IdFilter& filter, DiskLocal& memory) const {
  constexpr size_t kReadPerEf = 4;
  const auto listed = filter.listed();
  if (!disk_.graph) return scan_rows(&filter, memory);
  if (listed && listed->size() <= kReadPerEf * ef) {
    std::vector<uint32_t> nodes;
    for (const Id id : *listed)
      if (const uint32_t node = node_of(id); node != kNone && filter.accepts_listed(id)) nodes.push_back(node);
    look_at(nodes, memory);
    return keep_live(nullptr, memory);
  }
  if (!filtered_walk(k, ef, filter, memory)) scan_codes(std::max(kReadPerEf * ef, 2 * k), filter, memory);
}

// False where too few pass near the query for what a scan costs.
bool Disk::filtered_walk(size_t k, size_t ef, const IdFilter& filter, DiskLocal& memory) const {
  constexpr size_t kCodesARead = 200;  // estimates in the time of a read
  constexpr double kMargin = 1.25;
  const size_t need = k + k / 2 + 4, most = disk_.size() / kCodesARead;
  for (size_t wide = ef; wide <= std::max(most, ef) && wide < disk_.size();) {
    walk(wide, memory);
    keep_live(&filter, memory);
    if (memory.found.size() >= need) return true;
    const double share = (static_cast<double>(memory.found.size()) + 0.5) / static_cast<double>(wide);
    wide = std::max(2 * wide, static_cast<size_t>(std::min(kMargin * static_cast<double>(need) / share, 1e9)));
  }
  return false;
}

// The nearest of both. An update puts the new vector into memory before it marks the one in the file: whoever looks in
// between meets both, and takes the new one.
std::vector<Match> Disk::with_fresh(std::span<const Found> found, const std::vector<Match>& fresh, size_t k) const {
  std::vector<Id> replaced;
  for (const Match& m : fresh) replaced.push_back(m.id);
  std::sort(replaced.begin(), replaced.end());
  std::vector<Match> out;
  for (const Found& f : found.first(std::min(k, found.size())))
    if (!std::binary_search(replaced.begin(), replaced.end(), f.id))
      out.push_back({f.id, metric() == Metric::L2 ? f.distance : -f.distance});
  if (fresh.empty()) return out;
  out.insert(out.end(), fresh.begin(), fresh.end());
  std::sort(out.begin(), out.end(), [&](const Match& a, const Match& b) { return nearer(metric(), a, b); });
  out.resize(std::min(k, out.size()));
  return out;
}

std::vector<Match> Disk::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  check_query(query);
  if (k == 0) return {};
  Gate::Reader reader(gate_);
  std::span<const Found> found;
  if (const size_t most = std::min(k, disk_.live()); most > 0) {
    DiskLocal& memory = prepared(query);
    const size_t ef = ef_for(most, options);
    if (is_filter(options.filter))
      filtered(most, ef, *options.filter, memory);
    else
      plain(most, ef, memory);
    found = memory.found;
  }
  if (fresh_->size() == 0) return with_fresh(found, {}, k);
  return with_fresh(found, fresh_->search(query, k, options), k);
}

// Wider until the farthest of what was asked for lies outside the radius, so that none inside is cut off by ef alone.
std::vector<Match> Disk::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_range(query, radius);
  constexpr size_t kFirst = 128;
  Gate::Reader reader(gate_);
  const float limit = metric() == Metric::L2 ? radius : -radius;
  std::span<const Found> found;
  if (disk_.live() > 0) {
    DiskLocal& memory = prepared(query);
    size_t ef = std::max(options.ef, kFirst);
    for (; disk_.graph && ef < disk_.size(); ef *= 2) {
      walk(ef, memory);
      std::sort(memory.found.begin(), memory.found.end());
      if (memory.found.size() >= ef && memory.found[ef - 1].distance > limit) break;
    }
    if (!disk_.graph || ef >= disk_.size()) scan_rows(nullptr, memory);
    std::erase_if(memory.found, [&](const Found& f) { return !(f.distance <= limit); });
    keep_live(is_filter(options.filter) ? options.filter : nullptr, memory);
    found = memory.found;
  }
  const auto fresh = fresh_->size() == 0 ? std::vector<Match>() : fresh_->range_search(query, radius, options);
  return with_fresh(found, fresh, found.size() + fresh.size());
}

}  // namespace hanok::index

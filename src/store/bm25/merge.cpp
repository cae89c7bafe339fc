#include <algorithm>
#include <queue>

#include "store/bm25/segment_impl.h"
#include "store/bm25/writer.h"

namespace hanok::store::bm25 {
namespace {

constexpr uint32_t kGone = UINT32_MAX;

/// Walks the terms of a segment in the order of (hash, bytes).
class Terms {
 public:
  explicit Terms(const Segment::Impl& segment) : segment_(segment), in_({}, kReaderName) { next(); }
  bool done() const { return done_; }
  uint32_t hash() const { return hash_; }
  const Entry& entry() const { return entry_; }

  void next() {
    while (in_.left() == 0) {
      if (bucket_ == uint64_t{1} << segment_.header.bucket_bits) {
        done_ = true;
        return;
      }
      in_ = base::ByteReader(segment_.bucket(bucket_++), kReaderName);
    }
    const uint32_t before = hash_;
    const std::string_view term = entry_.term;
    entry_ = segment_.read_entry(in_);
    hash_ = term_hash(entry_.term);
    if (started_ && (hash_ < before || (hash_ == before && entry_.term <= term))) corrupt("its terms are not in order");
    started_ = true;
  }

 private:
  const Segment::Impl& segment_;
  base::ByteReader in_;
  Entry entry_;
  uint64_t bucket_ = 0;
  uint32_t hash_ = 0;
  bool done_ = false, started_ = false;
};

bool before(const Terms& a, const Terms& b) {
  return a.hash() != b.hash() ? a.hash() < b.hash() : a.entry().term < b.entry().term;
}

/// The chunks that stay, ascending, and for each segment where its ordinals went.
struct Chunks {
  std::vector<ChunkId> ids;
  std::vector<uint32_t> lengths;
  std::vector<std::vector<uint32_t>> moved;
};

Chunks collect(std::span<const Segment> segments, const roaring::Roaring& gone) {
  struct Place {
    ChunkId id;
    uint32_t segment, ordinal;
  };
  std::vector<Place> places;
  Chunks out;
  for (uint32_t s = 0; s < segments.size(); ++s) {
    const auto& impl = *segments[s].impl_;
    out.moved.emplace_back(impl.header.chunks, kGone);
    for (uint32_t o = 0; o < impl.header.chunks; ++o)
      if (const ChunkId id = impl.id(o); !gone.contains(id)) places.push_back({id, s, o});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.id < b.id; });
  for (const Place& p : places) {
    if (!out.ids.empty() && out.ids.back() == p.id) corrupt("chunk " + std::to_string(p.id) + " is in it twice");
    out.moved[p.segment][p.ordinal] = static_cast<uint32_t>(out.ids.size());
    out.ids.push_back(p.id);
    out.lengths.push_back(segments[p.segment].impl_->length(p.ordinal));
  }
  return out;
}

void append_moved(const List& list, std::span<const uint32_t> moved, std::vector<Posting>& out) {
  Cursor cursor;
  for (cursor.open(list, static_cast<uint32_t>(moved.size())); cursor.ordinal() != kEnd; cursor.next())
    if (const uint32_t to = moved[cursor.ordinal()]; to != kGone) out.push_back({to, cursor.tf()});
}

}  // namespace

std::string merge(std::span<const Segment> segments, const roaring::Roaring& gone) {
  const Chunks chunks = collect(segments, gone);
  std::vector<Terms> terms;
  for (const Segment& s : segments) terms.emplace_back(*s.impl_);
  Writer writer(chunks.ids, chunks.lengths);
  const auto later = [&](size_t a, size_t b) { return before(terms[b], terms[a]); };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> queue(later);
  for (size_t i = 0; i < terms.size(); ++i)
    if (!terms[i].done()) queue.push(i);
  std::vector<Posting> list;
  while (!queue.empty()) {
    const std::string_view term = terms[queue.top()].entry().term;
    const uint32_t hash = terms[queue.top()].hash();
    list.clear();
    while (!queue.empty() && terms[queue.top()].hash() == hash && terms[queue.top()].entry().term == term) {
      const size_t i = queue.top();
      queue.pop();
      append_moved(terms[i].entry().list, chunks.moved[i], list);
      terms[i].next();
      if (!terms[i].done()) queue.push(i);
    }
    if (list.empty()) continue;
    const auto by_ordinal = [](const Posting& a, const Posting& b) { return a.ordinal < b.ordinal; };
    if (!std::is_sorted(list.begin(), list.end(), by_ordinal)) std::sort(list.begin(), list.end(), by_ordinal);
    writer.add(term, hash, list);
  }
  return writer.finish();
}

}  // namespace hanok::store::bm25

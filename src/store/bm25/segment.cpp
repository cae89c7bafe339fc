#include "store/bm25/segment.h"

#include "base/sealed.h"
#include "store/bm25/segment_impl.h"

namespace hanok::store::bm25 {
namespace {

void check(bool holds, const char* what) {
  if (!holds) corrupt(what);
}

/// Each part follows the one before, and the whole is as long as the header says.
void check_layout(const Header& h, size_t size) {
  check(h.bytes == size, "it is cut off, or bytes follow it");
  check(h.bucket_bits <= 31, "the dictionary has too many buckets");
  const uint64_t ids = (h.flags & kIdsListed) != 0 ? uint64_t{h.chunks} * 4 : 0;
  const uint64_t lengths = uint64_t{h.chunks} * ((h.flags & kWideLengths) != 0 ? 4 : 2);
  const uint64_t buckets = ((uint64_t{1} << h.bucket_bits) + 1) * 4;
  check(h.ids_at == sizeof(Header), "the chunk ids are misplaced");
  check(h.lengths_at == h.ids_at + ids, "the lengths are misplaced");
  check(h.buckets_at == h.lengths_at + lengths, "the buckets are misplaced");
  check(h.dictionary_at == h.buckets_at + buckets, "the dictionary is misplaced");
  check(h.dictionary_at <= h.postings_at && h.postings_at <= size - kPadding, "the postings are misplaced");
  const bool listed = (h.flags & kIdsListed) != 0;
  if (h.chunks > 0)
    check(h.first <= h.last && (listed || h.last - h.first == h.chunks - 1), "first and last chunk id do not fit");
}

}  // namespace

Segment Segment::open(std::string_view bytes, bool check_all) {
  if (bytes.size() < sizeof(Header) + kPadding) corrupt("only " + std::to_string(bytes.size()) + " bytes");
  auto impl = std::make_shared<Impl>();
  impl->bytes = bytes;
  const auto refuse = [](const std::string& why) { corrupt(why); };
  impl->header = base::unseal<Header>(bytes, kMagic, refuse);
  const Header& h = impl->header;
  if (h.version != kVersion)
    corrupt("version " + std::to_string(h.version) + ", this program reads " + std::to_string(kVersion));
  check_layout(h, bytes.size());
  if (check_all) base::check_body(h, bytes, refuse);
  Segment segment;
  segment.impl_ = std::move(impl);
  return segment;
}

size_t Segment::chunks() const { return impl_->header.chunks; }
uint64_t Segment::total_length() const { return impl_->header.total_length; }
ChunkId Segment::first() const { return impl_->header.first; }
ChunkId Segment::last() const { return impl_->header.last; }

uint32_t Segment::Impl::lower_bound(ChunkId wanted) const {
  if ((header.flags & kIdsListed) == 0) {
    if (wanted <= header.first) return 0;
    return std::min(wanted - header.first, header.chunks);
  }
  uint32_t low = 0, high = header.chunks;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (id(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<uint32_t> Segment::Impl::ordinal(ChunkId wanted) const {
  const uint32_t at = lower_bound(wanted);
  if (at < header.chunks && id(at) == wanted) return at;
  return std::nullopt;
}

std::string_view Segment::Impl::bucket(uint64_t number) const {
  const char* at = bytes.data() + header.buckets_at + number * 4;
  const uint32_t begin = load<uint32_t>(at), end = load<uint32_t>(at + 4);
  if (begin > end || end > header.postings_at - header.dictionary_at) corrupt("a bucket lies outside the dictionary");
  return bytes.substr(header.dictionary_at + begin, end - begin);
}

Entry Segment::Impl::read_entry(base::ByteReader& in) const {
  Entry entry;
  entry.term = in.take(in.varint("a term's length"), "a term");
  entry.list.df = varint32(in, "a term's number of chunks");
  const uint64_t place = in.varint("a list's place");  // bytes << 1 | 1 if they lie elsewhere
  if ((place & 1) == 0) {
    entry.list.bytes = in.take(place >> 1, "a list");
  } else {
    const uint64_t offset = in.varint("a list's offset"), size = place >> 1;
    const uint64_t all = header.bytes - kPadding - header.postings_at;
    if (offset > all || size > all - offset) corrupt("a posting list lies outside the segment");
    entry.list.bytes = bytes.substr(header.postings_at + offset, size);
  }
  return entry;
}

List Segment::Impl::find(std::string_view term, uint32_t hash) const {
  const uint64_t number = uint64_t{hash} >> (32 - header.bucket_bits);
  for (base::ByteReader in(bucket(number), kReaderName); in.left() > 0;) {
    const Entry entry = read_entry(in);
    if (entry.term == term) return entry.list;
  }
  return {};
}

}  // namespace hanok::store::bm25

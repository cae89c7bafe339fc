#include "store/bm25/postings.h"

#include <algorithm>
#include <bit>

namespace hanok::store::bm25 {
namespace {

// A gap counts the ordinals left out before a posting. "previous" of the first posting of a list is -1.
constexpr uint32_t kBeforeFirst = UINT32_MAX;

void encode_short(std::span<const Posting> list, uint32_t previous, std::string& out) {
  for (const Posting& p : list) {
    const uint64_t gap = p.ordinal - previous - 1;
    put_varint(out, gap << 1 | (p.tf > 1 ? 1 : 0));
    if (p.tf > 1) put_varint(out, p.tf - 2);
    previous = p.ordinal;
  }
}

void pack(std::span<const uint32_t> values, uint32_t bits, std::string& out) {
  uint64_t buffer = 0;
  uint32_t held = 0;
  for (const uint32_t v : values) {
    buffer |= static_cast<uint64_t>(v) << held;
    held += bits;
    for (; held >= 8; held -= 8, buffer >>= 8) out += static_cast<char>(buffer);
  }
  if (held > 0) out += static_cast<char>(buffer);
}

uint32_t width(std::span<const uint32_t> values) {
  uint32_t all = 0;
  for (const uint32_t v : values) all |= v;
  return static_cast<uint32_t>(std::bit_width(all));
}

void encode_block(std::span<const Posting> list, uint32_t previous, std::string& out) {
  std::array<uint32_t, kBlock> gaps, more;
  for (size_t i = 0; i < kBlock; ++i) {
    gaps[i] = list[i].ordinal - previous - 1;
    more[i] = list[i].tf - 1;
    previous = list[i].ordinal;
  }
  const uint32_t gap_bits = width(gaps), tf_bits = width(more);
  out += static_cast<char>(gap_bits);
  out += static_cast<char>(tf_bits);
  pack(gaps, gap_bits, out);
  pack(more, tf_bits, out);
}

BlockInfo describe(std::span<const Posting> list, std::span<const uint32_t> lengths, size_t offset) {
  if (offset > UINT32_MAX)
    throw Error(Code::Exhausted, "bm25 segment: a posting list exceeds 4 GiB; make more segments");
  uint32_t shortest = UINT16_MAX, most = 0;
  for (const Posting& p : list) {
    shortest = std::min(shortest, lengths[p.ordinal]);
    most = std::max(most, p.tf);
  }
  return {list.back().ordinal, static_cast<uint32_t>(offset), static_cast<uint16_t>(shortest),
          static_cast<uint16_t>(std::min<uint32_t>(most, UINT16_MAX))};
}

/// Value i of a packed array; eight bytes from its place on must be readable.
inline uint32_t packed_value(const char* at, uint32_t bits, uint32_t i) {
  const uint64_t bit = uint64_t{i} * bits;
  return static_cast<uint32_t>(load<uint64_t>(at + (bit >> 3)) >> (bit & 7) & ((uint64_t{1} << bits) - 1));
}

}  // namespace

void encode_postings(std::span<const Posting> list, std::span<const uint32_t> lengths, std::string& out) {
  if (list.size() < kBlock) return encode_short(list, kBeforeFirst, out);
  const size_t blocks = (list.size() + kBlock - 1) / kBlock;
  const size_t table = out.size(), payload = table + blocks * sizeof(BlockInfo);
  out.resize(payload);
  uint32_t previous = kBeforeFirst;
  for (size_t b = 0; b < blocks; ++b) {
    const auto part = list.subspan(b * kBlock, std::min<size_t>(kBlock, list.size() - b * kBlock));
    const BlockInfo info = describe(part, lengths, out.size() - payload);
    std::memcpy(out.data() + table + b * sizeof(BlockInfo), &info, sizeof(info));
    if (part.size() == kBlock) {
      encode_block(part, previous, out);
    } else {
      encode_short(part, previous, out);
    }
    previous = part.back().ordinal;
  }
}

void Cursor::open(const List& list, uint32_t chunks) {
  df_ = list.df;
  chunks_ = chunks;
  blocks_ = block_ = hint_ = at_ = count_ = most_ = 0;
  if (df_ == 0 || df_ > chunks)
    corrupt("a term occurs in " + std::to_string(df_) + " of " + std::to_string(chunks) + " chunks");
  if (df_ < kBlock) {
    payload_ = list.bytes;
    read_short(payload_, kBeforeFirst, df_);
    for (uint32_t i = 0; i < count_; ++i) most_ = std::max(most_, tfs_[i]);
    most_ = std::min<uint32_t>(most_, UINT16_MAX);
    return;
  }
  blocks_ = (df_ + kBlock - 1) / kBlock;
  const size_t table_bytes = size_t{blocks_} * sizeof(BlockInfo);
  if (list.bytes.size() < table_bytes) corrupt("a block table is cut off");
  table_ = list.bytes.data();
  payload_ = list.bytes.substr(table_bytes);
  unpack(0);
}

uint32_t Cursor::tf() const {
  if (tfs_ready_) return tfs_[at_];
  return packed_value(tf_bits_at_, tf_bits_, at_) + 1;
}

void Cursor::next_block() {
  if (block_ + 1 < blocks_) {
    unpack(block_ + 1);
  } else {
    at_ = count_ = 0;
    block_ = blocks_;
  }
}

void Cursor::seek(uint32_t target) {
  if (at_ >= count_ || ordinals_[at_] >= target) return;
  if (ordinals_[count_ - 1] < target) {
    uint32_t b = block_ + 1;
    while (b < blocks_ && last_of(b) < target) ++b;
    if (b >= blocks_) {
      at_ = count_ = 0;
      block_ = blocks_;
      return;
    }
    unpack(b);
  }
  while (at_ < count_ && ordinals_[at_] < target) ++at_;
  if (at_ >= count_) corrupt("a block ends before its last ordinal");
}

Cursor::Run Cursor::run(uint32_t end) {
  if (at_ >= count_) return {nullptr, nullptr, 0};
  uint32_t stop = count_;
  if (ordinals_[count_ - 1] >= end)
    stop = static_cast<uint32_t>(std::lower_bound(ordinals_.begin() + at_, ordinals_.begin() + count_, end) -
                                 ordinals_.begin());
  if (stop > at_) unpack_tfs();
  return {ordinals_.data() + at_, tfs_.data() + at_, stop - at_};
}

void Cursor::unpack(uint32_t block) {
  block_ = block;
  at_ = 0;
  const BlockInfo here = info(block);
  const uint32_t previous = block == 0 ? kBeforeFirst : last_of(block - 1);
  if (here.offset > payload_.size()) corrupt("a block lies outside its list");
  const std::string_view bytes = payload_.substr(here.offset);
  if (here.last >= chunks_) corrupt("an ordinal is out of range");
  count_ = std::min(kBlock, df_ - block * kBlock);
  if (count_ < kBlock) {
    read_short(bytes, previous, count_);
  } else {
    if (bytes.size() < 2) corrupt("a block is cut off");
    const auto gap_bits = static_cast<unsigned char>(bytes[0]), tf_bits = static_cast<unsigned char>(bytes[1]);
    if (gap_bits > 32 || tf_bits > 31) corrupt("a block is packed in more than 32 bits");
    constexpr size_t kBytesPerBit = kBlock / 8;
    if (bytes.size() < 2 + kBytesPerBit * (gap_bits + tf_bits)) corrupt("a block is cut off");
    const char* at = bytes.data() + 2;
    uint64_t ordinal = previous == kBeforeFirst ? UINT64_MAX : previous;
    for (uint32_t i = 0; i < kBlock; ++i) {
      ordinal += packed_value(at, gap_bits, i) + uint64_t{1};
      ordinals_[i] = static_cast<uint32_t>(ordinal);
    }
    if (ordinal != here.last) corrupt("a block's ordinals do not add up");
    tf_bits_at_ = at + kBytesPerBit * gap_bits;
    tf_bits_ = tf_bits;
    tfs_ready_ = false;
  }
  if (ordinals_[count_ - 1] != here.last) corrupt("a block's ordinals do not add up");
}

void Cursor::unpack_tfs() const {
  if (tfs_ready_) return;
  for (uint32_t i = 0; i < kBlock; ++i) tfs_[i] = packed_value(tf_bits_at_, tf_bits_, i) + 1;
  tfs_ready_ = true;
}

void Cursor::read_short(std::string_view bytes, uint32_t previous, uint32_t count) {
  base::ByteReader in(bytes, kReaderName);
  uint64_t ordinal = previous == kBeforeFirst ? UINT64_MAX : previous;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t gap = in.varint("an ordinal");
    ordinal += (gap >> 1) + 1;
    if (ordinal >= chunks_) corrupt("an ordinal is out of range");
    ordinals_[i] = static_cast<uint32_t>(ordinal);
    const uint64_t more = (gap & 1) != 0 ? in.varint("a term frequency") + 1 : 0;
    if (more >= UINT32_MAX) corrupt("a term frequency is out of range");
    tfs_[i] = static_cast<uint32_t>(more) + 1;
  }
  count_ = count;
  tfs_ready_ = true;
}

}  // namespace hanok::store::bm25

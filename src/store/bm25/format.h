// The bytes of a BM25 segment (docs/formats/bm25.md says the same in words).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "hanok/error.h"

namespace hanok::store::bm25 {

static_assert(std::endian::native == std::endian::little, "segments are little endian and read in place");

constexpr std::string_view kMagic("hnkbm25\n", 8);
constexpr uint32_t kVersion = 1;
constexpr uint32_t kIdsListed = 1;    // flag: chunk ids are not first, first + 1, ...: a table of u32 holds them
constexpr uint32_t kWideLengths = 2;  // flag: lengths are u32 (else u16)
constexpr size_t kPadding = 8;        // zero bytes at the end, so that bits can be read eight bytes at a time
constexpr uint32_t kBlock = 128;      // postings in a packed block
constexpr uint32_t kTermsPerBucket = 4;

struct Header {
  char magic[8];
  uint32_t version, flags;
  uint64_t bytes;         // of the whole segment
  uint64_t total_length;  // sum of chunk lengths, in terms
  uint64_t terms;
  uint64_t ids_at, lengths_at, buckets_at, dictionary_at, postings_at;
  uint32_t chunks, first, last;
  uint32_t shortest;     // least chunk length
  uint32_t bucket_bits;  // 2^bucket_bits buckets, chosen by the upper bits of a term's hash
  uint32_t reserved;
  uint32_t body_crc;    // CRC-32C of everything after the header
  uint32_t header_crc;  // CRC-32C of the header up to here
};
static_assert(sizeof(Header) == 112);

/// What is known of a packed block without unpacking it.
struct BlockInfo {
  uint32_t last;      // its greatest ordinal
  uint32_t offset;    // of its bytes, counted from the end of the block table
  uint16_t shortest;  // least length of its chunks, at most 65535
  uint16_t most;      // greatest term frequency; 65535 stands for anything from there on
};
static_assert(sizeof(BlockInfo) == 12);

template <typename T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T>
void store_to(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

[[noreturn]] inline void corrupt(const std::string& what) {
  throw Error(Code::Corrupt, "bm25 segment: " + what + "; rebuild the keyword index");
}

using base::put_varint;

constexpr const char* kReaderName = "bm25 segment";  // short enough that a reader allocates nothing

inline uint32_t varint32(base::ByteReader& in, const char* what) {
  const uint64_t value = in.varint(what);
  if (value > UINT32_MAX) corrupt(std::string(what) + " has more than 32 bits");
  return static_cast<uint32_t>(value);
}

/// Multiply and fold, eight bytes at a time. Part of the format: it chooses a term's bucket.
inline uint32_t term_hash(std::string_view term) {
  uint64_t h = 0xCBF29CE484222325u ^ term.size();
  size_t at = 0;
  for (; at + 8 <= term.size(); at += 8) h = (h ^ load<uint64_t>(term.data() + at)) * 0x9E3779B97F4A7C15u, h ^= h >> 32;
  uint64_t rest = 0;
  if (at < term.size()) std::memcpy(&rest, term.data() + at, term.size() - at);
  h = (h ^ rest) * 0x9E3779B97F4A7C15u;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9u;
  return static_cast<uint32_t>(h >> 32);
}

}  // namespace hanok::store::bm25

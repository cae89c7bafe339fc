// What packed bytes may unpack to: the limits that zip entries and the streams of other containers share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/loaders/loader.h"

namespace hanok::text {

// Deflate reaches 1032:1 on constant bytes; XML of sheets reaches about 60:1.
constexpr uint64_t kBombRatio = 200;
constexpr uint64_t kBombFloor = 8ull << 20;  // small entries may be as dense as they like

struct Inflated {
  std::string bytes;
  bool whole = false;  // false: the data is cut or damaged, and `bytes` is what came before
};

/// Undoes a raw deflate stream (RFC 1951: no zlib or gzip head). `unpacked` counts the bytes of all streams of the
/// file so far. Throws Exhausted at LoadOptions::max_unpacked_bytes and for a bomb; `part` is named in the message.
Inflated inflate_raw(const Source& source, std::string_view part, std::string_view packed, uint64_t& unpacked);

}  // namespace hanok::text

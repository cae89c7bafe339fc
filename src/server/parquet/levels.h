// Parquet's "RLE / bit-packing hybrid": small numbers as runs of one, or packed by their bits.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::server::parquet {

/// `count` numbers of `bits` (at most 32) bits. Throws Corrupt where they are not there.
std::vector<uint32_t> read_levels(std::string_view bytes, int bits, size_t count, const std::string& name);

}  // namespace hanok::server::parquet

#include "text/loaders/unpack.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace hanok::text {
namespace {

struct Stream {
  z_stream z{};
  Stream() {
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

}  // namespace

Inflated inflate_raw(const Source& source, std::string_view part, std::string_view packed, uint64_t& unpacked) {
  Stream stream;
  Inflated out;
  std::array<char, 1 << 16> buffer;
  std::string_view rest = packed;
  for (;;) {
    if (stream.z.avail_in == 0 && !rest.empty()) {
      const size_t n = std::min<size_t>(rest.size(), std::numeric_limits<uInt>::max());
      stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
      stream.z.avail_in = static_cast<uInt>(n);
      rest.remove_prefix(n);
    }
    stream.z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.z.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&stream.z, Z_NO_FLUSH);
    const size_t got = buffer.size() - stream.z.avail_out;
    unpacked += got;
    if (unpacked > source.options.max_unpacked_bytes)
      source.fail(Code::Exhausted, "unpacks to more than " + std::to_string(source.options.max_unpacked_bytes) +
                                       " bytes (max_unpacked_bytes)");
    out.bytes.append(buffer.data(), got);
    if (out.bytes.size() > kBombFloor && out.bytes.size() / kBombRatio > packed.size())
      source.fail(Code::Exhausted, std::string(part) + " unpacks to more than " + std::to_string(kBombRatio) +
                                       " times its size: a bomb");
    out.whole = result == Z_STREAM_END;
    if (result != Z_OK || (got == 0 && rest.empty() && stream.z.avail_in == 0)) return out;
  }
}

}  // namespace hanok::text

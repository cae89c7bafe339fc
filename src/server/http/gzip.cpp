#include "server/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "server/http/message.h"

namespace hanok::server {
namespace {

constexpr int kGzip = 15 + 16, kEither = 15 + 32;  // windowBits: 32 KiB; gzip written, gzip or zlib read
constexpr int kQuick = 2;                          // level: half the time of the default for a tenth more bytes

[[noreturn]] void damaged() {
  throw Refusal(
      {.status = 400, .message = "the body says it is packed (gzip) and is damaged or cut off", .code = "invalid"});
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream z{};
  if (deflateInit2(&z, kQuick, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error(Code::Exhausted, "no memory for packing an answer");
  std::string out;
  out.resize(deflateBound(&z, static_cast<uLong>(bytes.size())));
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (result != Z_STREAM_END) throw Error(Code::Internal, "an answer could not be packed");
  return out;
}

std::string gunzip(std::string_view packed, size_t most, const std::function<void(size_t)>& grown) {
  z_stream z{};
  if (packed.size() > std::numeric_limits<uInt>::max() || inflateInit2(&z, kEither) != Z_OK)
    throw Error(Code::Exhausted, "no memory for unpacking a body");
  struct End {
    z_stream& z;
    ~End() { inflateEnd(&z); }
  } const end{z};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  for (;;) {
    constexpr size_t kStep = 256 << 10;
    const size_t before = out.size();
    out.resize(before + std::min(kStep, most + 1 - before));
    z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    z.avail_out = static_cast<uInt>(out.size() - before);
    const int result = inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
    if (out.size() > most)
      throw Refusal({.status = 413,
                     .message = "the body unpacks to more than " + std::to_string(most) + " bytes",
                     .code = "too_large"});
    if (grown) grown(out.size() - before);
    if (result == Z_STREAM_END) {
      if (z.avail_in == 0) return out;
      inflateReset(&z);  // RFC 1952, 2.2: members follow each other
    } else if (result != Z_OK || (z.avail_in == 0 && out.size() == before)) {
      damaged();
    }
  }
}

}  // namespace hanok::server

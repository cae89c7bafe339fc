#include "vision/data/unpack.h"

#include <lzma.h>
#include <zlib.h>

#include <array>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::vision {
namespace {

constexpr size_t kPiece = 1 << 18;
constexpr uint64_t kXzMemory = 256 << 20;  // what `xz -9` asks of its reader is 65 MB

[[noreturn]] void damaged(const std::string& what, uint64_t at) {
  throw Error(Code::Corrupt, what + ": damaged after " + std::to_string(at) + " bytes unpacked; get it again");
}
[[noreturn]] void too_much(const std::string& what, uint64_t most) {
  throw Error(Code::Exhausted, what + ": unpacks to more than the " + std::to_string(most) + " bytes expected at most");
}

}  // namespace

std::string gunzip(std::string_view packed, const std::string& what, uint64_t most) {
  z_stream z{};
  constexpr int kGzip = 16;  // added to the window's bits: a gzip head is expected
  if (inflateInit2(&z, kGzip + MAX_WBITS) != Z_OK) throw Error(Code::Exhausted, what + ": no memory to unpack it");
  struct End {
    z_stream* z;
    ~End() { inflateEnd(z); }
  } end{&z};
  std::string out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  for (;;) {
    std::array<char, kPiece> piece;
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = kPiece;
    const int state = inflate(&z, Z_NO_FLUSH);
    out.append(piece.data(), kPiece - z.avail_out);
    if (out.size() > most) too_much(what, most);
    if (state == Z_STREAM_END) {
      if (z.avail_in == 0) return out;
      if (inflateReset(&z) != Z_OK) damaged(what, out.size());  // the next member
      continue;
    }
    if (state != Z_OK || (z.avail_in == 0 && z.avail_out > 0)) damaged(what, out.size());
  }
}

std::string unxz(std::string_view packed, const std::string& what, uint64_t most) {
  lzma_stream z = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&z, kXzMemory, LZMA_CONCATENATED) != LZMA_OK)
    throw Error(Code::Exhausted, what + ": no memory to unpack it");
  struct End {
    lzma_stream* z;
    ~End() { lzma_end(z); }
  } end{&z};
  std::string out;
  z.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  z.avail_in = packed.size();
  for (;;) {
    std::array<char, kPiece> piece;
    z.next_out = reinterpret_cast<uint8_t*>(piece.data());
    z.avail_out = kPiece;
    const lzma_ret state = lzma_code(&z, LZMA_FINISH);
    out.append(piece.data(), kPiece - z.avail_out);
    if (out.size() > most) too_much(what, most);
    if (state == LZMA_STREAM_END) return out;
    if (state != LZMA_OK) damaged(what, out.size());
  }
}

std::optional<std::string> read_packed(const std::filesystem::path& folder, const std::string& name, uint64_t most,
                                       std::filesystem::path* path) {
  for (const char* end : {"", ".gz", ".xz"}) {
    const std::filesystem::path file = folder / (name + end);
    if (!std::filesystem::exists(file)) continue;
    if (path) *path = file;
    std::string bytes = base::read_file(file, most + (most >> 6) + 4096);
    if (*end == '\0') return bytes;
    return end == std::string(".gz") ? gunzip(bytes, file.string(), most) : unxz(bytes, file.string(), most);
  }
  return std::nullopt;
}

std::optional<std::string_view> find_in_tar(std::string_view tar, std::string_view name, const std::string& what) {
  constexpr size_t kBlock = 512, kNameBytes = 100, kSizeAt = 124, kSizeBytes = 11;
  for (size_t at = 0; at + kBlock <= tar.size();) {
    const std::string_view head = tar.substr(at, kBlock);
    if (head.find_first_not_of('\0') == head.npos) return std::nullopt;  // the end
    const std::string_view path = head.substr(0, std::min(head.find('\0'), kNameBytes));
    uint64_t size = 0;
    for (const char c : head.substr(kSizeAt, kSizeBytes)) {
      if (c < '0' || c > '7')
        throw Error(Code::Corrupt, what + ": the tar's head at byte " + std::to_string(at) + " is damaged");
      size = size * 8 + static_cast<uint64_t>(c - '0');
    }
    at += kBlock;
    if (size > tar.size() - at)
      throw Error(Code::Corrupt, what + ": " + std::string(path) + " is cut off: " + std::to_string(size) +
                                     " bytes were expected, " + std::to_string(tar.size() - at) + " are there");
    if (path.ends_with(name)) return tar.substr(at, size);
    at += (size + kBlock - 1) / kBlock * kBlock;
  }
  return std::nullopt;
}

}  // namespace hanok::vision

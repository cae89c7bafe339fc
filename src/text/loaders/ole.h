// OLE compound files (MS-CFB 3.0: the sectors of a small FAT file system in one file), read in memory with limits: the
// ground of hwp, and what old Office files are told apart by.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/loaders/loader.h"

namespace hanok::text {

class Ole {
 public:
  /// Opens Source::bytes, which must outlive it. Throws Corrupt: no compound file, or its tables are damaged (a
  /// sector outside the file, a chain that runs in a circle).
  explicit Ole(const Source& source);

  bool has(std::string_view path) const { return streams_.contains(path); }
  /// Paths of all streams, "BodyText/Section0", sorted.
  std::vector<std::string> paths() const;
  /// The bytes of a stream; nullopt when there is none of this path. Throws Corrupt when its sectors are damaged,
  /// Exhausted when all streams read so far exceed LoadOptions::max_unpacked_bytes.
  std::optional<std::string> find(std::string_view path);
  /// The same for a stream that must be there: its absence is Corrupt.
  std::string read(std::string_view path);

 private:
  struct Stream {
    uint32_t start;
    uint64_t size;
  };
  struct Entry;

  [[noreturn]] void damaged(const std::string& why) const;
  std::string_view sector(uint32_t number) const;
  void read_fat();
  void read_directory();
  std::string chain(uint32_t start, const std::string& what) const;
  std::string mini_chain(const Stream& stream, const std::string& what) const;

  const Source& source_;
  uint32_t sector_size_ = 512;
  std::vector<uint32_t> fat_, mini_fat_;
  std::string mini_sectors_;  // the root's stream: sectors of 64 bytes for streams below kMiniCutoff
  std::map<std::string, Stream, std::less<>> streams_;
  uint64_t read_ = 0;
};

/// Little-endian numbers at `at`; 0 where the bytes end.
uint16_t le16(std::string_view bytes, size_t at);
uint32_t le32(std::string_view bytes, size_t at);
/// UTF-16LE -> UTF-8; a lone surrogate becomes U+FFFD.
std::string utf16le(std::string_view bytes);

}  // namespace hanok::text

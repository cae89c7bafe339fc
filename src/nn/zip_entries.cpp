#include "nn/zip_entries.h"

#include <algorithm>
#include <cstdint>

#include "base/byte_reader.h"
#include "hanok/error.h"

namespace hanok::nn {
namespace {

using base::ByteReader;

constexpr uint32_t kEntry = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kLocator64 = 0x07064b50;
constexpr size_t kEndBytes = 22, kLocator64Bytes = 20;
constexpr uint16_t kEncrypted = 1, kExtra64 = 1;
constexpr uint32_t kIn64 = 0xffffffff;  // the value stands in the 64-bit record

struct Directory {
  uint64_t entries = 0, offset = 0;
};

// The record at the end of the file; a comment of at most 65,535 bytes may stand behind it.
size_t find_end(std::string_view file, ByteReader& in) {
  const std::string_view mark("PK\5\6", 4);
  const size_t at = file.size() < kEndBytes ? std::string_view::npos : file.rfind(mark, file.size() - kEndBytes);
  if (at == std::string_view::npos || file.size() - at > kEndBytes + 65535)
    in.corrupt("has no zip directory at its end: the file is cut off, get it again");
  return at;
}

Directory find_directory(std::string_view file, const std::string& what) {
  ByteReader in(file, what);
  const size_t end = find_end(file, in);
  in.take(end, "the zip directory");
  in.take(10, "its end");
  Directory out;
  out.entries = in.read<uint16_t>("its end");
  in.read<uint32_t>("its end");
  out.offset = in.read<uint32_t>("its end");
  if (out.entries != 0xffff && out.offset != kIn64) return out;

  if (end < kLocator64Bytes) in.corrupt("its 64-bit zip directory is missing");
  ByteReader locator(file.substr(end - kLocator64Bytes), what);
  if (locator.read<uint32_t>("the 64-bit locator") != kLocator64) in.corrupt("its 64-bit zip directory is missing");
  locator.read<uint32_t>("the 64-bit locator");
  const auto at = locator.read<uint64_t>("the 64-bit locator");
  ByteReader wide(file, what);
  wide.take(at, "the 64-bit zip directory");
  if (wide.read<uint32_t>("the 64-bit zip directory") != kEnd64) wide.corrupt("its 64-bit zip directory is missing");
  wide.take(28, "the 64-bit zip directory");
  out.entries = wide.read<uint64_t>("the 64-bit zip directory");
  wide.read<uint64_t>("the 64-bit zip directory");
  out.offset = wide.read<uint64_t>("the 64-bit zip directory");
  return out;
}

struct Entry {
  std::string name;
  uint64_t packed = 0, size = 0, offset = 0;
};

// Values that do not fit 32 bits stand in an extra field, in this order, those that are needed alone.
void read_extra(std::string_view extra, const std::string& what, Entry& entry) {
  ByteReader in(extra, what);
  while (in.left() >= 4) {
    const auto id = in.read<uint16_t>("an extra field"), size = in.read<uint16_t>("an extra field");
    ByteReader field(in.take(size, "an extra field"), what);
    if (id != kExtra64) continue;
    for (uint64_t* value : {&entry.size, &entry.packed, &entry.offset})
      if (*value == kIn64) *value = field.read<uint64_t>("a 64-bit extra field");
  }
}

Entry read_directory_entry(ByteReader& in) {
  if (in.read<uint32_t>("a zip entry") != kDirectoryEntry)
    in.corrupt("has no zip entry at byte " + std::to_string(in.position() - 4));
  in.read<uint32_t>("versions");
  const auto flags = in.read<uint16_t>("flags"), method = in.read<uint16_t>("the method");
  in.take(8, "time and checksum");
  Entry entry;
  entry.packed = in.read<uint32_t>("a size");
  entry.size = in.read<uint32_t>("a size");
  const auto name = in.read<uint16_t>("a length"), extra = in.read<uint16_t>("a length"),
             comment = in.read<uint16_t>("a length");
  in.take(8, "attributes");
  entry.offset = in.read<uint32_t>("an offset");
  entry.name = in.take(name, "a name");
  read_extra(in.take(extra, "an extra field"), in.name(), entry);
  in.take(comment, "a comment");
  if (method != 0 || (flags & kEncrypted))
    throw Error(Code::Unsupported, in.name() + ": '" + entry.name +
                                       "' is packed or encrypted, expected it as it is: torch.save writes no other");
  return entry;
}

std::string_view content(std::string_view file, const std::string& what, const Entry& entry) {
  ByteReader in(file, what);
  in.take(entry.offset, "a zip entry");
  if (in.read<uint32_t>("a zip entry") != kEntry) in.corrupt("'" + entry.name + "' is not where the directory says");
  in.take(22, "a zip entry");
  const auto name = in.read<uint16_t>("a length"), extra = in.read<uint16_t>("a length");
  in.take(uint64_t{name} + extra, "a zip entry");
  if (entry.packed != entry.size) in.corrupt("'" + entry.name + "' has two sizes");
  return in.take(entry.size, "a file in the zip");
}

}  // namespace

std::map<std::string, std::string_view> zip_entries(std::string_view file, const std::string& what) {
  const Directory directory = find_directory(file, what);
  ByteReader in(file, what);
  in.take(directory.offset, "the zip directory");
  std::map<std::string, std::string_view> out;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    const Entry entry = read_directory_entry(in);
    if (!out.emplace(entry.name, content(file, what, entry)).second) in.corrupt("has '" + entry.name + "' twice");
  }
  return out;
}

}  // namespace hanok::nn

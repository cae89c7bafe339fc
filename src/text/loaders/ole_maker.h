// Makes OLE compound files and HWP documents in memory, for the tests and the fuzz program.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "text/utf8.h"

namespace hanok::text {

inline std::string le_bytes(uint64_t value, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(value >> 8 * i));
  return out;
}

inline std::string to_utf16le(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size();) {
    const uint32_t c = next_code_point(utf8, i);
    if (c >= 0x10000)
      out += le_bytes(0xD800 + ((c - 0x10000) >> 10), 2) + le_bytes(0xDC00 + ((c - 0x10000) & 0x3FF), 2);
    if (c < 0x10000) out += le_bytes(c, 2);
  }
  return out;
}

/// A compound file of 512-byte sectors with these streams, "Folder/Name" or "Name"; small ones in the small sectors.
inline std::string make_ole(const std::vector<std::pair<std::string, std::string>>& streams) {
  static constexpr uint32_t kEnd = 0xFFFFFFFE, kFree = 0xFFFFFFFF, kNone = 0xFFFFFFFF;
  const auto sectors_of = [](size_t bytes, size_t size) { return (bytes + size - 1) / size; };
  std::string body, mini;
  std::vector<uint32_t> fat, mini_fat;
  const auto chain = [](std::vector<uint32_t>& table, size_t count) {
    const auto first = static_cast<uint32_t>(table.size());
    for (size_t i = 1; i < count; ++i) table.push_back(first + static_cast<uint32_t>(i));
    if (count > 0) table.push_back(kEnd);
    return count > 0 ? first : kEnd;
  };
  const auto store = [&](std::string bytes) {
    const uint32_t first = chain(fat, sectors_of(bytes.size(), 512));
    bytes.resize(sectors_of(bytes.size(), 512) * 512);
    body += bytes;
    return first;
  };
  struct Node {
    std::string name;
    uint8_t type;
    uint32_t right = kNone, child = kNone, start = 0, size = 0;
  };
  std::vector<Node> nodes{{"Root Entry", 5}};
  const auto add = [&](uint32_t parent, Node node) {
    const auto index = static_cast<uint32_t>(nodes.size());
    node.right = nodes[parent].child;  // siblings as a list: a tree that leans to one side
    nodes[parent].child = index;
    nodes.push_back(std::move(node));
    return index;
  };
  for (const auto& [path, bytes] : streams) {
    uint32_t parent = 0;
    const size_t slash = path.find('/');
    if (slash != path.npos) {
      const std::string folder = path.substr(0, slash);
      for (uint32_t i = 1; i < nodes.size(); ++i)
        if (nodes[i].type == 1 && nodes[i].name == folder) parent = i;
      if (parent == 0) parent = add(0, {folder, 1});
    }
    Node node{slash == path.npos ? path : path.substr(slash + 1), 2};
    node.size = static_cast<uint32_t>(bytes.size());
    if (bytes.size() >= 4096) {
      node.start = store(bytes);
    } else {
      node.start = chain(mini_fat, sectors_of(bytes.size(), 64));
      mini += bytes;
      mini.resize(sectors_of(mini.size(), 64) * 64);
    }
    add(parent, node);
  }
  nodes[0].size = static_cast<uint32_t>(mini.size());
  nodes[0].start = store(mini);
  std::string table;
  for (const uint32_t next : mini_fat) table += le_bytes(next, 4);
  while (table.size() % 512 != 0) table += le_bytes(kFree, 4);
  const uint32_t mini_start = store(table);
  std::string directory;
  for (const auto& node : nodes) {
    std::string name = to_utf16le(node.name);
    const size_t length = name.size() + 2;
    name.resize(64);
    directory += name + le_bytes(length, 2) + le_bytes(node.type, 1) + le_bytes(1, 1) + le_bytes(kNone, 4) +
                 le_bytes(node.right, 4) + le_bytes(node.child, 4) + std::string(36, '\0') + le_bytes(node.start, 4) +
                 le_bytes(node.size, 8);
  }
  const uint32_t directory_start = store(directory);
  // The table of sectors lies behind all else; each of its own sectors, and of the list of these, has an entry in it.
  size_t own = 0, lists = 0;
  for (size_t before = 1; before != own + lists;) {
    before = own + lists;
    own = sectors_of(fat.size() + own + lists, 128);
    lists = own > 109 ? sectors_of(own - 109, 127) : 0;
  }
  const auto first_own = static_cast<uint32_t>(fat.size());
  fat.resize(fat.size() + own + lists, 0xFFFFFFFD);
  fat.resize(own * 128, kFree);
  for (const uint32_t next : fat) body += le_bytes(next, 4);
  std::string heads, list;
  for (uint32_t i = 0; i < own; ++i) (i < 109 ? heads : list) += le_bytes(first_own + i, 4);
  while (heads.size() < 436) heads += le_bytes(kFree, 4);
  const uint32_t list_start = lists > 0 ? first_own + static_cast<uint32_t>(own) : kEnd;
  for (uint32_t i = 0; i < lists; ++i) {
    std::string part = list.substr(size_t{508} * i, 508);
    while (part.size() < 508) part += le_bytes(kFree, 4);
    body += part + le_bytes(i + 1 < lists ? list_start + i + 1 : kEnd, 4);
  }
  return "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + std::string(16, '\0') + le_bytes(0x3E, 2) + le_bytes(3, 2) +
         le_bytes(0xFFFE, 2) + le_bytes(9, 2) + le_bytes(6, 2) + std::string(10, '\0') + le_bytes(own, 4) +
         le_bytes(directory_start, 4) + std::string(4, '\0') + le_bytes(4096, 4) + le_bytes(mini_start, 4) +
         le_bytes(table.size() / 512, 4) + le_bytes(list_start, 4) + le_bytes(lists, 4) + heads + body;
}

inline std::string deflate_raw(std::string_view bytes) {
  z_stream z{};
  deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// A record of an HWP stream.
inline std::string hwp_record(uint32_t tag, uint32_t level, const std::string& data) {
  const bool is_long = data.size() >= 0xFFF;
  return le_bytes(tag | level << 10 | (is_long ? 0xFFFu : static_cast<uint32_t>(data.size())) << 20, 4) +
         (is_long ? le_bytes(data.size(), 4) : "") + data;
}

/// An HWP 5 document of these packed sections; `info` is its DocInfo, `properties` as in FileHeader, `views` the
/// sections as they are shown while changes are tracked.
inline std::string make_hwp(const std::vector<std::string>& sections, const std::string& info = {},
                            uint32_t properties = 1, const std::vector<std::string>& views = {}) {
  const auto packed = [&](const std::string& bytes) { return properties & 1 ? deflate_raw(bytes) : bytes; };
  std::string head = "HWP Document File";
  head.resize(32);
  head += le_bytes(0x05010100, 4) + le_bytes(properties, 4);
  head.resize(256);
  std::vector<std::pair<std::string, std::string>> streams{{"FileHeader", head}, {"DocInfo", packed(info)}};
  for (size_t i = 0; i < sections.size(); ++i)
    streams.emplace_back("BodyText/Section" + std::to_string(i), packed(sections[i]));
  for (size_t i = 0; i < views.size(); ++i)
    streams.emplace_back("ViewText/Section" + std::to_string(i), packed(views[i]));
  return make_ole(streams);
}

}  // namespace hanok::text

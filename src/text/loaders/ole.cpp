#include "text/loaders/ole.h"

#include <algorithm>

#include "text/utf8.h"

namespace hanok::text {
namespace {

// MS-CFB 2.1 and 2.2.
constexpr uint32_t kMaxRegular = 0xFFFFFFFA;  // larger numbers are marks: free, end of chain, ...
constexpr uint32_t kEndOfChain = 0xFFFFFFFE;
constexpr size_t kHeaderSize = 512, kHeaderFat = 109, kEntrySize = 128, kMiniSector = 64;
constexpr uint64_t kMiniCutoff = 4096;
constexpr size_t kMaxEntries = 100'000;

}  // namespace

// One directory entry, MS-CFB 2.6.1: siblings are a tree of `left` and `right`.
struct Ole::Entry {
  explicit Entry(std::string_view bytes)
      : name(utf16le(bytes.substr(0, std::min<size_t>(64, std::max<size_t>(le16(bytes, 64), 2) - 2)))),
        type(static_cast<uint8_t>(bytes[66])),
        left(le32(bytes, 68)),
        right(le32(bytes, 72)),
        child(le32(bytes, 76)),
        start(le32(bytes, 116)),
        size(le32(bytes, 120)) {}
  enum : uint8_t { kStorage = 1, kStream = 2, kRoot = 5 };
  std::string name;
  uint8_t type;
  uint32_t left, right, child, start;
  uint64_t size;  // the upper half is noise in files of 512-byte sectors, and no file here reaches 4 GiB
};

uint16_t le16(std::string_view b, size_t at) {
  const auto byte = [&](size_t i) { return i < b.size() ? static_cast<unsigned char>(b[i]) : 0u; };
  return static_cast<uint16_t>(byte(at) | byte(at + 1) << 8);
}

uint32_t le32(std::string_view b, size_t at) { return le16(b, at) | static_cast<uint32_t>(le16(b, at + 2)) << 16; }

std::string utf16le(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const uint32_t unit = le16(bytes, i), next = i + 3 < bytes.size() ? le16(bytes, i + 2) : 0;
    const bool pair = unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000;
    append_utf8(out, pair ? 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00) : unit);
    if (pair) i += 2;
  }
  return out;
}

void Ole::damaged(const std::string& why) const {
  source_.fail(Code::Corrupt, "the OLE container is truncated or damaged (" + why + "); download or export it again");
}

Ole::Ole(const Source& source) : source_(source) {
  const std::string_view head = source.bytes;
  if (head.size() < kHeaderSize) damaged("it has " + std::to_string(head.size()) + " bytes");
  const uint16_t shift = le16(head, 30);
  if (shift != 9 && shift != 12) damaged("sectors of 2^" + std::to_string(shift) + " bytes");
  sector_size_ = 1u << shift;
  read_fat();
  const std::string mini = chain(le32(head, 60), "the small sectors' table");
  for (size_t at = 0; at + 4 <= mini.size(); at += 4) mini_fat_.push_back(le32(mini, at));
  read_directory();
}

// Sector 0 begins one sector into the file. The last one may be shorter: some writers cut what they do not need.
std::string_view Ole::sector(uint32_t number) const {
  const uint64_t at = (static_cast<uint64_t>(number) + 1) * sector_size_;
  if (number > kMaxRegular || at >= source_.bytes.size()) damaged("sector " + std::to_string(number) + " is missing");
  return source_.bytes.substr(at, sector_size_);
}

void Ole::read_fat() {
  const std::string_view head = source_.bytes;
  const size_t most = head.size() / sector_size_ + 1;  // sectors of any kind that the file can hold
  const auto add = [&](uint32_t number) {
    if (number > kMaxRegular || fat_.size() / (sector_size_ / 4) > most) return;
    const std::string_view entries = sector(number);
    for (size_t at = 0; at + 4 <= entries.size(); at += 4) fat_.push_back(le32(entries, at));
  };
  for (size_t i = 0; i < kHeaderFat; ++i) add(le32(head, 76 + 4 * i));
  size_t steps = 0;
  for (uint32_t next = le32(head, 68); next <= kMaxRegular;) {
    if (++steps > most) damaged("the table of its sectors runs in a circle");
    const std::string_view numbers = sector(next);
    for (size_t at = 0; at + 8 <= sector_size_; at += 4) add(le32(numbers, at));
    next = numbers.size() < sector_size_ ? kEndOfChain : le32(numbers, sector_size_ - 4);
  }
}

std::string Ole::chain(uint32_t start, const std::string& what) const {
  std::string out;
  const size_t most = source_.bytes.size() / sector_size_ + 1;
  size_t steps = 0;
  for (uint32_t next = start; next <= kMaxRegular; next = fat_[next]) {
    if (++steps > most) damaged(what + " runs in a circle");
    out.append(sector(next));
    if (next >= fat_.size()) damaged(what + " leaves the table of sectors");
  }
  return out;
}

std::string Ole::mini_chain(const Stream& stream, const std::string& what) const {
  std::string out;
  for (uint32_t next = stream.start; next <= kMaxRegular && out.size() < stream.size; next = mini_fat_[next]) {
    const size_t at = static_cast<size_t>(next) * kMiniSector;
    if (next >= mini_fat_.size() || at >= mini_sectors_.size()) damaged(what + " leaves the table of small sectors");
    out.append(mini_sectors_, at, kMiniSector);  // the loop ends with the size, which is below the cutoff
  }
  return out;
}

void Ole::read_directory() {
  const std::string bytes = chain(le32(source_.bytes, 48), "the directory");
  const size_t count = std::min(bytes.size() / kEntrySize, kMaxEntries);
  if (count == 0) damaged("it has no directory");
  const auto entry = [&](uint32_t i) { return Entry(std::string_view(bytes).substr(i * kEntrySize, kEntrySize)); };
  const Entry root = entry(0);
  if (root.size > 0) mini_sectors_ = chain(root.start, "the small sectors");
  std::vector<bool> seen(count, false);
  std::vector<std::pair<uint32_t, std::string>> todo{{root.child, ""}};  // (entry, path of its folder)
  while (!todo.empty()) {
    const auto [i, folder] = std::move(todo.back());
    todo.pop_back();
    if (i >= count || seen[i]) continue;  // no entry, or a tree that runs in a circle
    seen[i] = true;
    const Entry e = entry(i);
    const std::string path = folder + e.name;
    constexpr size_t kMaxPath = 1024;  // real ones have two or three folders; paths of a hostile chain add up
    if (path.size() > kMaxPath) damaged("its folders nest too deep");
    todo.emplace_back(e.left, folder);
    todo.emplace_back(e.right, folder);
    if (e.type == Entry::kStorage) todo.emplace_back(e.child, path + "/");
    if (e.type == Entry::kStream) streams_.emplace(path, Stream{e.start, e.size});
  }
}

std::vector<std::string> Ole::paths() const {
  std::vector<std::string> out;
  for (const auto& [path, stream] : streams_) out.push_back(path);
  return out;
}

std::optional<std::string> Ole::find(std::string_view path) {
  const auto found = streams_.find(path);
  if (found == streams_.end()) return std::nullopt;
  const Stream& stream = found->second;
  const std::string what = "stream " + std::string(path);
  if (stream.size > source_.bytes.size())
    damaged(what + " says that it has " + std::to_string(stream.size) + " bytes, the file has " +
            std::to_string(source_.bytes.size()));
  read_ += stream.size;
  if (read_ > source_.options.max_unpacked_bytes)
    source_.fail(Code::Exhausted, "its streams have more than " + std::to_string(source_.options.max_unpacked_bytes) +
                                      " bytes (max_unpacked_bytes)");
  std::string out = stream.size < kMiniCutoff ? mini_chain(stream, what) : chain(stream.start, what);
  if (out.size() < stream.size)
    damaged(what + " has " + std::to_string(out.size()) + " of " + std::to_string(stream.size) + " bytes");
  out.resize(stream.size);
  return out;
}

std::string Ole::read(std::string_view path) {
  if (auto bytes = find(path)) return std::move(*bytes);
  source_.fail(Code::Corrupt,
               "named " + std::string(source_.suffix()) + " but the OLE container has no stream " + std::string(path));
}

}  // namespace hanok::text

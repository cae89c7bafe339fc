#include "index/file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/atomic_file.h"
#include "base/sealed.h"

namespace hanok::index {
namespace {

static_assert(std::endian::native == std::endian::little, "index files are little endian and read in place");

constexpr std::string_view kMagic("HANOKIDX", 8);
constexpr uint32_t kVersion = 1;
constexpr uint32_t kMaxSections = 1024;  // far more than any kind has; bounds what a hostile header can ask for
constexpr uint64_t kAlign = 64;          // a cache line, and any vector register
constexpr std::array<char, kAlign> kZeros{};

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t sections;
  uint64_t file_bytes;
  char kind[24];
  uint32_t reserved[2];
  uint32_t table_crc;   // of all entries
  uint32_t header_crc;  // of the 60 bytes before
};
struct Entry {
  char name[24];
  uint64_t offset;
  uint64_t size;
  uint32_t crc;
  uint32_t reserved[5];
};
static_assert(sizeof(Header) == 64 && sizeof(Entry) == 64);

uint64_t align_up(uint64_t n, uint64_t align = kAlign) { return (n + align - 1) / align * align; }

std::string_view as_text(const void* p, size_t n) { return {static_cast<const char*>(p), n}; }

void put_name(char (&field)[24], const std::string& name) {
  if (name.empty() || name.size() >= sizeof(field) || name.find('\0') != std::string::npos)
    throw Error(Code::Internal, "index file: name '" + name + "' is not of 1 to 23 bytes");
  std::memcpy(field, name.data(), name.size());
}

std::string name_of(const char (&field)[24]) { return {field, ::strnlen(field, sizeof(field))}; }

}  // namespace

void FileWriter::add(const std::string& name, std::span<const std::byte> bytes) {
  add_made(name, bytes.size(), [bytes](const Sink& sink) { sink(bytes); });
}

void FileWriter::add_made(const std::string& name, uint64_t size, std::function<void(const Sink&)> make,
                          uint64_t align) {
  for (const auto& s : sections_)
    if (s.name == name) throw Error(Code::Internal, "index file: two sections '" + name + "'");
  sections_.push_back({name, size, align, std::move(make)});
}

void FileWriter::add_text(const std::string& name, std::string text) {
  owned_.push_back(std::move(text));
  add(name, std::as_bytes(std::span(owned_.back())));
}

// Room for the head, and all sections; returns the head, which is not known before.
std::string FileWriter::write_sections(const Put& put) const {
  std::vector<Entry> table(sections_.size());
  uint64_t at = 0;
  const auto pad_to = [&](uint64_t place) {
    for (; at < place; at += std::min(place - at, kAlign)) put(as_text(kZeros.data(), std::min(place - at, kAlign)));
  };
  pad_to(sizeof(Header) + table.size() * sizeof(Entry));
  for (size_t i = 0; i < table.size(); ++i) {
    const Section& section = sections_[i];
    pad_to(align_up(at, section.align));
    put_name(table[i].name, section.name);
    table[i].offset = at;
    table[i].size = section.size;
    section.make([&](std::span<const std::byte> bytes) {
      const auto text = as_text(bytes.data(), bytes.size());
      table[i].crc = base::crc32c(text, table[i].crc);
      put(text);
      at += text.size();
    });
    if (at != table[i].offset + section.size)
      throw Error(Code::Internal, "index file: section '" + section.name + "' has " +
                                      std::to_string(at - table[i].offset) + " bytes, not " +
                                      std::to_string(section.size));
    pad_to(align_up(at));
  }
  Header header{};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kVersion;
  header.sections = static_cast<uint32_t>(table.size());
  header.file_bytes = at;
  put_name(header.kind, kind_);
  header.table_crc = base::crc32c(as_text(table.data(), table.size() * sizeof(Entry)));
  base::seal(header);
  std::string out(as_text(&header, sizeof(header)));
  out += as_text(table.data(), table.size() * sizeof(Entry));
  return out;
}

void FileWriter::write(const std::filesystem::path& path) const {
  base::AtomicFile file(path);
  const std::string head = write_sections([&](std::string_view bytes) { file.append(bytes); });
  file.overwrite(0, head);
  file.commit();
}

std::string FileWriter::bytes() const {
  std::string out;
  const std::string head = write_sections([&](std::string_view bytes) { out += bytes; });
  return out.replace(0, head.size(), head);
}

FileReader::FileReader(const std::filesystem::path& path)
    : map_(std::make_shared<base::MappedFile>(path)), bytes_(map_->view()), name_(path.string()) {
  parse();
}

FileReader::FileReader(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) { parse(); }

void FileReader::corrupt(const std::string& why) const {
  throw Error(Code::Corrupt, name_ + ": " + why + "; the index must be built again from its vectors");
}

void FileReader::parse() {
  if (bytes_.size() >= sizeof(Header) && !bytes_.starts_with(kMagic))
    throw Error(Code::Corrupt, name_ + ": is not an index file: it does not begin with 'HANOKIDX'");
  const auto header = base::unseal<Header>(bytes_, kMagic, [this](const std::string& why) { corrupt(why); });
  if (header.version != kVersion)
    throw Error(Code::Unsupported, name_ + ": index file of version " + std::to_string(header.version) +
                                       ", this program reads version 1; use a newer hanok or build the index again");
  if (header.file_bytes != bytes_.size())
    corrupt("the header says " + std::to_string(header.file_bytes) + " bytes, the file has " +
            std::to_string(bytes_.size()));
  if (header.sections > kMaxSections || sizeof(Header) + header.sections * sizeof(Entry) > bytes_.size())
    corrupt("the header says " + std::to_string(header.sections) + " sections, more than fit");
  const auto table = bytes_.substr(sizeof(Header), header.sections * sizeof(Entry));
  if (base::crc32c(table) != header.table_crc) corrupt("section table checksum differs");
  kind_ = name_of(header.kind);
  for (uint32_t i = 0; i < header.sections; ++i) {
    Entry entry;
    std::memcpy(&entry, table.data() + i * sizeof(Entry), sizeof(entry));
    const std::string name = name_of(entry.name);
    if (entry.offset % kAlign != 0 || entry.offset > bytes_.size() || entry.size > bytes_.size() - entry.offset)
      corrupt("section '" + name + "' of " + std::to_string(entry.size) + " bytes at byte " +
              std::to_string(entry.offset) + " is not inside the file's " + std::to_string(bytes_.size()) + " bytes");
    sections_.push_back({name, bytes_.substr(entry.offset, entry.size), entry.crc});
    if (entry.size <= kCheckedAtOpen) check(sections_.back());
  }
}

void FileReader::check(const Section& section) const {
  if (base::crc32c(section.bytes) != section.crc) corrupt("section '" + section.name + "': checksum differs");
}

void FileReader::verify() const {
  std::for_each(sections_.begin(), sections_.end(), [&](const auto& s) { check(s); });
}

bool FileReader::has(std::string_view section) const {
  return std::any_of(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == section; });
}

std::span<const std::byte> FileReader::section(std::string_view name) const {
  for (const auto& s : sections_)
    if (s.name == name) return {reinterpret_cast<const std::byte*>(s.bytes.data()), s.bytes.size()};
  corrupt("section '" + std::string(name) + "' is missing");
}

std::string_view FileReader::text(std::string_view name) const {
  const auto bytes = section(name);
  return as_text(bytes.data(), bytes.size());
}

void FileReader::expect_size(std::string_view name, std::span<const std::byte> bytes, uint64_t count, size_t size,
                             size_t align) const {
  if (bytes.size() % size != 0 || bytes.size() / size != count)
    corrupt("section '" + std::string(name) + "' has " + std::to_string(bytes.size()) + " bytes, expected " +
            std::to_string(count) + " values of " + std::to_string(size));
  if (reinterpret_cast<uintptr_t>(bytes.data()) % align != 0)
    throw Error(Code::Invalid, name_ + ": the bytes of an index file must be aligned to 64 in memory");
}

}  // namespace hanok::index

// The container of every index file: named sections, each with its place, size and CRC-32C (docs/formats/index.md).
//
//   FileWriter writer("flat");                         FileReader reader(path);
//   writer.add("ids", std::as_bytes(std::span(ids)));  auto ids = reader.array<int64_t>("ids", n);
//   writer.write(path);
//
// Opening checks the header, the table of sections and every section up to kCheckedAtOpen bytes. Larger ones are
// checked by verify() only, so that a file of 10 GB opens in milliseconds: whoever reads them must stay in bounds
// whatever they hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::index {

class FileWriter {
 public:
  explicit FileWriter(std::string kind) : kind_(std::move(kind)) {}
  /// The bytes must live until write(). Names: 1 to 23 bytes, each once.
  void add(const std::string& name, std::span<const std::byte> bytes);
  /// Keeps the text itself.
  void add_text(const std::string& name, std::string text);
  /// A section that is made while it is written, so that it need not be in memory as a whole: `make` hands its bytes
  /// over in order, exactly `size` of them. It begins at a multiple of `align` (64, or a multiple of that) in the file.
  /// Sections are made in the order in which they were added; what one finds out, a later one may use.
  using Sink = std::function<void(std::span<const std::byte>)>;
  void add_made(const std::string& name, uint64_t size, std::function<void(const Sink&)> make, uint64_t align = 64);
  /// Atomically: after a crash the old file or the new one is there.
  void write(const std::filesystem::path& path) const;
  /// What write() would write: for tests and for indexes inside other files.
  std::string bytes() const;

 private:
  struct Section {
    std::string name;
    uint64_t size = 0, align = 64;
    std::function<void(const Sink&)> make;
  };
  using Put = std::function<void(std::string_view)>;
  std::string write_sections(const Put& put) const;
  std::string kind_;
  std::vector<Section> sections_;
  std::list<std::string> owned_;
};

/// A file that is mapped, or bytes in memory that outlive it. Copies share the map.
class FileReader {
 public:
  static constexpr uint64_t kCheckedAtOpen = 64 << 10;

  /// Throws Corrupt (what, where), Unsupported for a newer version.
  explicit FileReader(const std::filesystem::path& path);
  FileReader(std::string_view bytes, std::string name);

  const std::string& name() const { return name_; }  // of the file, for messages
  const std::string& kind() const { return kind_; }
  bool has(std::string_view section) const;
  /// Throws Corrupt when the section is not there. 64-byte aligned in a mapped file.
  std::span<const std::byte> section(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  /// Exactly `count` values; throws Corrupt for another size.
  template <typename T>
  std::span<const T> array(std::string_view name, uint64_t count) const {
    const auto bytes = section(name);
    expect_size(name, bytes, count, sizeof(T), alignof(T));
    return {reinterpret_cast<const T*>(bytes.data()), static_cast<size_t>(count)};
  }
  /// Reads everything and compares the CRCs. Throws Corrupt, naming the first section that differs.
  void verify() const;
  [[noreturn]] void corrupt(const std::string& why) const;

 private:
  struct Section {
    std::string name;
    std::string_view bytes;
    uint32_t crc;
  };
  void parse();
  void check(const Section& section) const;
  void expect_size(std::string_view name, std::span<const std::byte> bytes, uint64_t count, size_t size,
                   size_t align) const;

  std::shared_ptr<const base::MappedFile> map_;
  std::string_view bytes_;
  std::string name_, kind_;
  std::vector<Section> sections_;
};

}  // namespace hanok::index

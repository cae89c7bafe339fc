// A zip archive in memory, read with limits: the ground of docx, pptx, xlsx, epub and hwpx.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/loaders/loader.h"

struct zip;

namespace hanok::text {

class Zip {
 public:
  /// Opens Source::bytes. Throws Corrupt when the directory at the archive's end is missing or damaged (a truncated
  /// file).
  explicit Zip(const Source& source);
  ~Zip();
  Zip(const Zip&) = delete;
  Zip& operator=(const Zip&) = delete;

  bool has(std::string_view name) const { return entries_.contains(name); }
  /// Names of all entries, sorted.
  std::vector<std::string> names() const;
  /// The unpacked entry, its checksum verified; nullopt when there is none of this name. Throws Unsupported (password
  /// or unknown method), Corrupt (damaged data), Exhausted: the sum of all entries read exceeds
  /// LoadOptions::max_unpacked_bytes, or one unpacks to a size that only a zip bomb has.
  std::optional<std::string> find(const std::string& name);
  /// The same for an entry that must be there: its absence is Corrupt.
  std::string read(const std::string& name);

 private:
  const Source& source_;
  zip* archive_ = nullptr;
  std::map<std::string, uint64_t, std::less<>> entries_;
  uint64_t unpacked_ = 0;
};

/// "OEBPS/text/" + "../images/a%20b.png" -> "OEBPS/images/a b.png": an entry's name from a reference inside another
/// entry. A reference from the root ("/word/x.xml") ignores the folder; a fragment ("#part2") is dropped.
std::string resolve(std::string_view folder, std::string_view reference);
/// "OEBPS/text/a.xhtml" -> "OEBPS/text/".
std::string_view folder_of(std::string_view name);

}  // namespace hanok::text

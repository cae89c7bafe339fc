// A zip file (a Python wheel) on disk, read with limits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/hub/hub.h"

struct zip;

namespace hanok::chain::hub {

class Archive {
 public:
  struct Entry {
    std::string name;
    uint64_t index = 0, bytes = 0, packed = 0;
  };
  /// Throws Corrupt for what is no zip, Invalid for an entry that would leave the folder ("../x"), Exhausted for a
  /// bomb.
  explicit Archive(const fs::path& file);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view name) const;
  /// The entry's bytes in pieces, its length and checksum verified.
  void read(const Entry& entry, const std::function<void(std::string_view)>& piece) const;
  std::string read(const Entry& entry, uint64_t max_bytes) const;

 private:
  fs::path file_;
  zip* archive_ = nullptr;
  std::vector<Entry> entries_;
};

}  // namespace hanok::chain::hub

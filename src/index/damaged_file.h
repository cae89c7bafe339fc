// For fuzz programs: damages a good index file where its checksums do not tell. Byte 0 of the input picks one of six
// good files, then each 4 bytes are a place (3) and a value; checksums are made right again, so that what lies behind
// them is tried. Whatever opens is searched, changed and saved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "index/kinds.h"

namespace hanok::index::damage {

inline constexpr size_t kLine = 64;

inline void repair_checksums(char* file, size_t size) {
  uint32_t sections;
  std::memcpy(&sections, file + 12, 4);
  if (sections > size / kLine - 1) return;
  for (uint32_t i = 0; i < sections; ++i) {
    char* entry = file + kLine * (1 + i);
    uint64_t place[2];
    std::memcpy(place, entry + 24, 16);
    if (place[0] > size || place[1] > size - place[0]) continue;
    const uint32_t crc = base::crc32c({file + place[0], place[1]});
    std::memcpy(entry + 40, &crc, 4);
  }
  const uint32_t table = base::crc32c({file + kLine, kLine * sections});
  std::memcpy(file + 56, &table, 4);
  const uint32_t header = base::crc32c({file, 60});
  std::memcpy(file + 60, &header, 4);
}

inline void use(const FileReader& reader) {
  auto index = open(reader);
  const std::vector<float> query(index->options().dim, 0.5f);
  index->search(query, 10);
  index->search(query, 3, {.ef = 50});
  const IdFilter filter = IdFilter::when([](Id id) { return id % 2 == 0; }), few = IdFilter::of({1, 5, 9});
  index->search(query, 5, {.filter = &filter});
  index->search(query, 5, {.filter = &few});
  index->range_search(query, 1);
  index->reconstruct(7);
  index->statistics();
  index->remove(std::vector<Id>{8, 9});
  index->add(std::vector<Id>{1000}, query);
  index->search(query, 10);
  const base::TempFolder folder;  // what is saved goes on from what was opened: new vectors are linked to old ones
  index->save(folder.path() / "saved");
  open(folder.path() / "saved")->search(query, 10);
}

inline void open_damaged(const std::string& good, const uint8_t* data, size_t size) {
  // An exact, aligned heap copy, so that the address sanitizer sees a read one past the end (sizes are multiples of
  // 64).
  const std::unique_ptr<char, decltype(&std::free)> copy(static_cast<char*>(std::aligned_alloc(kLine, good.size())),
                                                         std::free);
  std::memcpy(copy.get(), good.data(), good.size());
  for (size_t i = 0; i + 4 <= size; i += 4)
    copy.get()[(data[i] | data[i + 1] << 8 | data[i + 2] << 16) % good.size()] = static_cast<char>(data[i + 3]);
  repair_checksums(copy.get(), good.size());
  try {
    use(FileReader(std::string_view(copy.get(), good.size()), "fuzz"));
  } catch (const Error&) {
  }
}

/// good_file(kind) makes the bytes of a good file, the same each time; kind 0..5.
inline void try_input(const uint8_t* data, size_t size, std::string (*good_file)(size_t kind)) {
  static const std::array<std::string, 6> files{good_file(0), good_file(1), good_file(2),
                                                good_file(3), good_file(4), good_file(5)};
  if (size > 0) open_damaged(files[data[0] % files.size()], data + 1, size - 1);
}

}  // namespace hanok::index::damage

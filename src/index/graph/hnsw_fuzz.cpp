// Damages a good file where its checksums do not tell: byte 0 picks one of six files, then each 4 bytes are a place (3)
// and a value; checksums are made right again, so that what lies behind them is tried. Whatever opens is searched and
// changed.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "index/kinds.h"

namespace {

using namespace hanok::index;
constexpr size_t kDim = 5, kN = 60, kLine = 64;

std::string good_file(size_t kind) {
  const Metric metric = std::array{Metric::L2, Metric::InnerProduct, Metric::Cosine}[kind % 3];
  auto index = make(
      "hnsw",
      {.dim = kDim,
       .metric = metric,
       .set = {{"exact_below", "30"}, {"degree", "4"}, {"ef_construction", "8"}, {"storage", kind < 3 ? "f32" : "sq8"}},
       .threads = 1});
  hanok::base::Random random(kind);
  std::vector<Id> ids;
  std::vector<float> vectors;
  for (size_t i = 0; i < kN; ++i) ids.push_back(static_cast<Id>(i));
  for (size_t i = 0; i < kN * kDim; ++i) vectors.push_back(static_cast<float>(random.normal()));
  index->add(ids, vectors);
  index->remove(std::vector<Id>{3, 4});
  hanok::base::TempFolder folder;
  index->save(folder.path() / "f");
  return hanok::base::read_file(folder.path() / "f");
}

void repair_checksums(char* file, size_t size) {
  uint32_t sections;
  std::memcpy(&sections, file + 12, 4);
  if (sections > size / kLine - 1) return;
  for (uint32_t i = 0; i < sections; ++i) {
    char* entry = file + kLine * (1 + i);
    uint64_t place[2];
    std::memcpy(place, entry + 24, 16);
    if (place[0] > size || place[1] > size - place[0]) continue;
    const uint32_t crc = hanok::base::crc32c({file + place[0], place[1]});
    std::memcpy(entry + 40, &crc, 4);
  }
  const uint32_t table = hanok::base::crc32c({file + kLine, kLine * sections});
  std::memcpy(file + 56, &table, 4);
  const uint32_t header = hanok::base::crc32c({file, 60});
  std::memcpy(file + 60, &header, 4);
}

void use(const FileReader& reader) {
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
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<std::string, 6> files{good_file(0), good_file(1), good_file(2),
                                                good_file(3), good_file(4), good_file(5)};
  if (size == 0) return 0;
  const std::string& good = files[data[0] % files.size()];
  // An exact, aligned heap copy, so that the address sanitizer sees a read one past the end (sizes are multiples of
  // 64).
  const std::unique_ptr<char, decltype(&std::free)> copy(static_cast<char*>(std::aligned_alloc(kLine, good.size())),
                                                         std::free);
  std::memcpy(copy.get(), good.data(), good.size());
  for (size_t i = 1; i + 4 <= size; i += 4)
    copy.get()[(data[i] | data[i + 1] << 8 | data[i + 2] << 16) % good.size()] = static_cast<char>(data[i + 3]);
  repair_checksums(copy.get(), good.size());
  try {
    use(FileReader(std::string_view(copy.get(), good.size()), "fuzz"));
  } catch (const hanok::Error&) {
  }
  return 0;
}

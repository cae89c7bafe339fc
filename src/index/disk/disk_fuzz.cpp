// Damaged files of kind disk.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "hanok/disk_index.h"
#include "index/damaged_file.h"
#include "index/kinds.h"

namespace {

using namespace hanok::index;
constexpr size_t kDim = 5, kN = 60;

// Of each metric one whose ids rise with the rows and one whose do not; some vectors are removed.
std::string good_file(size_t kind) {
  const Metric metric = std::array{Metric::L2, Metric::InnerProduct, Metric::Cosine}[kind % 3];
  hanok::base::Random random(kind);
  std::vector<float> vectors(kN * kDim);
  for (float& v : vectors) v = static_cast<float>(random.normal());
  const hanok::base::TempFolder folder;
  build_disk(
      folder.path() / "f",
      {.dim = kDim,
       .metric = metric,
       .set = {{"exact_below", "30"}, {"degree", "4"}, {"ef_construction", "8"}, {"storage", kind < 3 ? "f32" : "sq8"}},
       .threads = 1},
      {.rows = kN,
       .read = [&](size_t first, size_t n, float* out) { std::copy_n(&vectors[first * kDim], n * kDim, out); },
       .id = [&](size_t row) { return static_cast<Id>(kind % 2 == 0 ? row : kN - row); }});
  const auto index = open(folder.path() / "f");
  index->remove(std::vector<Id>{3, 4});
  index->save(folder.path() / "f");
  return hanok::base::read_file(folder.path() / "f");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  damage::try_input(data, size, good_file);
  return 0;
}

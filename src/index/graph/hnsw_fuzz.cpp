// Damaged files of kind hnsw.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "index/damaged_file.h"
#include "index/kinds.h"

namespace {

using namespace hanok::index;
constexpr size_t kDim = 5, kN = 60;
constexpr size_t kWide = 36, kHeap = 12, kFine = 3;  // one kind has tight clusters, and so fine codes

std::string good_file(size_t kind) {
  const Metric metric = std::array{Metric::L2, Metric::InnerProduct, Metric::Cosine}[kind % 3];
  const size_t dim = kind == kFine ? kWide : kDim;
  auto index = make(
      "hnsw",
      {.dim = dim,
       .metric = metric,
       .set = {{"exact_below", "30"}, {"degree", "4"}, {"ef_construction", "8"}, {"storage", kind < 3 ? "f32" : "sq8"}},
       .threads = 1});
  hanok::base::Random random(kind);
  std::vector<Id> ids;
  std::vector<float> vectors;
  for (size_t i = 0; i < kN; ++i) ids.push_back(static_cast<Id>(i));
  for (size_t i = 0; i < kN * dim; ++i) {
    const bool beside = kind == kFine && i / dim % kHeap != 0;  // the vector before
    vectors.push_back(beside ? vectors[i - dim] + static_cast<float>(random.normal()) / 40
                             : static_cast<float>(random.normal()));
  }
  index->add(ids, vectors);
  index->remove(std::vector<Id>{3, 4});
  if (kind == kFine && index->statistics().at("code_steps") != "fine") std::abort();  // it would try nothing new
  hanok::base::TempFolder folder;
  index->save(folder.path() / "f");
  return hanok::base::read_file(folder.path() / "f");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  damage::try_input(data, size, good_file);
  return 0;
}

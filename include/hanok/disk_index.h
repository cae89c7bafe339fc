// Kind "disk" for vectors that outgrow memory: short codes in memory, rows and links in the mapped file.
//
//   hanok::index::build_disk("base.idx", {.dim = 384, .metric = Metric::Cosine},
//                            {.rows = n, .read = [&](size_t first, size_t n, float* out) { ... }});
//   auto index = hanok::index::open("base.idx");
//   auto found = index->search(query, 10, {.ef = 64});
//
// make("disk") takes vectors by add() as every kind does, keeps them in memory until save(), and what is added to an
// opened index too: save() and open() again bring them to the file.
#pragma once

#include <filesystem>
#include <functional>

#include "hanok/index.h"

namespace hanok::index {

/// Vectors that lie somewhere else, read some rows at a time.
struct VectorSource {
  size_t rows = 0;
  /// Writes rows [first, first + n) to out [n, dim]. The same each time; called by one thread at a time.
  std::function<void(size_t first, size_t n, float* out)> read;
  std::function<Id(size_t row)> id = {};  // unique; empty: the row's number
};

/// Builds an index of kind "disk" in a file, without the rows in memory: it takes 64 to 384 bytes of codes and 10 bytes
/// for each of `degree` links a vector. Tells the context's progress and ends with it; until it is whole the file does
/// not take its name. Throws as add() does, naming the row, and Invalid for an id that comes twice.
void build_disk(const std::filesystem::path& file, const Options& options, const VectorSource& source);

}  // namespace hanok::index

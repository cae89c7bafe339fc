// Index files of other libraries, read and written: FAISS (https://github.com/facebookresearch/faiss) and hnswlib
// (https://github.com/nmslib/hnswlib). What they hold is taken out as plain vectors, ids and structure.
//
//   ForeignIndex from = read_foreign("catalogue.faiss");
//   auto index = make("hnsw", {.dim = from.dim, .metric = from.metric});
//   index->add(from.ids, from.vectors);
//
// Read: IndexFlatL2, IndexFlatIP, IndexIVFFlat, IndexIVFPQ, IndexPQ, IndexScalarQuantizer, IndexHNSWFlat, IndexHNSWSQ,
// all of them also inside IDMap, IDMap2 and PreTransform (linear, PCA, rotation, centring, normalising), and hnswlib's
// .bin. Written: IndexFlat, IndexIVFFlat and IndexHNSWFlat (inside IDMap2 unless the ids are 0, 1, 2, ...), and
// hnswlib's .bin.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/index.h"

namespace hanok::index::formats {

/// Layers of neighbours (Malkov and Yashunin 2018).
struct HnswLinks {
  size_t m = 16;  // neighbours a node in the upper layers; twice as many in the lowest
  size_t ef_construction = 200;
  std::vector<std::vector<std::vector<uint32_t>>> nodes;  // [node][layer]: neighbours
  uint32_t entry = 0;
};

struct ForeignIndex {
  std::string type;  // "IndexFlat", "IndexIVFFlat", ..., "hnswlib"
  Metric metric = Metric::L2;
  size_t dim = 0;
  std::vector<Id> ids;
  std::vector<float> vectors;    // [ids, dim]; decoded where the file holds codes
  bool lossy = false;            // the file held codes or a transform: vectors are near the ones that were added
  std::vector<float> centroids;  // of IVF: [cells, dim]
  std::vector<uint32_t> cell;    // of IVF: one a vector
  HnswLinks links;               // of HNSW and hnswlib
};

/// By what the file begins with. hnswlib files do not say their metric: `metric` is taken for them.
/// Throws Corrupt, or Unsupported for an index type that is not listed above (it is named).
ForeignIndex read_foreign(const std::filesystem::path& file, Metric metric = Metric::L2);
ForeignIndex parse_faiss(std::string_view bytes, const std::string& name);
ForeignIndex parse_hnswlib(std::string_view bytes, const std::string& name, Metric metric);
bool looks_like_faiss(std::string_view bytes);

/// type: IndexFlat, IndexIVFFlat (needs centroids and cell) or IndexHNSWFlat (needs links). Cosine is written as the
/// inner product of unit vectors, which is how these libraries do it.
std::string make_faiss(const ForeignIndex& index);
std::string make_hnswlib(const ForeignIndex& index);

/// Layers of neighbours for these vectors, by inserting one after the other.
HnswLinks link_layers(std::span<const float> vectors, size_t dim, Metric metric, size_t m, size_t ef_construction,
                      uint64_t seed);

}  // namespace hanok::index::formats

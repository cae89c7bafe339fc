// The folder of one vector index of Chroma: header.bin and data_level0.bin of hnswlib, and which id has which label.
//
//   header.bin         int32 version (1), then uint64: offset of level 0, most elements, elements, bytes of an element,
//                      offset of its label, offset of its vector; what follows concerns the graph
//   data_level0.bin    elements: uint32 number of links, links, the vector (float32), uint64 label
//   index_metadata.pickle   {"id_to_label": {id: label}, ...}
// The links are not looked at: a folder whose graph is damaged still has its vectors.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"

namespace hanok::store::chroma {

class VectorFolder {
 public:
  /// dim: of the collection; 0 where it has no vectors yet. links: how many an element has where header.bin is lost or
  /// damaged. Damage goes to `warnings`.
  VectorFolder(const std::filesystem::path& folder, size_t dim, size_t links, std::vector<std::string>& warnings);
  /// Empty where there is none. Valid as long as this object.
  std::span<const float> find(const std::string& id) const;

 private:
  struct Layout {
    size_t elements = 0, bytes = 0, label_at = 0, vector_at = 0;
  };
  Layout read_layout(const std::filesystem::path& folder, size_t dim, size_t links,
                     std::vector<std::string>& warnings) const;

  base::MappedFile data_;
  Layout layout_;
  size_t dim_ = 0;
  std::unordered_map<std::string, uint64_t> labels_;
  std::unordered_map<uint64_t, size_t> elements_;  // by label
};

}  // namespace hanok::store::chroma

#include "store/chroma/vector_folder.h"

#include <cstring>

#include "hanok/error.h"
#include "store/chroma/pickle.h"

namespace hanok::store::chroma {

namespace fs = std::filesystem;

VectorFolder::VectorFolder(const fs::path& folder, size_t dim, size_t links, std::vector<std::string>& warnings)
    : dim_(dim) {
  // Small collections are in the queue alone: then there is nothing to read here.
  if (dim == 0 || !fs::exists(folder / "data_level0.bin") || !fs::exists(folder / "index_metadata.pickle")) return;
  try {
    const auto pickle = read_pickle(base::read_file(folder / "index_metadata.pickle"));
    const auto labels = pickle.is_object() ? pickle.find("id_to_label") : pickle.end();
    if (labels == pickle.end() || !labels->is_object())
      throw Error(Code::Corrupt, "pickle: it has no table id_to_label");
    for (const auto& [id, label] : labels->items())
      if (label.is_number_integer()) labels_[id] = label.get<uint64_t>();
  } catch (const Error& e) {
    warnings.push_back((folder / "index_metadata.pickle").string() + ": " + e.what());
    return;
  }
  data_ = base::MappedFile(folder / "data_level0.bin");
  layout_ = read_layout(folder, dim, links, warnings);
  const size_t there = data_.size() / layout_.bytes;
  if (there < layout_.elements)
    warnings.push_back((folder / "data_level0.bin").string() + ": is cut after " + std::to_string(there) + " of " +
                       std::to_string(layout_.elements) + " vectors");
  for (size_t i = 0; i < std::min(there, layout_.elements); ++i) {
    uint64_t label = 0;
    std::memcpy(&label, data_.view().data() + i * layout_.bytes + layout_.label_at, sizeof label);
    elements_[label] = i;
  }
}

VectorFolder::Layout VectorFolder::read_layout(const fs::path& folder, size_t dim, size_t links,
                                               std::vector<std::string>& warnings) const {
  Layout usual;
  usual.vector_at = 4 + 4 * links;
  usual.label_at = usual.vector_at + 4 * dim;
  usual.bytes = usual.label_at + 8;
  usual.elements = data_.size() / usual.bytes;
  constexpr size_t kNumbers = 6;
  try {
    const std::string header = base::read_file(folder / "header.bin");
    uint64_t numbers[kNumbers];
    if (header.size() < 4 + sizeof numbers)
      throw Error(Code::Corrupt, "has " + std::to_string(header.size()) + " bytes");
    std::memcpy(numbers, header.data() + 4, sizeof numbers);
    const Layout said{numbers[2], numbers[3], numbers[4], numbers[5]};
    const bool sound = said.vector_at < said.label_at && said.label_at - said.vector_at == 4 * dim &&
                       said.label_at < said.bytes && said.bytes - said.label_at == 8 && said.bytes % 4 == 0;
    if (!sound) throw Error(Code::Corrupt, "does not fit vectors of " + std::to_string(dim) + " numbers");
    return said;
  } catch (const Error& e) {
    warnings.push_back((folder / "header.bin").string() + ": " + e.what() +
                       "; its vectors are read as they usually lie");
    return usual;
  }
}

std::span<const float> VectorFolder::find(const std::string& id) const {
  const auto label = labels_.find(id);
  if (label == labels_.end()) return {};
  const auto element = elements_.find(label->second);
  if (element == elements_.end()) return {};
  const char* at = data_.view().data() + element->second * layout_.bytes + layout_.vector_at;
  return {reinterpret_cast<const float*>(at), dim_};
}

}  // namespace hanok::store::chroma

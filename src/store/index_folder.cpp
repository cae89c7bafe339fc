#include "store/index_folder.h"

#include "base/log.h"

namespace hanok::store {

namespace fs = std::filesystem;

std::string IndexFolder::file_name(int64_t collection, uint32_t generation, std::string_view kind) {
  return std::to_string(collection) + "-" + std::to_string(generation) + "." + std::string(kind);
}

void IndexFolder::write(const std::string& name, std::string_view bytes) const {
  std::error_code ignored;  // a folder that cannot be made shows when the file is written
  if (fs::create_directories(folder_, ignored)) base::sync_folder(folder_.parent_path());
  base::write_file_atomic(folder_ / name, bytes);
}

std::shared_ptr<const Bytes> IndexFolder::map(const std::string& name) const {
  auto out = std::make_shared<Bytes>();
  out->mapped = base::MappedFile(folder_ / name);
  return out;
}

void IndexFolder::remove(const std::string& name) const {
  std::error_code error;
  fs::remove(folder_ / name, error);
  if (error) base::log().warn("{}: cannot remove: {}", (folder_ / name).string(), error.message());
}

void IndexFolder::remove_others(const std::set<std::string>& wanted) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.find(".bm25") != std::string::npos || name.find(".vec") != std::string::npos;
    if (ours && !wanted.count(name)) remove(name);
  }
}

}  // namespace hanok::store

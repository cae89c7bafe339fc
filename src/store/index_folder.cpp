#include "store/index_folder.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"

namespace hanok::store {

namespace fs = std::filesystem;

std::string IndexFolder::file_name(int64_t collection, uint32_t generation, std::string_view kind) {
  return std::to_string(collection) + "-" + std::to_string(generation) + "." + std::string(kind);
}

void IndexFolder::prepare() const {
  std::error_code ignored;  // a folder that cannot be made shows when the file is written
  if (fs::create_directories(folder_, ignored)) base::sync_folder(folder_.parent_path());
}

void IndexFolder::write(const std::string& name, std::string_view bytes) const {
  prepare();
  base::write_file_atomic(folder_ / name, bytes);
}

std::shared_ptr<const Bytes> IndexFolder::map(const std::string& name) const {
  auto out = std::make_shared<Bytes>();
  out->mapped = base::MappedFile(folder_ / name);
  return out;
}

IndexFolder::Hold::Hold(const IndexFolder& folder) : folder_(folder) {
  std::lock_guard lock(folder_.mutex_);
  since_ = ++folder_.now_;
  folder_.holds_.insert(since_);
}

IndexFolder::Hold::~Hold() {
  {
    std::lock_guard lock(folder_.mutex_);
    folder_.holds_.erase(since_);
  }
  folder_.remove_retired();
}

void IndexFolder::retire(const std::string& name) const {
  {
    std::lock_guard lock(mutex_);
    retired_.push_back({++now_, name});
  }
  remove_retired();
}

void IndexFolder::remove_retired() const {
  std::vector<Retired> free;
  {
    std::lock_guard lock(mutex_);
    const uint64_t oldest = holds_.empty() ? UINT64_MAX : *holds_.begin();
    const auto held = std::find_if(retired_.begin(), retired_.end(), [&](const Retired& r) { return r.at > oldest; });
    free.assign(std::make_move_iterator(retired_.begin()), std::make_move_iterator(held));
    retired_.erase(retired_.begin(), held);
  }
  for (const auto& file : free) remove(file.name);
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
    // "NAME.tmp-..." is NAME while it is being written.
    const std::string of = name.substr(0, name.find(".tmp-"));
    const std::string kind = std::filesystem::path(of).extension();
    const bool ours = kind == ".bm25" || kind == ".vec" || kind == ".ann";
    if (ours && !wanted.count(of)) remove(name);
  }
}

}  // namespace hanok::store

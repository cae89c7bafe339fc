#include <string>
#include <vector>

#include "index/auto.h"
#include "index/disk/disk.h"
#include "index/flat/binary_flat.h"
#include "index/flat/flat.h"
#include "index/graph/hnsw.h"
#include "index/ivf/ivf.h"
#include "index/kinds.h"

namespace hanok::index {
namespace {

const std::vector<Kind>& table() {
  static const std::vector<Kind> kinds{
      {"flat", make_flat, open_flat},
      {"ivf", make_ivf, open_ivf},
      {"hnsw", Hnsw::make, Hnsw::open},
      {"disk", Disk::make, Disk::open},
  };
  return kinds;
}

std::string names() {
  std::string out = "auto";
  for (const Kind& k : table()) out += std::string(", ") + k.name;
  return out;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

std::unique_ptr<Index> make_chosen(const std::string& kind, const Options& options) {
  for (const Kind& k : table())
    if (kind == k.name) return k.make(options);
  throw Error(Code::Invalid, "index kind '" + kind + "' is not one of " + names());
}

std::unique_ptr<Index> make(const std::string& kind, const Options& options) {
  for (const char* own : {kAutoKey, kPromiseKey})
    if (options.set.count(own)) throw Error(Code::Invalid, "index '" + kind + "' has no key '" + own + "'");
  return kind == "auto" ? std::make_unique<Auto>(options) : make_chosen(kind, options);
}

std::unique_ptr<Index> open(const FileReader& file) {
  for (const Kind& k : table()) {
    if (file.kind() != k.name) continue;
    auto index = k.open(file);
    return index->options().set.count(kAutoKey) ? std::make_unique<Auto>(std::move(index), file) : std::move(index);
  }
  if (file.kind() == "binary_flat")
    throw Error(Code::Unsupported, file.name() + ": holds bits, not vectors of numbers; it opens with open_binary()");
  file.corrupt("its kind '" + file.kind() + "' is not one of " + names());
}

std::unique_ptr<Index> open(const std::filesystem::path& file) { return open(FileReader(file)); }

std::unique_ptr<BinaryIndex> make_binary(size_t bits) { return std::make_unique<BinaryFlat>(bits); }

std::unique_ptr<BinaryIndex> open_binary(const std::filesystem::path& file) {
  return std::make_unique<BinaryFlat>(FileReader(file));
}

}  // namespace hanok::index

#include "chain/hub/archive.h"

#include <zip.h>

#include <memory>

#include "base/threads.h"
#include "chain/hub/cache.h"

namespace hanok::chain::hub {
namespace {

constexpr uint64_t kMaxEntries = 20'000;
constexpr uint64_t kMaxUnpacked = 64ull << 30;  // all entries together
constexpr uint64_t kMaxRatio = 1'100;           // deflate reaches 1,032 at best
constexpr size_t kPiece = 1 << 20;

}  // namespace

Archive::Archive(const fs::path& file) : file_(file) {
  int code = 0;
  archive_ = zip_open(file.c_str(), ZIP_RDONLY, &code);
  if (!archive_)
    throw Error(Code::Corrupt,
                file.string() + ": no readable zip file or wheel (it may be cut off); download it again");
  const auto count = static_cast<uint64_t>(zip_get_num_entries(archive_, 0));
  uint64_t total = 0;
  for (uint64_t i = 0; i < std::min(count, kMaxEntries); ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive_, i, 0, &stat) != 0 || !stat.name) continue;
    Entry entry{stat.name, i, stat.size, stat.comp_size};
    if (entry.name.ends_with("/")) continue;
    std::string problem;
    if (!safe_file_name(entry.name)) problem = "the entry \"" + entry.name.substr(0, 100) + "\" would leave its folder";
    total += entry.bytes;
    if (entry.bytes > kMaxUnpacked || total > kMaxUnpacked || entry.bytes / kMaxRatio > entry.packed + 1)
      problem = "the entry " + entry.name + " claims " + std::to_string(entry.bytes) + " bytes, unpacked from " +
                std::to_string(entry.packed);
    if (!problem.empty()) {
      zip_discard(archive_);
      throw Error(Code::Invalid, file.string() + ": " + problem + "; nothing was imported");
    }
    entries_.push_back(std::move(entry));
  }
  if (count > kMaxEntries) {
    zip_discard(archive_);
    throw Error(Code::Exhausted, file.string() + ": more than " + std::to_string(kMaxEntries) + " entries");
  }
}

Archive::~Archive() { zip_discard(archive_); }

const Archive::Entry* Archive::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

void Archive::read(const Entry& entry, const std::function<void(std::string_view)>& piece) const {
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> in(zip_fopen_index(archive_, entry.index, 0), zip_fclose);
  const auto corrupt = [&](const std::string& what) {
    return Error(Code::Corrupt, file_.string() + ": the entry " + entry.name + " " + what + "; download it again");
  };
  if (!in) throw corrupt(std::string("cannot be read: ") + zip_strerror(archive_));
  std::string buffer(kPiece, '\0');
  uint64_t done = 0;
  for (zip_int64_t n; (n = zip_fread(in.get(), buffer.data(), buffer.size())) != 0;) {
    base::check_interrupt();
    if (n < 0) throw corrupt("is damaged");
    done += static_cast<uint64_t>(n);
    if (done > entry.bytes) throw corrupt("is longer than it says");
    piece(std::string_view(buffer).substr(0, static_cast<size_t>(n)));
  }
  if (done != entry.bytes) throw corrupt("is shorter than it says");
}

std::string Archive::read(const Entry& entry, uint64_t max_bytes) const {
  if (entry.bytes > max_bytes)
    throw Error(Code::Exhausted, file_.string() + ": the entry " + entry.name + " has " + std::to_string(entry.bytes) +
                                     " bytes; at most " + std::to_string(max_bytes) + " are expected");
  std::string out;
  out.reserve(entry.bytes);
  read(entry, [&](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace hanok::chain::hub

// The folder index/: cache files that the database refers to by name.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::store {

/// Bytes of a piece of index, in memory or mapped.
struct Bytes {
  std::string owned;
  base::MappedFile mapped;
  std::string_view view() const { return mapped.size() ? mapped.view() : std::string_view(owned); }
};

/// True for errors of opening a cache file that mean "it is of no use": it is then made again. Others are passed on.
/// Asked only where nothing but such a file was opened: elsewhere NotFound means that a document or collection is not
/// there.
inline bool is_damage(const Error& e) {
  return e.code() == Code::Corrupt || e.code() == Code::NotFound || e.code() == Code::Unsupported;
}

/// How much of a file is looked at when it is opened: its frame and, where that is quick, its checksum; or all of it.
enum class Check { Quick, All };

/// Whether the checksum of a file of so many bytes is looked at.
inline bool checks_all(Check check, int64_t bytes) {
  constexpr int64_t kAlways = 64 << 20;  // takes some 50 ms; more is left to verify and to writers
  return check == Check::All || bytes <= kAlways;
}

/// Its methods may be called from several threads.
class IndexFolder {
 public:
  explicit IndexFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Taken before a reader's view of the database: files that are retired from then on stay until it dies. The folder
  /// must outlive it. Readers of another process have no such thing; what they find missing they make from the
  /// database.
  class Hold {
   public:
    explicit Hold(const IndexFolder& folder);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    const IndexFolder& folder_;
    uint64_t since_;
  };

  /// "<collection>-<generation>.<kind>"; generations are unique in a data directory.
  static std::string file_name(int64_t collection, uint32_t generation, std::string_view kind);
  /// Makes the folder where it is not there.
  void prepare() const;
  void write(const std::string& name, std::string_view bytes) const;
  /// NotFound where it is not there.
  std::shared_ptr<const Bytes> map(const std::string& name) const;
  /// Removes a file that the database no longer names, as soon as no Hold from before is left.
  void retire(const std::string& name) const;
  /// No file is no error, and one that cannot be removed is logged.
  void remove(const std::string& name) const;
  /// Deletes our files that are not in `wanted`: left over from a crash between writing and referring to them.
  void remove_others(const std::set<std::string>& wanted) const;
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

 private:
  struct Retired {
    uint64_t at;
    std::string name;
  };
  void remove_retired() const;

  std::filesystem::path folder_;
  mutable std::mutex mutex_;  // of the next three
  mutable uint64_t now_ = 0;  // counts holds and retired files
  mutable std::set<uint64_t> holds_;
  mutable std::vector<Retired> retired_;
};

/// A file of the folder that no row of the database names yet: removed again, unless keep() is called after the
/// transaction that names it.
class UnnamedFile {
 public:
  UnnamedFile(const IndexFolder& folder, std::string name) : folder_(folder), name_(std::move(name)) {}
  ~UnnamedFile() {
    if (!kept_) folder_.remove(name_);
  }
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  const std::string& name() const { return name_; }
  void keep() { kept_ = true; }

 private:
  const IndexFolder& folder_;
  const std::string name_;
  bool kept_ = false;
};

}  // namespace hanok::store

// Waiting for changes below folders (inotify).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <vector>

namespace hanok::base {

/// Watches folders and everything below them, also folders that appear later. One that is removed, moved or unmounted
/// and comes back under its name is watched again.
class FolderWatcher {
 public:
  /// Throws NotFound, or Exhausted when the user's limit of watches (fs.inotify.max_user_watches) is reached.
  explicit FolderWatcher(const std::vector<std::filesystem::path>& folders);
  ~FolderWatcher();
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;

  /// Waits until something changed and has been quiet for quiet_ms, or stop() says true (asked every 100 ms).
  /// Returns false for stop. A lost event (queue overflow) counts as a change: the caller looks at everything anyway.
  bool wait(int quiet_ms, const std::function<bool()>& stop);

 private:
  bool add(const std::filesystem::path& folder);
  void lose(int id);
  bool drain();
  bool find_again();
  int fd_ = -1;
  const std::vector<std::filesystem::path> roots_;
  std::map<int, std::filesystem::path> folders_;
  std::set<std::filesystem::path> lost_;  // those of roots_ that are not there now
};

}  // namespace hanok::base

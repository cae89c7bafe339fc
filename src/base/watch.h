// Waiting for changes below folders (inotify).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <vector>

namespace hanok::base {

/// Watches folders and everything below them, also folders that appear later.
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
  void add(const std::filesystem::path& folder);
  bool drain();
  int fd_ = -1;
  std::map<int, std::filesystem::path> folders_;
};

}  // namespace hanok::base

#include "base/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/clock.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {
namespace fs = std::filesystem;
constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
}  // namespace

FolderWatcher::FolderWatcher(const std::vector<fs::path>& folders) : roots_(folders) {
  fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) throw Error(Code::Exhausted, std::string("cannot watch folders: ") + std::strerror(errno));
  for (const auto& folder : folders) {
    if (!fs::exists(folder)) throw Error(Code::NotFound, folder.string() + ": cannot watch it: it is not there");
    add(folder);
  }
}

FolderWatcher::~FolderWatcher() {
  if (fd_ >= 0) ::close(fd_);
}

// False where it is not there.
bool FolderWatcher::add(const fs::path& folder) {
  const int id = ::inotify_add_watch(fd_, folder.c_str(), kEvents);
  if (id < 0) {
    if (errno == ENOSPC)
      throw Error(Code::Exhausted,
                  folder.string() + ": too many folders to watch; raise fs.inotify.max_user_watches (sysctl)");
    return false;  // it went away between the listing and here
  }
  folders_[id] = folder;
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return true;
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, ignored), end; it != end;
       it.increment(ignored)) {
    if (ignored) break;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) add(it->path());
  }
  return true;
}

// The system watches this one no more, or at another place.
void FolderWatcher::lose(int id) {
  const auto at = folders_.find(id);
  if (at == folders_.end()) return;
  if (std::find(roots_.begin(), roots_.end(), at->second) != roots_.end()) lost_.insert(at->second);
  folders_.erase(at);
}

// Watches what was lost and is there now; true if there was any.
bool FolderWatcher::find_again() {
  return std::erase_if(lost_, [&](const fs::path& root) { return add(root); }) > 0;
}

// Reads all events that are there; true if there were any.
bool FolderWatcher::drain() {
  bool any = false, overflow = false;
  alignas(inotify_event) std::array<char, 16 << 10> buffer;
  for (;;) {
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n <= 0) break;
    any = true;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      overflow |= (event->mask & IN_Q_OVERFLOW) != 0;
      if (event->mask & IN_IGNORED) lose(event->wd);
      const auto parent = folders_.find(event->wd);
      if ((event->mask & IN_MOVE_SELF) && parent != folders_.end() &&
          std::find(roots_.begin(), roots_.end(), parent->second) != roots_.end()) {
        ::inotify_rm_watch(fd_, event->wd);
        lose(event->wd);
        continue;
      }
      if (event->len > 0 && (event->mask & IN_ISDIR) && (event->mask & (IN_CREATE | IN_MOVED_TO)) &&
          parent != folders_.end())
        add(parent->second / event->name);
    }
  }
  if (overflow) lost_.insert(roots_.begin(), roots_.end());  // folders that nothing was heard of are among them
  return any;
}

bool FolderWatcher::wait(int quiet_ms, const std::function<bool()>& stop) {
  constexpr int kStepMs = 100;
  bool changed = false;
  Stopwatch since;
  while (!stop()) {
    pollfd p{fd_, POLLIN, 0};
    ::poll(&p, 1, kStepMs);
    const bool events = drain();
    if (find_again() || events) {
      changed = true;
      since = Stopwatch();
    } else if (changed && since.seconds() * 1000 >= quiet_ms) {
      return true;
    }
  }
  return false;
}

}  // namespace hanok::base

#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

constexpr int kSliceMs = 50;          // between two looks at the context
constexpr size_t kMostErrors = 4096;  // bytes of stderr that are kept
constexpr double kPatience = 0.3;     // seconds that a child is given to end by itself

void make_pipe(int ends[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(Code::Exhausted, std::string("cannot make a pipe: ") + std::strerror(errno));
}

void shut(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

/// SIGPIPE goes to the thread that writes: held back here, and taken away.
class BlockSigpipe {
 public:
  BlockSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~BlockSigpipe() {
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) continue;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

}  // namespace

Child::Child(const std::vector<std::string>& argv) : name_(argv.at(0)) {
  std::vector<char*> args;
  for (const auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  args.push_back(nullptr);
  int in[2], out[2], err[2], report[2];
  make_pipe(in), make_pipe(out), make_pipe(err), make_pipe(report);
  pid_ = ::fork();
  if (pid_ == 0) {  // async-signal-safe calls only
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    ::dup2(in[0], 0), ::dup2(out[1], 1), ::dup2(err[1], 2);
    ::signal(SIGPIPE, SIG_DFL);
    ::execvp(args[0], args.data());
    const int e = errno;
    if (::write(report[1], &e, sizeof e) < 0) ::_exit(126);
    ::_exit(127);
  }
  ::close(in[0]), ::close(out[1]), ::close(err[1]), ::close(report[1]);
  in_ = in[1], out_ = out[0], err_ = err[0];
  int failed = pid_ < 0 ? errno : 0;
  const bool cannot = pid_ < 0 || ::read(report[0], &failed, sizeof failed) == sizeof failed;
  ::close(report[0]);
  if (cannot) {
    shut(in_), shut(out_), shut(err_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    throw Error(failed == ENOENT ? Code::NotFound : Code::Unavailable,
                "cannot run " + name_ + ": " + std::strerror(failed) + "; is it installed?");
  }
  for (const int fd : {in_, out_, err_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  shut(in_);  // which is how it is asked to end
  const Stopwatch watch;
  bool ended = false;
  while (!(ended = ::waitpid(pid_, nullptr, WNOHANG) != 0) && watch.seconds() < kPatience) ::poll(nullptr, 0, 5);
  ::kill(-pid_, SIGKILL);  // what it has started, too
  if (!ended) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  shut(out_), shut(err_);
}

void Child::gone(const std::string& why) {
  drain_errors();
  std::string said = errors_;
  std::replace(said.begin(), said.end(), '\n', ' ');
  throw Error(Code::Unavailable, name_ + ": " + why + (said.empty() ? "" : "; it says: " + said));
}

void Child::drain_errors() {
  char buffer[4096];
  for (ssize_t n; err_ >= 0 && (n = ::read(err_, buffer, sizeof buffer)) > 0;) {
    errors_.append(buffer, static_cast<size_t>(n));
    if (errors_.size() > kMostErrors) errors_.erase(0, errors_.size() - kMostErrors);
  }
}

void Child::write_line(std::string_view line, double seconds) {
  const BlockSigpipe quiet;
  const std::string whole = std::string(line) + "\n";
  std::string_view left = whole;
  const Stopwatch watch;
  while (!left.empty()) {
    check_interrupt();
    if (watch.seconds() > seconds) gone("does not read what it is told");
    pollfd fds[2] = {{in_, POLLOUT, 0}, {err_, POLLIN, 0}};
    ::poll(fds, 2, kSliceMs);
    if (fds[1].revents) drain_errors();
    if (!fds[0].revents) continue;
    const ssize_t n = ::write(in_, left.data(), left.size());
    if (n > 0)
      left.remove_prefix(static_cast<size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      gone("has ended");
  }
}

std::string Child::read_line(double seconds, size_t most) {
  const Stopwatch watch;
  size_t looked = 0;
  for (;;) {
    if (const size_t end = pending_.find('\n', looked); end != pending_.npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    looked = pending_.size();
    if (looked > most) throw Error(Code::Exhausted, name_ + ": a line of more than " + std::to_string(most) + " bytes");
    check_interrupt();
    if (watch.seconds() > seconds) gone("says nothing for " + std::to_string(static_cast<int>(seconds)) + " seconds");
    pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    ::poll(fds, 2, kSliceMs);
    if (fds[1].revents) drain_errors();
    if (!fds[0].revents) continue;
    char buffer[1 << 16];
    const ssize_t n = ::read(out_, buffer, sizeof buffer);
    if (n > 0)
      pending_.append(buffer, static_cast<size_t>(n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
      gone("has ended");
  }
}

}  // namespace hanok::base

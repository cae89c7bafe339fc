#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

constexpr size_t kMaxErr = 64 << 10;

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw Error(Code::Exhausted, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  ~Pipe() { close(0), close(1); }
  void close(int i) {
    if (ends[i] >= 0) ::close(ends[i]);
    ends[i] = -1;
  }
};

// A child that ends before it has read its input makes our write raise SIGPIPE. The signal goes to the thread that
// writes, so it is held back for this thread alone: a handler belongs to the process, and two calls at once would
// restore it under each other.
class BlockSigpipe {
 public:
  BlockSigpipe() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~BlockSigpipe() {
    const timespec now{};
    while (::sigtimedwait(&sigpipe_, nullptr, &now) == SIGPIPE) continue;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BlockSigpipe(const BlockSigpipe&) = delete;
  BlockSigpipe& operator=(const BlockSigpipe&) = delete;

 private:
  sigset_t sigpipe_, before_;
};

void limit(int what, uint64_t value) {
  const rlimit l{value, value};
  ::setrlimit(what, &l);
}

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* argv, Pipe& in, Pipe& out, Pipe& err, Pipe& report, const ProcessLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  ::dup2(in.ends[0], 0);
  ::dup2(out.ends[1], 1);
  ::dup2(err.ends[1], 2);
  limit(RLIMIT_AS, limits.memory_bytes);
  limit(RLIMIT_CPU, static_cast<uint64_t>(std::ceil(limits.seconds)) + 1);
  limit(RLIMIT_CORE, 0);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvp(argv[0], argv);
  const int e = errno;
  if (::write(report.ends[1], &e, sizeof e) < 0) ::_exit(126);
  ::_exit(127);
}

// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& into, size_t most, bool& cut) {
  std::array<char, 1 << 16> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  const size_t room = most - std::min(most, into.size());
  into.append(buffer.data(), std::min(room, static_cast<size_t>(n)));
  if (static_cast<size_t>(n) > room) cut = true;
  return true;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, std::string_view input, const ProcessLimits& limits) {
  std::vector<char*> args;
  for (const auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  args.push_back(nullptr);
  Pipe in, out, err, report;
  const pid_t child = ::fork();
  if (child < 0) throw Error(Code::Exhausted, "cannot start " + argv[0] + ": " + std::strerror(errno));
  if (child == 0) become(args.data(), in, out, err, report, limits);
  in.close(0), out.close(1), err.close(1), report.close(1);
  int exec_error = 0;
  if (::read(report.ends[0], &exec_error, sizeof exec_error) == sizeof exec_error) {
    ::waitpid(child, nullptr, 0);
    throw Error(exec_error == ENOENT ? Code::NotFound : Code::Unavailable,
                "cannot run " + argv[0] + ": " + std::strerror(exec_error) + "; is it installed?");
  }

  ProcessResult result;
  Stopwatch watch;
  ::fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  const BlockSigpipe quiet;
  if (input.empty()) in.close(1);
  bool err_cut = false, killed = false;
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    pollfd fds[3] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}, {in.ends[1], POLLOUT, 0}};
    ::poll(fds, 3, 50);
    if (fds[0].revents && !drain(out.ends[0], result.out, limits.output_bytes, result.output_cut)) out.close(0);
    if (fds[1].revents && !drain(err.ends[0], result.err, kMaxErr, err_cut)) err.close(0);
    if (fds[2].revents) {
      const ssize_t n = ::write(in.ends[1], input.data(), std::min<size_t>(input.size(), 1 << 16));
      if (n > 0) input.remove_prefix(static_cast<size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) in.close(1);
    }
    if (watch.seconds() > limits.seconds) result.timed_out = true;
    if (!killed && (result.timed_out || result.output_cut || Context::current().ended())) {
      ::kill(-child, SIGKILL);
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  // A child may close its output and live on: the clock still counts.
  int status = 0;
  for (pid_t ended = 0; ended == 0;) {
    ended = ::waitpid(child, &status, killed ? 0 : WNOHANG);
    if (ended < 0 && errno == EINTR) ended = 0;
    if (ended != 0 || killed) continue;
    if (watch.seconds() > limits.seconds) result.timed_out = true;
    if (result.timed_out || Context::current().ended()) {
      ::kill(-child, SIGKILL);
      ::kill(child, SIGKILL);
      killed = true;
    } else {
      ::poll(nullptr, 0, 2);
    }
  }
  result.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  check_interrupt();
  return result;
}

void become_process(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  throw Error(Code::NotFound, argv[0] + ": cannot be started: " + std::strerror(errno));
}

std::string program_file() {
  std::array<char, 4096> path;
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 && static_cast<size_t>(n) < path.size() ? std::string(path.data(), static_cast<size_t>(n))
                                                       : std::string();
}

}  // namespace hanok::base

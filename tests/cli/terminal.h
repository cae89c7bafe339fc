// The program in a terminal that a test holds: keys go in, and what a person would see comes out.
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "text/utf8.h"
#include "text/width.h"

namespace hanok::test {

/// The screen of a terminal, as far as the program draws on it: characters of one and two columns, and the control
/// sequences that move and erase (ECMA-48). Rows that leave it at the top are kept.
class Screen {
 public:
  Screen(size_t columns, size_t rows) : columns_(columns), rows_(rows), cells_(rows, Row(columns, " ")) {}

  void write(std::string_view bytes) {
    pending_ += bytes;
    size_t i = 0;
    while (i < pending_.size()) {
      const size_t n = one(std::string_view(pending_).substr(i));
      if (n == 0) break;  // not all of it is there yet
      i += n;
    }
    pending_.erase(0, i);
  }

  /// A row without the blanks at its end.
  std::string row(size_t r) const { return join(cells_[r]); }
  size_t cursor_row() const { return y_; }
  size_t cursor_column() const { return x_; }
  /// All that was ever shown, row by row, without empty rows at the end.
  std::string all() const {
    std::string out;
    for (const auto& line : gone_) out += line + "\n";
    for (const auto& cells : cells_) out += join(cells) + "\n";
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
  }

 private:
  using Row = std::vector<std::string>;  // the second column of a wide character is empty

  static std::string join(const Row& cells) {
    std::string out;
    for (const auto& c : cells) out += c;
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

  void line_feed() {
    if (y_ + 1 < rows_) {
      ++y_;
      return;
    }
    gone_.push_back(join(cells_[0]));
    cells_.erase(cells_.begin());
    cells_.push_back(Row(columns_, " "));
  }

  // Bytes taken; 0: more are needed.
  size_t one(std::string_view s) {
    const auto c = static_cast<unsigned char>(s[0]);
    if (c == 27) return escape(s);
    if (c == '\r') return x_ = 0, 1;
    if (c == '\n') return line_feed(), 1;
    if (c == 8) return x_ -= x_ > 0, 1;
    if (c < 32) return 1;
    const size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    if (s.size() < length) return 0;
    character(s.substr(0, length));
    return length;
  }

  void character(std::string_view text) {
    const size_t width = text::grapheme_columns(text);
    if (width == 0) {  // joins what stands before it
      if (x_ > 0) cells_[y_][x_ - 1 - (x_ > 1 && cells_[y_][x_ - 1].empty())] += text;
      return;
    }
    if (x_ + width > columns_) x_ = 0, line_feed();
    cells_[y_][x_] = text;
    if (width == 2) cells_[y_][x_ + 1].clear();
    x_ += width;
  }

  size_t escape(std::string_view s) {
    if (s.size() < 2) return 0;
    if (s[1] != '[') return 2;
    size_t end = 2;
    while (end < s.size() && s[end] >= 0x20 && s[end] < 0x40) ++end;
    if (end == s.size()) return 0;
    const std::string numbers(s.substr(2, end - 2));
    const size_t n = std::max(1, std::atoi(numbers.c_str()));
    switch (s[end]) {
      case 'A':
        y_ -= std::min(y_, n);
        break;
      case 'B':
        y_ = std::min(y_ + n, rows_ - 1);
        break;
      case 'C':
        x_ = std::min(x_ + n, columns_ - 1);
        break;
      case 'D':
        x_ -= std::min(x_, n);
        break;
      case 'H':
        x_ = y_ = 0;
        break;
      case 'J':
        if (numbers == "2") cells_.assign(rows_, Row(columns_, " "));
        for (size_t x = x_; x < columns_; ++x) cells_[y_][x] = " ";
        for (size_t y = y_ + 1; y < rows_; ++y) cells_[y].assign(columns_, " ");
        break;
      case 'K':
        for (size_t x = x_; x < columns_; ++x) cells_[y_][x] = " ";
        break;
      default:
        break;
    }
    return end + 1;
  }

  size_t columns_, rows_, x_ = 0, y_ = 0;
  std::vector<Row> cells_;
  std::vector<std::string> gone_;
  std::string pending_;
};

class Terminal {
 public:
  explicit Terminal(std::vector<std::string> command, size_t columns = 40, size_t rows = 12) : screen(columns, rows) {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = static_cast<unsigned short>(rows);
    child_ = ::forkpty(&fd_, nullptr, nullptr, &size);
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setenv("TERM", "xterm", 1);
      std::vector<char*> argv;
      for (auto& word : command) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Terminal() {
    if (child_ > 0) ::kill(child_, SIGKILL), ::waitpid(child_, nullptr, 0);
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(std::string_view keys) {
    while (!keys.empty()) {
      const ssize_t n = ::write(fd_, keys.data(), keys.size());
      if (n <= 0) return;
      keys.remove_prefix(static_cast<size_t>(n));
    }
  }
  /// Until what is shown is as wanted; false after `seconds`.
  bool wait_for(const std::function<bool()>& wanted, double seconds = 20) {
    const base::Stopwatch watch;
    while (!wanted()) {
      if (watch.seconds() > seconds || !read(200)) return wanted();
    }
    return true;
  }
  bool wait_for_text(const std::string& text) {
    return wait_for([&] { return screen.all().find(text) != std::string::npos; });
  }
  /// The exit status, once the program has ended; -1 when it does not.
  int wait_for_end(double seconds = 60) {
    const base::Stopwatch watch;
    int status = 0;
    while (watch.seconds() < seconds) {
      read(50);
      if (::waitpid(child_, &status, WNOHANG) == child_) {
        child_ = -1;
        while (read(0)) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
    return -1;
  }
  pid_t child() const { return child_; }

  Screen screen;

 private:
  // False when there is no more.
  bool read(int ms) {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, ms) <= 0) return ms > 0;
    char bytes[4096];
    const ssize_t n = ::read(fd_, bytes, sizeof bytes);
    if (n <= 0) return false;
    screen.write({bytes, static_cast<size_t>(n)});
    return true;
  }

  int fd_ = -1;
  pid_t child_ = -1;
};

}  // namespace hanok::test

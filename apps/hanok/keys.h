// A terminal's bytes as keys: characters, control keys, escape sequences, pasted text.
#pragma once

#include <functional>
#include <string>

#include "hanok/context.h"

namespace hanok::app {

struct Key {
  enum class Kind {
    Text,   // one character, or what was pasted
    Enter,  // and NewLine: Ctrl-J or Alt-Enter
    NewLine,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    EraseWord,     // back to where the word begins
    EraseToStart,  // of the line
    EraseToEnd,
    Redraw,
    Interrupt,   // Ctrl-C
    EndOfInput,  // Ctrl-D
    Suspend,     // Ctrl-Z
    Closed,      // no more bytes, or a signal that ends the program
    Other,
  };
  Kind kind = Kind::Other;
  std::string text = {};
};

/// Bytes of a file descriptor, one at a time.
class ByteReader {
 public:
  static constexpr int kEnd = -1, kTimeout = -2;
  /// interrupts: once cancelled, reading ends.
  ByteReader(int fd, CancelSource interrupts) : fd_(fd), interrupts_(std::move(interrupts)) {}
  /// A byte, kEnd, or kTimeout when none came for so long (negative: as long as it takes).
  int next(int timeout_ms = -1);
  bool waiting();  // whether next() would give one at once
  void put_back(int byte) { kept_ = byte; }

 private:
  int fd_;
  CancelSource interrupts_;
  std::string buffer_;
  size_t at_ = 0;
  int kept_ = kTimeout;
};

/// The next key; waits for it. Control characters in pasted text other than line breaks and tabs are left out.
Key read_key(ByteReader& bytes);

}  // namespace hanok::app

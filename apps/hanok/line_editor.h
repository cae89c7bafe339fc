// Editing lines in a terminal: right for characters of two columns and of several code points, for several lines, for
// history and for paste.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keys.h"

namespace hanok::app {

/// A text and a cursor in it, both in whole characters.
class EditedText {
 public:
  const std::string& text() const { return text_; }
  size_t cursor() const { return cursor_; }  // bytes
  void set(std::string text);                // the cursor goes to the end
  void insert(std::string_view text);
  void erase_back();
  void erase_forward();
  void left();
  void right();
  void home();  // of the line
  void end();
  void word_left();
  void word_right();
  void erase_word();
  void erase_to_start();
  void erase_to_end();
  /// One line up or down, in the same column where there is one; false in the first and the last line.
  bool up();
  bool down();

 private:
  void settle();
  size_t line_start(size_t from) const;
  size_t line_end(size_t from) const;
  void go_to_column(size_t line, size_t column);
  std::string text_;
  size_t cursor_ = 0;
};

/// The rows of a terminal that show a text, none wider than `columns` - 1 (in the last column terminals differ).
struct Rows {
  std::vector<std::string> rows;
  size_t cursor_row = 0, cursor_column = 0;
};
Rows lay_out(std::string_view prompt, std::string_view continued, const EditedText& text, size_t columns);

class RawMode;

class LineEditor {
 public:
  /// Of the process's terminal: keys from fd 0, drawn to fd 1. From the first read on the terminal echoes nothing, so
  /// that what is typed before its turn is there as it was typed; between two reads Ctrl-C is a signal. The destructor
  /// gives the terminal back as it was.
  explicit LineEditor(CancelSource interrupts);
  ~LineEditor();
  /// Whether both are a terminal that can be drawn on.
  static bool possible();

  enum class End { Text, Interrupted, Closed };
  /// A text, when Enter was pressed behind it (Alt-Enter, Ctrl-J or a backslash before Enter begin a new line);
  /// Interrupted: Ctrl-C threw away what was there; Closed: Ctrl-D where there is nothing, or no more input.
  End read(std::string_view prompt, std::string_view continued, std::string& text);
  /// What the arrow up brings back.
  void remember(std::string text);

 private:
  End edit(std::string& text);
  void draw(bool whole = false);
  void leave();
  void browse(bool older);
  ByteReader bytes_;
  std::unique_ptr<RawMode> terminal_;
  std::vector<std::string> history_;
  size_t place_ = 0;     // in history_; its size: the text that is being written
  std::string written_;  // that text, while the history is looked at
  EditedText edit_;
  std::string prompt_, continued_;
  size_t drawn_row_ = 0;  // of the cursor, among the rows that were drawn
};

}  // namespace hanok::app

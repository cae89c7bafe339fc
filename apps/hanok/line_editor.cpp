#include "line_editor.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "hanok/text.h"
#include "text/width.h"

namespace hanok::app {
namespace {

constexpr size_t kTabColumns = 4;
constexpr size_t kHistory = 1000;  // texts that are remembered

size_t shown_columns(std::string_view grapheme) {
  return grapheme == "\t" ? kTabColumns : text::grapheme_columns(grapheme);
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

struct Size {
  size_t columns = 80, rows = 24;
};
Size terminal_size() {
  winsize size{};
  Size out;
  if (::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) out = {size.ws_col, size.ws_row};
  return out;
}

void put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(1, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody looks any more; reading will say so too
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

std::string move(size_t n, char where) { return n == 0 ? "" : "\x1b[" + std::to_string(n) + where; }

}  // namespace

/// What the terminal does with keys.
class RawMode {
 public:
  RawMode() : there_(::tcgetattr(0, &before_) == 0) {}
  ~RawMode() { restore(); }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

  /// Keys as they are pressed, nothing echoed, pastes marked.
  void edit() { set(0, "\x1b[?2004h"); }
  /// The same, but Ctrl-C is a signal; nothing is drawn.
  void wait() { set(ISIG, "\x1b[?2004l"); }
  void restore() {
    if (!there_) return;
    put("\x1b[?2004l");
    ::tcsetattr(0, TCSADRAIN, &before_);
  }

 private:
  void set(tcflag_t signals, std::string_view paste) {
    if (!there_) return;
    termios raw = before_;
    raw.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_lflag |= signals;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(0, TCSADRAIN, &raw);
    put(paste);
  }

  termios before_{};
  bool there_ = false;
};

// ---- the text

void EditedText::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void EditedText::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
  settle();
}

/// What is now beside each other may have joined (a jamo, an accent): the cursor stays between characters.
void EditedText::settle() {
  size_t at = line_start(cursor_);
  while (at < cursor_) at = text::next_grapheme(text_, at);
  cursor_ = at;
}

void EditedText::erase_back() {
  if (cursor_ == 0) return;
  const size_t from = text::previous_grapheme(text_, cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
  settle();
}

void EditedText::erase_forward() {
  if (cursor_ < text_.size()) text_.erase(cursor_, text::next_grapheme(text_, cursor_) - cursor_);
  settle();
}

void EditedText::left() {
  if (cursor_ > 0) cursor_ = text::previous_grapheme(text_, cursor_);
}
void EditedText::right() {
  if (cursor_ < text_.size()) cursor_ = text::next_grapheme(text_, cursor_);
}

size_t EditedText::line_start(size_t from) const {
  const size_t at = from == 0 ? std::string::npos : text_.rfind('\n', from - 1);
  return at == std::string::npos ? 0 : at + 1;
}
size_t EditedText::line_end(size_t from) const { return std::min(text_.find('\n', from), text_.size()); }

void EditedText::home() { cursor_ = line_start(cursor_); }
void EditedText::end() { cursor_ = line_end(cursor_); }

void EditedText::word_left() {
  while (cursor_ > 0 && blank(text_[cursor_ - 1])) --cursor_;
  while (cursor_ > 0 && !blank(text_[cursor_ - 1])) --cursor_;
  settle();
}
void EditedText::word_right() {
  while (cursor_ < text_.size() && blank(text_[cursor_])) ++cursor_;
  while (cursor_ < text_.size() && !blank(text_[cursor_])) ++cursor_;
  settle();
}

void EditedText::erase_word() {
  const size_t end = cursor_;
  word_left();
  text_.erase(cursor_, end - cursor_);
  settle();
}
void EditedText::erase_to_start() {
  const size_t end = cursor_;
  home();
  text_.erase(cursor_, end - cursor_);
  settle();
}
void EditedText::erase_to_end() {
  text_.erase(cursor_, line_end(cursor_) - cursor_);
  settle();
}

void EditedText::go_to_column(size_t line, size_t column) {
  cursor_ = line;
  for (size_t taken = 0; cursor_ < line_end(line);) {
    const size_t next = text::next_grapheme(text_, cursor_);
    taken += shown_columns(std::string_view(text_).substr(cursor_, next - cursor_));
    if (taken > column) break;
    cursor_ = next;
  }
}

bool EditedText::up() {
  const size_t start = line_start(cursor_);
  if (start == 0) return false;
  go_to_column(line_start(start - 1), text::columns(std::string_view(text_).substr(start, cursor_ - start)));
  return true;
}
bool EditedText::down() {
  const size_t start = line_start(cursor_), end = line_end(cursor_);
  if (end == text_.size()) return false;
  go_to_column(end + 1, text::columns(std::string_view(text_).substr(start, cursor_ - start)));
  return true;
}

// ---- the screen

Rows lay_out(std::string_view prompt, std::string_view continued, const EditedText& edit, size_t columns) {
  const size_t widest = std::max<size_t>(columns, 8) - 1;
  const std::string& text = edit.text();
  Rows out{.rows = {std::string(prompt)}};
  size_t used = text::columns(prompt);
  const auto cursor_here = [&] { out.cursor_row = out.rows.size() - 1, out.cursor_column = used; };
  for (size_t i = 0; i < text.size();) {
    const size_t end = text::next_grapheme(text, i);
    const std::string_view grapheme(text.data() + i, end - i);
    if (grapheme == "\n" || grapheme == "\r\n") {
      if (i == edit.cursor()) cursor_here();
      out.rows.emplace_back(continued);
      used = text::columns(continued);
    } else {
      const size_t takes = shown_columns(grapheme);
      if (used + takes > widest) out.rows.emplace_back(), used = 0;
      if (i == edit.cursor()) cursor_here();
      out.rows.back() += grapheme == "\t" ? std::string(kTabColumns, ' ') : std::string(grapheme);
      used += takes;
    }
    i = end;
  }
  if (edit.cursor() == text.size()) cursor_here();
  return out;
}

// ---- keys

LineEditor::LineEditor(CancelSource interrupts) : bytes_(0, std::move(interrupts)) {}
LineEditor::~LineEditor() = default;

bool LineEditor::possible() {
  const char* kind = std::getenv("TERM");
  return ::isatty(0) && ::isatty(1) && kind && std::string_view(kind) != "dumb";
}

void LineEditor::remember(std::string text) {
  if (!history_.empty() && history_.back() == text) return;
  history_.push_back(std::move(text));
  if (history_.size() > kHistory) history_.erase(history_.begin());
}

void LineEditor::draw(bool whole) {
  const Size size = terminal_size();
  const Rows all = lay_out(prompt_, continued_, edit_, size.columns);
  // A text higher than the screen is shown around the cursor; a whole one when it is left.
  const size_t high = std::max<size_t>(size.rows, 2) - 1;
  size_t top = 0, shown = all.rows.size();
  if (!whole && shown > high) {
    top = std::min(all.cursor_row - std::min(all.cursor_row, high / 2), shown - high);
    shown = high;
  }
  std::string out = "\r" + move(drawn_row_, 'A') + "\x1b[J";
  for (size_t r = 0; r < shown; ++r) out += (r > 0 ? "\r\n" : "") + all.rows[top + r];
  drawn_row_ = all.cursor_row - top;
  out += move(shown - 1 - drawn_row_, 'A') + "\r" + move(all.cursor_column, 'C');
  put(out);
}

/// The cursor behind the text, on a row of its own.
void LineEditor::leave() {
  edit_.set(edit_.text());
  draw(true);
  put("\r\n");
  drawn_row_ = 0;
}

void LineEditor::browse(bool older) {
  if (older ? place_ == 0 : place_ == history_.size()) return;
  if (place_ == history_.size()) written_ = edit_.text();
  place_ = older ? place_ - 1 : place_ + 1;
  edit_.set(place_ == history_.size() ? written_ : history_[place_]);
}

LineEditor::End LineEditor::read(std::string_view prompt, std::string_view continued, std::string& text) {
  prompt_ = prompt, continued_ = continued;
  edit_.set({});
  place_ = history_.size();
  drawn_row_ = 0;
  if (!terminal_) terminal_ = std::make_unique<RawMode>();
  terminal_->edit();
  const End end = edit(text);
  terminal_->wait();
  return end;
}

LineEditor::End LineEditor::edit(std::string& text) {
  draw();
  for (;;) {
    const Key key = read_key(bytes_);
    switch (key.kind) {
      case Key::Kind::Text:
        edit_.insert(key.text);
        break;
      case Key::Kind::NewLine:
        edit_.insert("\n");
        break;
      case Key::Kind::Enter:
        if (edit_.cursor() > 0 && edit_.cursor() == edit_.text().size() && edit_.text().back() == '\\') {
          edit_.erase_back();
          edit_.insert("\n");
          break;
        }
        leave();
        text = text::nfc(edit_.text());  // some systems type and paste syllables as jamo
        return End::Text;
      case Key::Kind::Backspace:
        edit_.erase_back();
        break;
      case Key::Kind::Delete:
        edit_.erase_forward();
        break;
      case Key::Kind::Left:
        edit_.left();
        break;
      case Key::Kind::Right:
        edit_.right();
        break;
      case Key::Kind::Up:
        if (!edit_.up()) browse(true);
        break;
      case Key::Kind::Down:
        if (!edit_.down()) browse(false);
        break;
      case Key::Kind::Home:
        edit_.home();
        break;
      case Key::Kind::End:
        edit_.end();
        break;
      case Key::Kind::WordLeft:
        edit_.word_left();
        break;
      case Key::Kind::WordRight:
        edit_.word_right();
        break;
      case Key::Kind::EraseWord:
        edit_.erase_word();
        break;
      case Key::Kind::EraseToStart:
        edit_.erase_to_start();
        break;
      case Key::Kind::EraseToEnd:
        edit_.erase_to_end();
        break;
      case Key::Kind::Redraw:
        put("\x1b[H\x1b[2J");
        drawn_row_ = 0;
        break;
      case Key::Kind::Interrupt:
        leave();
        return End::Interrupted;
      case Key::Kind::EndOfInput:
        if (!edit_.text().empty()) {
          edit_.erase_forward();
          break;
        }
        leave();
        return End::Closed;
      case Key::Kind::Suspend:
        leave();
        terminal_->restore();
        ::raise(SIGTSTP);
        terminal_->edit();
        break;
      case Key::Kind::Closed:
        leave();
        return End::Closed;
      case Key::Kind::Other:
        break;
    }
    if (!bytes_.waiting()) draw();  // what comes in one go is drawn once
  }
}

}  // namespace hanok::app

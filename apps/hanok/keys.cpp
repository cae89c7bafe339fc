#include "keys.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "text/utf8.h"

namespace hanok::app {

int ByteReader::next(int timeout_ms) {
  if (kept_ >= 0) return std::exchange(kept_, kTimeout);
  if (at_ < buffer_.size()) return static_cast<unsigned char>(buffer_[at_++]);
  for (;;) {
    if (interrupts_.cancelled()) return kEnd;
    // Now and then on its own, for a signal between the look at the flag and the wait.
    constexpr int kLongest = 500;
    pollfd one{fd_, POLLIN, 0};
    const int ready = ::poll(&one, 1, timeout_ms < 0 ? kLongest : timeout_ms);
    if (ready == 0 && timeout_ms >= 0) return kTimeout;
    if (ready <= 0) {
      if (ready < 0 && errno != EINTR) return kEnd;
      continue;
    }
    char piece[4096];
    const ssize_t n = ::read(fd_, piece, sizeof piece);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return kEnd;
    buffer_.assign(piece, static_cast<size_t>(n));
    at_ = 1;
    return static_cast<unsigned char>(buffer_[0]);
  }
}

bool ByteReader::waiting() {
  if (kept_ >= 0 || at_ < buffer_.size()) return true;
  pollfd one{fd_, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

namespace {

using Kind = Key::Kind;

constexpr int kEscapeMs = 60;  // an escape sequence's bytes come together; a lone Escape is followed by nothing

/// The rest of a character that begins with `first`; empty when it is not UTF-8.
std::string character(ByteReader& bytes, int first) {
  std::string out(1, static_cast<char>(first));
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  while (out.size() < length) {
    const int byte = bytes.next(kEscapeMs);
    if (byte < 0) break;
    if ((byte & 0xC0) != 0x80) {
      bytes.put_back(byte);
      break;
    }
    out += static_cast<char>(byte);
  }
  return text::valid_utf8(out) ? out : std::string();
}

/// Everything up to the end of a bracketed paste.
Key pasted(ByteReader& bytes) {
  constexpr std::string_view kEndOfPaste = "\x1b[201~";
  constexpr size_t kLongest = 16u << 20;
  std::string raw;
  while (!raw.ends_with(kEndOfPaste) && raw.size() < kLongest) {
    const int byte = bytes.next();
    if (byte < 0) break;
    raw += static_cast<char>(byte);
  }
  if (raw.ends_with(kEndOfPaste)) raw.resize(raw.size() - kEndOfPaste.size());
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\r') {  // terminals send line breaks as the Enter key does
      out += '\n';
      if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
    } else if (static_cast<unsigned char>(c) >= 32 || c == '\n' || c == '\t') {
      if (c != 127) out += c;
    }
  }
  return {Kind::Text, text::replace_invalid(out)};
}

Kind arrow(char end, bool word) {
  switch (end) {
    case 'A':
      return Kind::Up;
    case 'B':
      return Kind::Down;
    case 'C':
      return word ? Kind::WordRight : Kind::Right;
    case 'D':
      return word ? Kind::WordLeft : Kind::Left;
    case 'H':
      return Kind::Home;
    case 'F':
      return Kind::End;
    default:
      return Kind::Other;
  }
}

/// Behind "ESC [": numbers, then a letter or '~'.
Key sequence(ByteReader& bytes) {
  constexpr size_t kLongest = 32;
  std::string numbers;
  int byte = 0;
  while ((byte = bytes.next(kEscapeMs)) >= 0 && byte >= 0x20 && byte < 0x40 && numbers.size() < kLongest)
    numbers += static_cast<char>(byte);
  if (byte != '~') {
    const bool modified = numbers.ends_with(";5") || numbers.ends_with(";3");  // Ctrl, Alt
    return {arrow(static_cast<char>(byte), modified)};
  }
  if (numbers == "200") return pasted(bytes);
  if (numbers == "1" || numbers == "7") return {Kind::Home};
  if (numbers == "4" || numbers == "8") return {Kind::End};
  if (numbers == "3") return {Kind::Delete};
  return {Kind::Other};
}

Key escaped(ByteReader& bytes) {
  const int byte = bytes.next(kEscapeMs);
  switch (byte) {
    case '[':
      return sequence(bytes);
    case 'O': {
      const int end = bytes.next(kEscapeMs);
      return {end < 0 ? Kind::Other : arrow(static_cast<char>(end), false)};
    }
    case '\r':
    case '\n':
      return {Kind::NewLine};
    case 'b':
      return {Kind::WordLeft};
    case 'f':
      return {Kind::WordRight};
    case 127:
    case 8:
      return {Kind::EraseWord};
    default:
      return {Kind::Other};
  }
}

constexpr int control(char letter) { return letter & 31; }

}  // namespace

Key read_key(ByteReader& bytes) {
  const int byte = bytes.next();
  switch (byte) {
    case ByteReader::kEnd:
      return {Kind::Closed};
    case 27:
      return escaped(bytes);
    case '\r':
      return {Kind::Enter};
    case '\n':
      return {Kind::NewLine};
    case 127:
    case 8:
      return {Kind::Backspace};
    case control('A'):
      return {Kind::Home};
    case control('B'):
      return {Kind::Left};
    case control('C'):
      return {Kind::Interrupt};
    case control('D'):
      return {Kind::EndOfInput};
    case control('E'):
      return {Kind::End};
    case control('F'):
      return {Kind::Right};
    case control('K'):
      return {Kind::EraseToEnd};
    case control('L'):
      return {Kind::Redraw};
    case control('N'):
      return {Kind::Down};
    case control('P'):
      return {Kind::Up};
    case control('U'):
      return {Kind::EraseToStart};
    case control('W'):
      return {Kind::EraseWord};
    case control('Z'):
      return {Kind::Suspend};
    case '\t':
      return {Kind::Text, "\t"};
    default:
      break;
  }
  if (byte < 32) return {Kind::Other};
  std::string text = character(bytes, byte);
  if (text.empty()) return {Kind::Other};
  return {Kind::Text, std::move(text)};
}

}  // namespace hanok::app

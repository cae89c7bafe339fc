#include "text/loaders/mbox.h"

#include <algorithm>

#include "base/ascii.h"
#include "text/loaders/mail.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

using base::is_digit;

// "10:00": in a message's own text "From " begins a sentence, here a line with a time.
bool has_time(std::string_view line) {
  for (size_t i = 2; i + 2 < line.size(); ++i)
    if (line[i] == ':' && is_digit(line[i - 2]) && is_digit(line[i - 1]) && is_digit(line[i + 1]) &&
        is_digit(line[i + 2]))
      return true;
  return false;
}

constexpr std::string_view kFrom = "From ";
constexpr size_t kMostLine = 1000;  // bytes of a line that are looked at

bool is_from_line(std::string_view line) { return line.starts_with(kFrom) && has_time(line.substr(0, kMostLine)); }

std::string_view line_at(std::string_view bytes, size_t at) {
  return bytes.substr(at, std::min(bytes.find('\n', at), bytes.size()) - at);
}

// Writers put '>' before lines of a message that begin with "From ", and before those that begin with such marks.
std::string unquoted(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (size_t at = 0; at < message.size();) {
    std::string_view line = message.substr(at, std::min(message.find('\n', at), message.size() - 1) + 1 - at);
    at += line.size();
    const size_t marks = std::min(line.find_first_not_of('>'), line.size());
    if (marks > 0 && line.substr(marks).starts_with(kFrom)) line.remove_prefix(1);
    out += line;
  }
  return out;
}

// The start of the next message's first line, from `at` on; the end when there is none. A blank line is before it.
size_t next_message(std::string_view bytes, size_t at) {
  for (;;) {
    const size_t found = bytes.find("\nFrom ", at);
    if (found == bytes.npos) return bytes.size();
    const std::string_view before = bytes.substr(0, found);
    const bool blank = before.ends_with('\n') || before.ends_with("\n\r");
    if (blank && is_from_line(line_at(bytes, found + 1))) return found + 1;
    at = found + 1;
  }
}

// "a/Inbox.mbox" -> "Inbox"
std::string_view mailbox_name(const Source& source) {
  const std::string_view name = source.name.substr(source.name.rfind('/') + 1);
  return name.substr(0, name.size() - source.suffix().size());
}

}  // namespace

bool begins_like_mbox(std::string_view bytes) { return is_from_line(line_at(bytes, 0)); }

Document load_mbox(const Source& source) {
  const std::string_view bytes = source.bytes;
  if (!begins_like_mbox(bytes) && !bytes.empty())
    source.fail(Code::Corrupt, "does not begin like a mailbox (\"From someone@... Tue Mar  4 10:00:00 2025\")");
  Writer out(source);
  out.title(mailbox_name(source));
  size_t number = 0;
  for (size_t at = 0; at < bytes.size(); ++number) {
    const size_t end = next_message(bytes, at);
    const size_t first = std::min(at + line_at(bytes, at).size() + 1, end);
    try {
      write_message(source, trim(unquoted(bytes.substr(first, end - first))), out);
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt) throw;
      out.note("message " + std::to_string(number + 1) + " could not be read: " + e.what());
    }
    at = end;
  }
  return out.finish();
}

}  // namespace hanok::text

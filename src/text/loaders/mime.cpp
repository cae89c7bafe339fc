#include "text/loaders/mime.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "text/charset.h"
#include "text/loaders/writer.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

constexpr size_t kMaxHeaders = 1000;
constexpr size_t kMaxWord = 1000;  // RFC 2047 allows 75; a bound keeps the search for the end linear

// One line without its end; `text` moves past it.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

std::string as_utf8(std::string_view bytes, std::string_view charset) {
  auto text = to_utf8(bytes, charset);
  return text ? std::move(text->text) : replace_invalid(bytes);
}

struct Word {
  std::string_view charset, bytes;
  char encoding;
  size_t size;  // of the whole "=?...?="
};

// "=?charset?B?bytes?=" at the start of text.
bool encoded_word(std::string_view text, Word& word) {
  if (!text.starts_with("=?")) return false;
  text = text.substr(0, kMaxWord);
  const size_t one = text.find('?', 2);
  if (one == text.npos || one + 2 >= text.size() || text[one + 2] != '?') return false;
  const size_t end = text.find("?=", one + 3);
  if (end == text.npos) return false;
  word.charset = text.substr(2, one - 2);
  word.charset = word.charset.substr(0, word.charset.find('*'));  // RFC 2231: a language may follow
  word.encoding = static_cast<char>(text[one + 1] | 0x20);
  word.bytes = text.substr(one + 3, end - one - 3);
  word.size = end + 2;
  return word.encoding == 'b' || word.encoding == 'q';
}

}  // namespace

std::string decode_base64(std::string_view text) {
  std::string letters;  // without line ends, padding, and what mail gateways add
  letters.reserve(text.size());
  for (const char c : text)
    if (base::is_letter(c) || base::is_digit(c) || c == '+' || c == '/') letters += c;
  if (letters.size() % 4 == 1) letters.pop_back();  // cut off within a byte
  return *base::base64_decoded(letters);
}

std::string decode_quoted_printable(std::string_view text, bool underscore) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && underscore) {
      out.push_back(' ');
    } else if (text[i] != '=') {
      out.push_back(text[i]);
    } else if (i + 2 < text.size() && base::hex_digit(text[i + 1]) >= 0 && base::hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(base::hex_digit(text[i + 1]) * 16 + base::hex_digit(text[i + 2])));
      i += 2;
    } else if (text.substr(i + 1).starts_with("\r\n")) {
      i += 2;
    } else if (text.substr(i + 1).starts_with('\n')) {
      i += 1;
    } else {
      out.push_back('=');
    }
  }
  return out;
}

std::string decode_words(std::string_view header) {
  // Runs of words in one charset are joined before they are converted: senders cut inside a character.
  std::string out, pending, charset;
  const auto flush = [&] {
    if (!pending.empty()) out += as_utf8(pending, charset);
    pending.clear();
  };
  std::string plain;
  Word word;
  for (size_t i = 0; i < header.size();) {
    if (!encoded_word(header.substr(i), word)) {
      plain.push_back(header[i++]);
      continue;
    }
    if (!trim(plain).empty() || pending.empty())
      flush(), out += as_utf8(plain, {});  // blanks between words do not count
    plain.clear();
    if (word.charset != charset) flush();
    charset = word.charset;
    pending += word.encoding == 'b' ? decode_base64(word.bytes) : decode_quoted_printable(word.bytes, true);
    i += word.size;
  }
  flush();
  return collapse_blanks(out + as_utf8(plain, {}));
}

MimePart::MimePart(std::string_view bytes) {
  while (!bytes.empty()) {
    std::string_view rest = bytes;
    const std::string_view line = take_line(rest);
    if (line.empty()) {
      bytes = rest;
      break;
    }
    const bool folded = line.front() == ' ' || line.front() == '\t';
    const size_t colon = line.find(':');
    const bool mbox = headers_.empty() && line.starts_with("From ");
    if (folded && !headers_.empty()) {
      headers_.back().second.append(" ").append(trim(line));
    } else if (colon != line.npos && is_header_name(line.substr(0, colon)) && headers_.size() < kMaxHeaders) {
      headers_.emplace_back(base::lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    } else if (!mbox) {
      break;  // no header: the body begins without a blank line
    }
    bytes = rest;
  }
  body_ = bytes;
}

std::string MimePart::raw(std::string_view name) const {
  const std::string lower = base::lower(name);
  for (const auto& [key, value] : headers_)
    if (key == lower) return value;
  return {};
}

std::string MimePart::readable(std::string_view name) const { return decode_words(raw(name)); }

std::string MimePart::type() const {
  const std::string header = raw("content-type");
  const std::string type = base::lower(trim(std::string_view(header).substr(0, header.find(';'))));
  return type.find('/') == type.npos ? "text/plain" : type;
}

// `name=value` or `name="value"` of a header, and the percent form `name*=utf-8''value`.
std::string MimePart::parameter(std::string_view header, std::string_view name) {
  const std::string lower = base::lower(header);
  for (size_t at = lower.find(name); at != lower.npos; at = lower.find(name, at + 1)) {
    if (at > 0 && !is_blank(lower[at - 1]) && lower[at - 1] != ';') continue;
    size_t i = at + name.size();
    const bool extended = i < header.size() && header[i] == '*';
    i += extended;
    if (i >= header.size() || header[i] != '=') continue;
    ++i;
    const bool quoted = i < header.size() && header[i] == '"';
    const size_t end = std::min(quoted ? header.find('"', i + 1) : header.find_first_of("; \t", i), header.size());
    std::string value(header.substr(i + quoted, end - i - quoted));
    if (!extended) return value;
    const size_t tick = value.find('\''), second = tick == value.npos ? tick : value.find('\'', tick + 1);
    if (second == value.npos) return value;
    std::string bytes = value.substr(second + 1);
    std::replace(bytes.begin(), bytes.end(), '%', '=');
    return as_utf8(decode_quoted_printable(bytes), value.substr(0, tick));
  }
  return {};
}

std::string MimePart::charset() const { return parameter(raw("content-type"), "charset"); }

std::string MimePart::file_name() const {
  const std::string disposition = raw("content-disposition");
  std::string name = parameter(disposition, "filename");
  if (name.empty()) name = parameter(raw("content-type"), "name");
  if (name.empty() && base::lower(disposition).starts_with("attachment")) name = "(" + type() + ")";
  return decode_words(name);
}

std::string MimePart::content() const {
  const std::string encoding = base::lower(raw("content-transfer-encoding"));
  if (encoding.starts_with("base64")) return decode_base64(body_);
  if (encoding.starts_with("quoted-printable")) return decode_quoted_printable(body_);
  return std::string(body_);
}

std::vector<MimePart> MimePart::parts() const {
  std::vector<MimePart> out;
  const std::string boundary = parameter(raw("content-type"), "boundary");
  if (boundary.empty()) return out;
  const std::string mark = "--" + boundary;
  std::string_view rest = body_;
  const char* start = nullptr;
  constexpr size_t kMaxParts = 1001;
  while (!rest.empty() && out.size() < kMaxParts) {
    const char* line_start = rest.data();
    const std::string_view line = take_line(rest);
    if (!line.starts_with(mark)) continue;
    if (start) out.emplace_back(std::string_view(start, static_cast<size_t>(line_start - start)));
    start = rest.data();
    if (line.substr(mark.size()).starts_with("--")) return out;
  }
  // No closing mark: the mail was cut; what is there still counts.
  if (start) out.emplace_back(std::string_view(start, static_cast<size_t>(body_.data() + body_.size() - start)));
  return out;
}

}  // namespace hanok::text

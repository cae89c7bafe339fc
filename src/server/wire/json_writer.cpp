#include "server/wire/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "text/utf8.h"

namespace hanok::server {
namespace {

constexpr size_t kLongestNumber = 32;  // of a double: sign, 17 digits, point, exponent

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  size_t done = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    size_t after = i;
    if (c >= 0x80 && text::next_code_point(text, after) != text::kBadByte) {
      i = after;
      continue;
    }
    out.append(text, done, i - done);
    if (c < 0x80)
      append_escaped(out, c);
    else
      out += "\xEF\xBF\xBD";  // U+FFFD
    done = ++i;
  }
  out.append(text, done);
  out += '"';
}

template <typename T>
void append_real(std::string& out, T v) {
  if (!std::isfinite(v)) {
    out += "null";
    return;
  }
  std::array<char, kLongestNumber> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr;
  out.append(digits.data(), end);
  const bool marked = std::memchr(digits.data(), '.', static_cast<size_t>(end - digits.data())) != nullptr ||
                      std::memchr(digits.data(), 'e', static_cast<size_t>(end - digits.data())) != nullptr;
  if (!marked) out += ".0";
}

template <typename T>
void append_whole(std::string& out, T v) {
  std::array<char, kLongestNumber> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char c) {
  separate();
  out_ += c;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char c) {
  out_ += c;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(int64_t v) {
  separate();
  append_whole(out_, v);
  return *this;
}

JsonWriter& JsonWriter::value(uint64_t v) {
  separate();
  append_whole(out_, v);
  return *this;
}

JsonWriter& JsonWriter::value(float v) {
  separate();
  append_real(out_, v);
  return *this;
}

JsonWriter& JsonWriter::value(double v) {
  separate();
  append_real(out_, v);
  return *this;
}

JsonWriter& JsonWriter::values(std::span<const float> row) {
  open_array();
  out_.reserve(out_.size() + row.size() * 13);  // what a float of a normed vector takes with its comma
  for (const float v : row) value(v);
  return close_array();
}

JsonWriter& JsonWriter::values(std::span<const uint32_t> row) {
  open_array();
  for (const uint32_t v : row) value(v);
  return close_array();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace hanok::server

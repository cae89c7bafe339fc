#include "text/utf8.h"

namespace hanok::text {
namespace {

unsigned char at(std::string_view s, size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0; }
bool trail(unsigned char b) { return (b & 0xC0) == 0x80; }

}  // namespace

uint32_t next_code_point(std::string_view s, size_t& i) {
  const unsigned char a = at(s, i);
  if (a < 0x80) return ++i, a;
  const unsigned char b = at(s, i + 1), c = at(s, i + 2), d = at(s, i + 3);
  if (a >= 0xC2 && a <= 0xDF && trail(b)) return i += 2, (a & 31u) << 6 | (b & 63u);
  if ((a & 0xF0) == 0xE0 && trail(b) && trail(c)) {
    const uint32_t p = (a & 15u) << 12 | (b & 63u) << 6 | (c & 63u);
    if (p >= 0x800 && (p < 0xD800 || p > 0xDFFF)) return i += 3, p;
  }
  if (a >= 0xF0 && a <= 0xF4 && trail(b) && trail(c) && trail(d)) {
    const uint32_t p = (a & 7u) << 18 | (b & 63u) << 12 | (c & 63u) << 6 | (d & 63u);
    if (p >= 0x10000 && p <= 0x10FFFF) return i += 4, p;
  }
  ++i;
  return kBadByte;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = kReplacement;
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xC0 | c >> 6), put(0x80 | (c & 63));
  if (c < 0x10000) return put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
}

bool valid_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();)
    if (next_code_point(bytes, i) == kBadByte) return false;
  return true;
}

std::string replace_invalid(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    const size_t start = i;
    if (next_code_point(bytes, i) == kBadByte)
      append_utf8(out, kReplacement);
    else
      out.append(bytes.substr(start, i - start));
  }
  return out;
}

}  // namespace hanok::text

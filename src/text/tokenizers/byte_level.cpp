#include "text/tokenizers/byte_level.h"

#include <array>

#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

struct Tables {
  std::array<std::string, 256> character;
  std::array<int, 0x144> byte;  // of a code point; -1: none

  Tables() {
    byte.fill(-1);
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      const char32_t c = printable ? b : next++;
      unicode::append(character[b], c);
      byte[c] = static_cast<int>(b);
    }
  }
};

const Tables& tables() {
  static const Tables t;
  return t;
}

}  // namespace

void append_byte_level(std::string& out, std::string_view bytes) {
  const Tables& t = tables();
  for (const char c : bytes) out += t.character[static_cast<unsigned char>(c)];
}

bool append_bytes(std::string& out, std::string_view token) {
  const Tables& t = tables();
  const size_t before = out.size();
  for (size_t at = 0; at < token.size();) {
    const char32_t c = unicode::next(token, at);
    if (c >= t.byte.size() || t.byte[c] < 0) return out.resize(before), false;
    out += static_cast<char>(t.byte[c]);
  }
  return true;
}

}  // namespace hanok::text::tokenizers

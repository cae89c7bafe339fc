#include "base/base64.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace hanok::base {
namespace {

constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr uint8_t kNoLetter = 64;  // a bit that the value of no letter has
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> out{};
  out.fill(kNoLetter);
  for (int i = 0; i < 64; ++i) out[static_cast<unsigned char>(kLetters[i])] = static_cast<uint8_t>(i);
  out['-'] = 62, out['_'] = 63;  // the letters for URLs
  return out;
}();

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j) three = three << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += j <= n ? kLetters[three >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  const size_t whole = text.size() / 4, rest = text.size() % 4;
  if (rest == 1) return std::nullopt;
  std::string bytes(whole * 3 + (rest == 0 ? 0 : rest - 1), '\0');
  char* out = bytes.data();
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  unsigned seen = 0;  // all values together: looked at once, for whole batches of vectors come through here
  for (size_t i = 0; i < whole; ++i, in += 4, out += 3) {
    const unsigned a = kValues[in[0]], b = kValues[in[1]], c = kValues[in[2]], d = kValues[in[3]];
    seen |= a | b | c | d;
    const unsigned all = a << 18 | b << 12 | c << 6 | d;
    out[0] = static_cast<char>(all >> 16);
    out[1] = static_cast<char>(all >> 8);
    out[2] = static_cast<char>(all);
  }
  if (rest != 0) {
    const unsigned a = kValues[in[0]], b = kValues[in[1]], c = rest == 3 ? kValues[in[2]] : 0;
    seen |= a | b | c;
    out[0] = static_cast<char>(a << 2 | b >> 4);
    if (rest == 3) out[1] = static_cast<char>(b << 4 | c >> 2);
  }
  if ((seen & kNoLetter) != 0) return std::nullopt;
  return bytes;
}

}  // namespace hanok::base

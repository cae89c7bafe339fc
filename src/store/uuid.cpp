#include "store/uuid.h"

#include <random>

namespace hanok::store {
namespace {

constexpr size_t kLength = 36;

bool is_dash(size_t place) { return place == 8 || place == 13 || place == 18 || place == 23; }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

std::string make_uuid() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device device;  // of the system: nobody guesses the next one
  std::string out(kLength, '-');
  for (size_t i = 0; i < kLength; ++i)
    if (!is_dash(i)) out[i] = kHex[device() & 15];
  out[14] = '4';
  out[19] = kHex[8 | (device() & 3)];
  return out;
}

bool is_uuid(std::string_view text) {
  if (text.size() != kLength) return false;
  for (size_t i = 0; i < kLength; ++i)
    if (is_dash(i) ? text[i] != '-' : !is_hex(text[i])) return false;
  return true;
}

}  // namespace hanok::store

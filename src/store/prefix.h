// Texts that begin alike, as a range of an index that is ordered by bytes.
#pragma once

#include <string>
#include <string_view>

namespace hanok::store {

/// The first text behind all that begin with `prefix`; "" where there is none.
inline std::string after_prefix(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && static_cast<unsigned char>(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

}  // namespace hanok::store

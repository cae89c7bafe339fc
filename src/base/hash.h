// SHA-256 (FIPS 180-4) for content hashes and downloads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hanok::base {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// 64 lower-case hexadecimal digits. The object may not be used after.
  std::string hex();

 private:
  void block(const unsigned char* p);
  std::array<uint32_t, 8> state_;
  std::array<unsigned char, 64> buffer_;
  uint64_t length_ = 0;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace hanok::base

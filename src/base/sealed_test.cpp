#include "base/sealed.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace hanok::base {
namespace {

struct Header {
  char magic[8];
  uint32_t rows, body_crc;
  uint32_t spare, header_crc;
};
constexpr std::string_view kMagic("HNKTEST\n", 8);

std::string file(std::string_view body) {
  Header header{};
  std::memcpy(header.magic, kMagic.data(), 8);
  header.rows = 7;
  seal(header, body);
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)).append(body);
}

const auto corrupt = [](const std::string& why) { throw std::runtime_error(why); };

TEST(Sealed, ComesBack) {
  const std::string bytes = file("the rest");
  const auto header = unseal<Header>(bytes, kMagic, corrupt);
  EXPECT_EQ(header.rows, 7u);
  check_body(header, bytes, corrupt);
}

TEST(Sealed, EveryFlippedAndEveryMissingByteIsFound) {
  const std::string good = file("the rest");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_THROW(check_body(unseal<Header>(bad, kMagic, corrupt), bad, corrupt), std::runtime_error) << i;
    const std::string cut = good.substr(0, i);
    EXPECT_THROW(check_body(unseal<Header>(cut, kMagic, corrupt), cut, corrupt), std::runtime_error) << i;
  }
}

}  // namespace
}  // namespace hanok::base

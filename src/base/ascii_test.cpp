#include "base/ascii.h"

#include <gtest/gtest.h>

namespace hanok::base {
namespace {

TEST(Ascii, EveryByteIsOneKindOrNone) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string_view digits = "0123456789", small = "abcdefghijklmnopqrstuvwxyz",
                           large = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const size_t in_small = small.find(c), in_large = large.find(c);
    EXPECT_EQ(is_digit(c), digits.find(c) != digits.npos) << byte;
    EXPECT_EQ(is_lower(c), in_small != small.npos) << byte;
    EXPECT_EQ(is_upper(c), in_large != large.npos) << byte;
    EXPECT_EQ(is_letter(c), is_lower(c) || is_upper(c)) << byte;
    EXPECT_EQ(lower(c), in_large == large.npos ? c : small[in_large]) << byte;
    EXPECT_EQ(upper(c), in_small == small.npos ? c : large[in_small]) << byte;
    const size_t hex = std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
    EXPECT_EQ(hex_digit(c), hex == std::string_view::npos ? -1 : static_cast<int>(hex % 16)) << byte;
  }
}

TEST(Ascii, OtherCharactersStayAsTheyAre) {
  EXPECT_EQ(lower("ÀB 한글-Q4_K"), "Àb 한글-q4_k");
  EXPECT_TRUE(same_letters("q4_K_m", "Q4_k_M"));
  EXPECT_FALSE(same_letters("Q4_K", "Q4_K_M"));
  EXPECT_FALSE(same_letters("à", "À"));
  EXPECT_TRUE(same_letters("", ""));
}

}  // namespace
}  // namespace hanok::base

#include "base/base64.h"

#include <gtest/gtest.h>

namespace hanok::base {
namespace {

TEST(Base64, GoesAndComesBack) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    EXPECT_EQ(base64_decoded(base64(all)), all);
  }
}

TEST(Base64, IsReadOfEitherAlphabetAndWithoutPadding) {
  EXPECT_EQ(base64_decoded("Zg"), "f");
  EXPECT_EQ(base64_decoded("-_8="), base64_decoded("+/8"));
  EXPECT_EQ(base64_decoded(""), "");
  for (const char* text : {"Z", "Zm9v\n", "Zm9 ", "Z=9v", "Zm9vZ"}) EXPECT_FALSE(base64_decoded(text)) << text;
}

}  // namespace
}  // namespace hanok::base

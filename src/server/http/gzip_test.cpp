#include "server/http/gzip.h"

#include <gtest/gtest.h>

#include "server/http/message.h"

namespace hanok::server {
namespace {

int status_of(std::string_view packed, size_t most) {
  try {
    gunzip(packed, most);
  } catch (const Refusal& refusal) {
    return refusal.problem().status;
  }
  return 200;
}

TEST(Gzip, GoesAndComesBack) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 10007);
  for (const auto& t : {std::string(), std::string("a"), text}) {
    const std::string packed = gzip(t);
    EXPECT_EQ(gunzip(packed, text.size()), t);
    EXPECT_EQ(packed.substr(0, 2), "\x1f\x8b");
  }
  EXPECT_LT(gzip(text).size(), text.size() * 6 / 10);
}

TEST(Gzip, MembersFollowEachOther) {
  size_t told = 0;
  EXPECT_EQ(gunzip(gzip("one, ") + gzip("") + gzip("two"), 8, [&](size_t more) { told += more; }), "one, two");
  EXPECT_EQ(told, 8u);
  EXPECT_EQ(status_of(gzip("one, ") + gzip("two"), 7), 413);
  EXPECT_EQ(status_of(gzip("one") + "and more", 100), 400);
}

TEST(Gzip, WhatIsDamagedOrTooLargeIsRefused) {
  const std::string zeros(50 << 20, '0'), bomb = gzip(zeros);
  EXPECT_LT(bomb.size(), 1u << 20);
  EXPECT_EQ(status_of(bomb, 1 << 20), 413);
  EXPECT_EQ(status_of(bomb, zeros.size()), 200);
  EXPECT_EQ(status_of(bomb, zeros.size() - 1), 413);
  EXPECT_EQ(status_of("", 10), 400);
  EXPECT_EQ(status_of("plain text", 10), 400);
  EXPECT_EQ(status_of(bomb.substr(0, bomb.size() / 2), zeros.size()), 400);
  EXPECT_EQ(status_of(bomb.substr(0, bomb.size() - 1), zeros.size()), 400);
}

}  // namespace
}  // namespace hanok::server

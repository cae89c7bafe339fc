#include "chain/answer/circles.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

/// How many sentences come before the one that closes a circle; -1: none does.
int closed_after(const std::vector<std::string>& sentences) {
  Circles said;
  for (size_t i = 0; i < sentences.size(); ++i)
    if (said.closed_by(sentences[i])) return static_cast<int>(i);
  return -1;
}

TEST(Circles, TheSameOverAndOver) {
  EXPECT_EQ(closed_after({"1. The library is open on Saturdays.", "\n2. The library is open on Saturdays.",
                          "\n3. The library is open on Saturdays.", "\n4."}),
            2);
  EXPECT_EQ(closed_after({"First.", " The cat sleeps.", " The dog barks.", " The cat sleeps.", " The dog barks.",
                          " The cat sleeps.", " The dog barks.", " The cat sleeps."}),
            6);
  EXPECT_EQ(closed_after(std::vector<std::string>(100, "No. ")), 16) << "short ones too, after a while";
  EXPECT_EQ(closed_after({"도서관은 아홉 시에 엽니다.", " 도서관은 아홉 시에 엽니다.", " 도서관은 아홉 시에 엽니다."}),
            2);
}

TEST(Circles, WhatComesAgainAndIsNone) {
  EXPECT_EQ(closed_after({"1. Yes.", " 2. Yes.", " 3. Yes.", " 4. No."}), -1) << "answers to four questions";
  EXPECT_EQ(closed_after({"One ferry sails at dawn.", " O the wide and silent sea.", " One sails at noon.",
                          " O the wide and silent sea.", " One sails at night.", " O the wide and silent sea."}),
            -1)
      << "a refrain";
  EXPECT_EQ(closed_after({"if (a) {\n", "return 1;\n", "}\n", "if (b) {\n", "return 2;\n", "}\n", "if (c) {\n",
                          "return 3;\n", "}\n"}),
            -1)
      << "lines of a program";
  EXPECT_EQ(closed_after({"| Mon | open |\n", "| Tue | open |\n", "| - | - |\n", "| - | - |\n", "| - | - |\n"}), -1);
  EXPECT_EQ(closed_after(std::vector<std::string>(100, " 1. ")), -1) << "numbers alone say nothing";
}

}  // namespace
}  // namespace hanok::chain::answer

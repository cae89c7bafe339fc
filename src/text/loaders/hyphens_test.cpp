#include "text/loaders/hyphens.h"

#include <gtest/gtest.h>

#include "hanok/text.h"

namespace hanok::text {
namespace {

TEST(Hyphens, NumbersAndCodesKeepThem) {
  EXPECT_EQ(join_hyphens("from 24-\n48 months"), "from 24-48 months");
  EXPECT_EQ(join_hyphens("on 2026-\n03-15, part AX-\n4012, call 010-\n5555-\n0199"),
            "on 2026-03-15, part AX-4012, call 010-5555-0199");
  EXPECT_EQ(join_hyphens("Smith-\nJones and COVID-\n19"), "Smith-Jones and COVID-19");
  EXPECT_EQ(join_hyphens("서울-\n부산 노선"), "서울-부산 노선");
}

TEST(Hyphens, WordsLoseThemAndCompoundsDoNot) {
  EXPECT_EQ(join_hyphens("does not con-\ntinue to work"), "does not continue to work");
  EXPECT_EQ(join_hyphens("the well-\nknown pump"), "the well-known pump");
  EXPECT_EQ(join_hyphens("state-of-the-\nart"), "state-of-the-art");
  EXPECT_EQ(join_hyphens("an on-board pump. The on-\nboard radio"), "an on-board pump. The on-board radio");
  EXPECT_EQ(join_hyphens("the ticket office; ticket-\noffice hours"), "the ticket office; ticket-office hours");
  EXPECT_EQ(join_hyphens("an OP-\nTIONAL optional part"), "an OPTIONAL optional part");
  EXPECT_EQ(join_hyphens("soft\u00AD\nware"), "software");
  EXPECT_EQ(join_hyphens("re\u0301-\nsume\u0301"), "re\u0301sume\u0301");
}

TEST(Hyphens, OtherLineEndsStay) {
  for (const char* text :
       {"a list:\n- one\n- two\n", "----\nnext", "he said -\nthen left", "a --\nb", "last-", "last-\n", "x -\n"})
    EXPECT_EQ(join_hyphens(text), text);
  EXPECT_EQ(join_hyphens("con-\r\n  tinue\r\nnext\r\n"), "continue\r\nnext\r\n");
}

TEST(Hyphens, InTextsButNotInCode) {
  EXPECT_EQ(load_bytes("a.txt", "part AX-\n4012").text, "part AX-4012\n");
  EXPECT_EQ(load_bytes("a.py", "x = a-\nb\n").text, "x = a-\nb\n");
}

}  // namespace
}  // namespace hanok::text

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "hanok/text.h"

namespace hanok::text {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(std::string_view text) {
  std::vector<std::string> out;
  for (Span s : sentences(text)) out.emplace_back(text.substr(s.start, s.end - s.start));
  return out;
}

TEST(Sentences, English) {
  EXPECT_THAT(cut("It rained. We stayed!  Why? Because."), ElementsAre("It rained.", "We stayed!", "Why?", "Because."));
  EXPECT_THAT(cut("Pi is 3.14 today. See fig. 2 and Dr. Kim, e.g. in Seoul."),
              ElementsAre("Pi is 3.14 today.", "See fig. 2 and Dr. Kim, e.g. in Seoul."));
  EXPECT_THAT(cut("J. R. R. Tolkien wrote it. He lived in the U.S. The end."),
              ElementsAre("J. R. R. Tolkien wrote it.", "He lived in the U.S.", "The end."));
  EXPECT_THAT(cut("He said \"I came. I saw.\" Then he left."),
              ElementsAre("He said \"I came. I saw.\"", "Then he left."));
  EXPECT_THAT(cut("She left (no. 5 was late. Really.) and ran. Next."),
              ElementsAre("She left (no. 5 was late. Really.) and ran.", "Next."));
  EXPECT_THAT(cut("It ended.The next began. Open node.js or std.Foo now."),
              ElementsAre("It ended.", "The next began.", "Open node.js or std.Foo now."));
  EXPECT_THAT(cut("1. Install it. 2. Run it."), ElementsAre("1. Install it.", "2. Run it."));
  EXPECT_THAT(cut("Wait... what? \"No!\" she cried."), ElementsAre("Wait... what?", "\"No!\" she cried."));
}

TEST(Sentences, Korean) {
  EXPECT_THAT(cut("비가 왔다. 우리는 집에 있었다."), ElementsAre("비가 왔다.", "우리는 집에 있었다."));
  EXPECT_THAT(cut("비가 많이 왔다.우리는 집에 있었다."), ElementsAre("비가 많이 왔다.", "우리는 집에 있었다."));
  EXPECT_THAT(cut("어제는 비가 왔습니다 그래서 집에 있었어요 내일은 갈까요 물론이죠"),
              ElementsAre("어제는 비가 왔습니다", "그래서 집에 있었어요", "내일은 갈까요", "물론이죠"));
  EXPECT_THAT(cut("그는 어제 집에 갔다 고 말했다. 산보다 바다가 필요 없다."),
              ElementsAre("그는 어제 집에 갔다 고 말했다.", "산보다 바다가 필요 없다."));
  EXPECT_THAT(cut("그는 \"비가 왔다. 춥다.\"라고 말했다. 끝."),
              ElementsAre("그는 \"비가 왔다. 춥다.\"라고 말했다.", "끝."));
  EXPECT_THAT(cut("1989. 2. 15. 서울에서 열렸다."), ElementsAre("1989. 2. 15. 서울에서 열렸다."));
  EXPECT_THAT(cut("섬이 발견되었다.[2][3] 그 뒤 사람이 살았다.[4]"),
              ElementsAre("섬이 발견되었다.[2][3]", "그 뒤 사람이 살았다.[4]"));
  EXPECT_THAT(cut("음식이 맛있었어요ㅎㅎ 또 갈게요~~ 정말요?ㅋㅋ 네"),
              ElementsAre("음식이 맛있었어요ㅎㅎ", "또 갈게요~~", "정말요?ㅋㅋ", "네"));
  EXPECT_THAT(cut("정말 그래?그럼 가자!"), ElementsAre("정말 그래?", "그럼 가자!"));
}

TEST(Sentences, Japanese) {
  EXPECT_THAT(cut("雨が降った。家にいた。「行く。」と言った。"),
              ElementsAre("雨が降った。", "家にいた。", "「行く。」と言った。"));
}

TEST(Sentences, LinesAndParagraphs) {
  EXPECT_THAT(cut("Title\n\nBody of it\n\n\n"), ElementsAre("Title", "Body of it"));
  EXPECT_THAT(cut("- one\n- two\n* three"), ElementsAre("- one", "- two", "* three"));
  // A line broken by the width of the page goes on.
  const std::string wrapped =
      "This sentence is longer than one line of the page and so it was broken by the\nprinter, alas.";
  EXPECT_THAT(cut(wrapped), ElementsAre(wrapped));
  EXPECT_THAT(cut(" \n\t　 "), ElementsAre());
  EXPECT_THAT(cut(""), ElementsAre());
}

TEST(Sentences, LinesOfANarrowColumnGoOn) {
  const std::string column =
      "The tide tables for the coming season hang in the\nboat house. Visitors are asked to leave their\n"
      "dogs at home. The supply boat sails at 07:40 from\nDunmoor and comes back at 15:10. Tickets cost\n22 pounds.";
  EXPECT_EQ(cut(column).back(), "Tickets cost\n22 pounds.");
  EXPECT_EQ(cut(column).size(), 4u);
  const std::string list = column + "\n\nKnife\nTwo boards of oak\nSix screws";
  EXPECT_EQ(cut(list).back(), "Six screws") << "shorter than the column";
  EXPECT_EQ(cut("Daejeon branch, Jungang Road 3, Daejeon\nGwangju branch, Museum Street 17, Gwangju").size(), 2u)
      << "no line goes on with a small letter";
}

TEST(Sentences, InvalidBytesAreCarriedAlong) { EXPECT_EQ(cut("a\xff\xfe. \xe3\x80"), cut("a\xff\xfe. \xe3\x80")); }

// A megabyte of each hostile kind: milliseconds; quadratic work would take hours.
TEST(Sentences, LinearOnHostileText) {
  constexpr size_t kBytes = 1 << 20;
  for (std::string piece :
       {"a", "(", "\"", ".", " ", "\n", "1. ", "다 ", "다", "“", "a\n", "왔다 ", "...\" ", "\xff"}) {
    std::string text;
    while (text.size() < kBytes) text += piece;
    const base::Stopwatch watch;
    const size_t n = sentences(text).size();
    EXPECT_LT(watch.seconds(), 10) << "'" << piece << "' repeated: " << n << " sentences";
  }
  const std::string late = std::string(kBytes, ' ') + std::string(kBytes, '1');
  const base::Stopwatch watch;
  EXPECT_EQ(sentences(late).size(), 1u);
  EXPECT_LT(watch.seconds(), 10);
}

}  // namespace
}  // namespace hanok::text

#include "chain/answer/loanwords.h"

#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

TEST(Loanwords, NamesSoundAlikeInBothScripts) {
  for (const auto& [hangul, latin] : {std::pair{"테슬라", "Tesla"},
                                      {"뉴턴", "Newton"},
                                      {"덴버", "Denver"},
                                      {"터치다운", "touchdown"},
                                      {"로봇", "robot"},
                                      {"오바마", "Obama"},
                                      {"카터", "Carter"},
                                      {"필라델피아", "Philadelphia"}})
    EXPECT_EQ(sound_of(hangul), sound_of(latin)) << hangul << " " << latin;
  for (const auto& [hangul, latin] : {std::pair{"노르만", "Norman"}, {"아르메니아", "Armenia"}})
    EXPECT_EQ(sound_of(hangul), sound_of(latin, true)) << hangul << " " << latin;
  EXPECT_EQ(sound_of("테슬라"), "tsl");
  EXPECT_EQ(sound_of("Tesla"), "tsl");
  EXPECT_EQ(sound_of("Ωμέγα"), "");
}

size_t shared(const std::string& question, const std::string& text) {
  const Question q = read_question(question, [](std::string_view) { return 1.0; });
  return Sounds(question, q).shared_with(Sounds(text, q));
}

TEST(Loanwords, SharedWordsAreCounted) {
  EXPECT_EQ(shared("테슬라는 어디에서 일했나요?", "Nikola Tesla worked in Budapest."), 1u);
  EXPECT_EQ(shared("슈퍼볼에서 뉴턴은 무엇을 놓쳤나요?", "Newton lost the ball."), 1u);
  EXPECT_EQ(shared("Where did Tesla work?", "테슬라는 부다페스트에서 일했다."), 1u);
  EXPECT_EQ(shared("고슴도치는 무엇을 먹나요?", "A hedgehog eats beetles and worms."), 0u);
  EXPECT_EQ(shared("", "Nikola Tesla"), 0u);
}

}  // namespace
}  // namespace hanok::chain::answer

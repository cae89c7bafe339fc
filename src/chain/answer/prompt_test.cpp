#include "chain/answer/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hanok::chain::answer {
namespace {

Hit hit(std::string path, std::string text, int page = 0, std::string heading = "") {
  Hit h;
  h.chunk.path = std::move(path);
  h.chunk.text = std::move(text);
  h.chunk.page = page;
  h.chunk.heading = std::move(heading);
  return h;
}

size_t bytes(std::string_view text) { return text.size(); }

TEST(Prompt, ValuesAreNotReadAsPatterns) {
  EXPECT_EQ(fill_prompt("{passages}|{question}", "{passages}?", "{question}!"), "{question}!|{passages}?");
  EXPECT_THROW(fill_prompt("{question}", "q", "p"), Error);
  EXPECT_NO_THROW(fill_prompt(default_prompt(), "q", "p"));
}

TEST(Prompt, NumbersPassagesAndSaysWhereTheyAreFrom) {
  const auto prompt =
      make_prompt("{passages}{question}", "Q?", {hit("a.pdf", "Alpha.", 3, "A > B"), hit("b.md", "Beta.")}, 999, bytes);
  EXPECT_EQ(prompt.text, "[1] a.pdf, page 3, A > B\nAlpha.\n\n[2] b.md\nBeta.\n\nQ?");
  EXPECT_EQ(prompt.passages, 2u);
}

TEST(Prompt, DropsWholePassagesByRank) {
  const std::vector<Hit> hits = {hit("a", "one"), hit("b", std::string(100, 'x')), hit("c", "two")};
  const auto prompt = make_prompt("{passages}{question}", "Q", hits, 40, bytes);
  EXPECT_EQ(prompt.passages, 1u);
  EXPECT_THAT(prompt.dropped,
              testing::ElementsAre(testing::HasSubstr("passage 2 (b"), testing::HasSubstr("passage 3 (c")));
  EXPECT_THROW(make_prompt("{passages}{question}", "Q", hits, 5, bytes), Error);
}

}  // namespace
}  // namespace hanok::chain::answer

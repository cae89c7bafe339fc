#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "hanok/text.h"
#include "text/splitters/code_points.h"

namespace hanok::text {
using namespace scan;
namespace {

// Words by blanks: easy to check by eye.
size_t words(std::string_view text) {
  size_t n = 0;
  bool in_word = false;
  for (size_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    n += !is_blank(c.value) && !in_word;
    in_word = !is_blank(c.value);
    i += c.bytes;
  }
  return n;
}

size_t code_points(std::string_view text) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); i += code_point_at(text, i).bytes) ++n;
  return n;
}

std::vector<std::string> texts(const Document& d, const std::vector<Chunk>& chunks) {
  std::vector<std::string> out;
  for (const Chunk& c : chunks) out.push_back(d.text.substr(c.span.start, c.span.end - c.span.start));
  return out;
}

// What `split` promises, on any document.
void check(const Document& d, const SplitOptions& o) {
  const auto chunks = split(d, o);
  size_t covered = 0;
  for (const Chunk& c : chunks) {
    ASSERT_LT(c.span.start, c.span.end);
    ASSERT_LE(c.span.end, d.text.size());
    ASSERT_EQ(c.tokens, o.count(std::string_view(d.text).substr(c.span.start, c.span.end - c.span.start)));
    ASSERT_LE(c.tokens, o.max_tokens);
    ASSERT_EQ(snap_back(d.text, c.span.start), c.span.start);
    ASSERT_EQ(snap_back(d.text, c.span.end), c.span.end);
    for (size_t i = covered; i < c.span.start; i += code_point_at(d.text, i).bytes)
      ASSERT_TRUE(is_blank(code_point_at(d.text, i).value)) << "byte " << i << " is in no chunk";
    ASSERT_GT(c.span.end, covered) << "a chunk adds nothing";
    covered = c.span.end;
  }
  for (size_t i = covered; i < d.text.size(); i += code_point_at(d.text, i).bytes)
    ASSERT_TRUE(is_blank(code_point_at(d.text, i).value)) << "byte " << i << " is in no chunk";
}

TEST(Split, SentencesArePackedAndOverlap) {
  Document d{.text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."};
  const auto chunks = split(d, {.max_tokens = 6, .overlap_tokens = 3, .count = words});
  EXPECT_THAT(texts(d, chunks),
              testing::ElementsAre("One two three. Four five six.", "Four five six. Seven eight nine.",
                                   "Seven eight nine. Ten eleven twelve."));
  const auto without = split(d, {.max_tokens = 6, .overlap_tokens = 0, .count = words});
  EXPECT_THAT(texts(d, without),
              testing::ElementsAre("One two three. Four five six.", "Seven eight nine. Ten eleven twelve."));
}

TEST(Split, HeadingsAndPaths) {
  Document d{.text = "Intro text.\n\n# A\n\n## B\n\nText of B.\n\n# C\nText of C."};
  d.headings = {{1, "A", d.text.find("# A")}, {2, "B", d.text.find("## B")}, {1, "C", d.text.find("# C")}};
  const auto chunks = split(d, {.max_tokens = 50, .count = words});
  EXPECT_THAT(texts(d, chunks), testing::ElementsAre("Intro text.", "# A\n\n## B\n\nText of B.", "# C\nText of C."));
  EXPECT_EQ(chunks[0].heading, "");
  EXPECT_EQ(chunks[1].heading, "A > B");
  EXPECT_EQ(chunks[2].heading, "C");
}

TEST(Split, PagesAreNotMixed) {
  Document d{.text = "First page here.\n\nSecond page here. More."};
  const size_t second = d.text.find("Second");
  d.pages = {{1, {0, second}}, {2, {second, d.text.size()}}};
  const auto chunks = split(d, {.max_tokens = 50, .count = words});
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].page, 1);
  EXPECT_EQ(chunks[1].page, 2);
}

TEST(Split, ParagraphsStayWhole) {
  Document d{.text = "A b c d. E f.\n\nG h i. J k l. M."};
  EXPECT_THAT(texts(d, split(d, {.max_tokens = 9, .overlap_tokens = 0, .count = words})),
              testing::ElementsAre("A b c d. E f.", "G h i. J k l. M."));
}

TEST(Split, LongSentencesAreCutBetweenWords) {
  Document d{.text = "one two three four five six seven"};
  EXPECT_THAT(texts(d, split(d, {.max_tokens = 3, .overlap_tokens = 0, .count = words})),
              testing::ElementsAre("one two three", "four five six", "seven"));
}

TEST(Split, NothingFromNothing) {
  EXPECT_TRUE(split({.text = ""}, {.count = words}).empty());
  EXPECT_TRUE(split({.text = " \n\n\t "}, {.count = words}).empty());
  EXPECT_THROW(split({.text = "x"}, {.max_tokens = 0, .count = words}), Error);
}

TEST(Split, PromisesHoldOnRandomDocuments) {
  const std::vector<std::string> pieces = {
      "word", " ",     " ",  ". ",   "\n",  "\n\n",  "왔습니다 ",        "그는 ", "했다. ", "\"",
      "(",    ")",     "。", "漢字", "1. ", "# H\n", "longer-than-most", "\f",    "\xff",   "?!",
      "　",   "e.g. ", "\t|"};
  base::Random random(7);
  for (int round = 0; round < 400; ++round) {
    Document d;
    const size_t n = random.below(200);
    for (size_t i = 0; i < n; ++i) d.text += pieces[random.below(pieces.size())];
    for (int i = 0; i < 4; ++i) {
      d.headings.push_back({static_cast<int>(random.below(12)) - 1, "H", random.below(d.text.size() + 20)});
      const size_t at = random.below(d.text.size() + 1);
      d.pages.push_back({i + 1, {at, d.text.size()}});
    }
    for (size_t max : {1, 3, 10, 100})
      for (size_t overlap : {0, 2, 100})
        for (const TokenCounter& count : {TokenCounter(words), TokenCounter(code_points)})
          check(d, {.max_tokens = max, .overlap_tokens = overlap, .count = count});
  }
}

TEST(Split, LinearOnHostileText) {
  for (std::string piece : {"a", "가", "a ", "다 ", ". ", "#\n\n", "\n\n"}) {
    Document d;
    while (d.text.size() < 2u << 20) d.text += piece;
    if (piece[0] == '#')
      for (size_t i = 0; i < d.text.size(); i += piece.size()) d.headings.push_back({static_cast<int>(i % 13), "#", i});
    const base::Stopwatch watch;
    // 64 tokens of one word each would be 2 MB in one chunk but for the limit in bytes.
    const auto chunks = split(d, {.max_tokens = 64, .count = words});
    EXPECT_LT(watch.seconds(), 20) << "'" << piece << "': " << chunks.size() << " chunks";
    for (const Chunk& c : chunks) ASSERT_LE(c.span.end - c.span.start, 64u * 32 * 2);
  }
}

}  // namespace
}  // namespace hanok::text

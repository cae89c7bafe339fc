// The cuts themselves are compared with LangChain's in src/chain/prompt/langchain_test.cpp.
#include <gmock/gmock.h>

#include "hanok/error.h"
#include "hanok/splitters.h"

namespace hanok::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SplitRecursively, TakesTheFirstSignThatIsThereAndFinerOnesForWhatIsTooLong) {
  EXPECT_THAT(split_recursively("one two\n\nthree four five", {.chunk_size = 10, .chunk_overlap = 0}),
              ElementsAre("one two", "three", "four five"));
  EXPECT_THAT(split_recursively("abcdef", {.chunk_size = 4, .chunk_overlap = 2}), ElementsAre("abcd", "cdef"));
  EXPECT_THAT(split_recursively(" \n ", {}), IsEmpty());
  EXPECT_THAT(split_recursively("a b", {.chunk_size = 2, .chunk_overlap = 0, .strip_blanks = false}),
              ElementsAre("a", " b"));
}

TEST(SplitRecursively, CountsAsItIsToldAndNeverCutsACharacter) {
  EXPECT_THAT(split_recursively("가나다라", {.chunk_size = 2, .chunk_overlap = 0}), ElementsAre("가나", "다라"));
  const auto bytes = [](std::string_view s) { return s.size(); };
  EXPECT_THAT(split_recursively("가나다", {.chunk_size = 7, .chunk_overlap = 0, .length = bytes}),
              ElementsAre("가나", "다"));
  EXPECT_THAT(split_recursively("a\xFF", {}), ElementsAre("a\xEF\xBF\xBD"));
  int counted = 0;
  const auto words = [&](std::string_view s) { return ++counted, size_t{!s.empty()}; };
  EXPECT_THAT(split_recursively("a b c d", {.chunk_size = 2, .chunk_overlap = 1, .separators = {" "}, .length = words}),
              ElementsAre("a b", "b c", "c d"));
  EXPECT_LE(counted, 6) << "each piece once, and what joins them";
}

TEST(SplitRecursively, SaysWhatIsWrong) {
  for (const RecursiveSplitOptions& wrong :
       {RecursiveSplitOptions{.chunk_size = 0, .chunk_overlap = 0},
        RecursiveSplitOptions{.chunk_size = 5, .chunk_overlap = 6},
        RecursiveSplitOptions{.chunk_size = 5, .chunk_overlap = 0, .separators = {}}})
    EXPECT_THROW(split_recursively("a", wrong), Error);
}

}  // namespace
}  // namespace hanok::text

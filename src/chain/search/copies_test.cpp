#include "chain/search/copies.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hanok::chain {
namespace {

using store::ChunkId;
using store::ChunkRecord;

std::vector<ChunkRecord> records(std::span<const ChunkId> ids) {
  const ChunkRecord all[] = {{.id = 1, .document = 1, .text = "same"},
                             {.id = 2, .document = 2, .text = "same"},
                             {.id = 3, .document = 3, .text = "other"},
                             {.id = 4, .document = 1, .text = "same"},
                             {.id = 5, .document = 5, .heading = "h", .text = "same"}};
  std::vector<ChunkRecord> out;
  for (const ChunkId id : ids) out.push_back(all[id - 1]);
  return out;
}

std::vector<ChunkId> left(const std::vector<ScoredChunk>& candidates) {
  std::vector<ChunkId> out;
  for (const auto& c : candidates) out.push_back(c.chunk);
  return out;
}

TEST(Copies, TheBestStaysAndKnowsTheOthers) {
  std::vector<ScoredChunk> c = {{1, 5, .9}, {2, 5, .9}, {3, 5, .9}, {5, 5, .9}};
  take_copies_together(c, records);
  EXPECT_EQ(left(c), (std::vector<ChunkId>{1, 3, 5})) << "another text and another heading are others";
  EXPECT_EQ(c[0].copies, (std::vector<ChunkId>{2}));
}

TEST(Copies, AlsoWhereOneHasNoVectorYet) {
  std::vector<ScoredChunk> c = {{2, 5, .9}, {1, 5, std::nan("")}};
  take_copies_together(c, records);
  EXPECT_EQ(left(c), (std::vector<ChunkId>{2}));
}

TEST(Copies, OneDocumentMaySayATextTwice) {
  std::vector<ScoredChunk> c = {{1, 5, .9}, {4, 5, .9}};
  take_copies_together(c, records);
  EXPECT_EQ(left(c), (std::vector<ChunkId>{1, 4}));
}

TEST(Copies, TextsAreReadOnlyWhereScoresAreEqual) {
  std::vector<ScoredChunk> c = {{1, 5, .9}, {2, 4, .9}, {3, 0, .5}, {5, 0, .4}};
  take_copies_together(c, [](std::span<const ChunkId>) -> std::vector<ChunkRecord> {
    ADD_FAILURE() << "nothing to read";
    return {};
  });
  EXPECT_EQ(c.size(), 4u);
}

}  // namespace
}  // namespace hanok::chain

#include "lm/known_prompts.h"

#include <gtest/gtest.h>

namespace hanok::lm {
namespace {

TEST(KnownPrompts, ByFamily) {
  EXPECT_EQ(known_prompts("intfloat/multilingual-E5-small")->query, "query: ");
  EXPECT_EQ(known_prompts("intfloat/e5-base-v2")->passage, "passage: ");
  EXPECT_EQ(known_prompts("intfloat/multilingual-e5-large-instruct")->passage, "");
  EXPECT_EQ(known_prompts("BAAI/bge-small-en-v1.5")->query,
            "Represent this sentence for searching relevant passages: ");
  EXPECT_EQ(known_prompts("BAAI/bge-m3")->query, "");
  EXPECT_EQ(known_prompts("Snowflake/snowflake-arctic-embed-m-v2.0")->query, "query: ");
  EXPECT_EQ(known_prompts("nomic-ai/nomic-embed-text-v1.5")->passage, "search_document: ");
  EXPECT_EQ(known_prompts("thenlper/gte-base")->query, "");
  EXPECT_FALSE(known_prompts("sentence-transformers/all-MiniLM-L6-v2"));
}

}  // namespace
}  // namespace hanok::lm

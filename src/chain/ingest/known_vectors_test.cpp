// Nothing is embedded twice that says the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/threads.h"
#include "chain/ingest/test_buckets.h"
#include "hanok/chain.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

class KnownVectorsTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    base::fs::create_directories((folder_.path() / name).parent_path());
    base::write_file_atomic(folder_.path() / name, text);
  }
  IngestReport run(IngestOptions options = {}) {
    const base::fs::path in = folder_.path() / "in";
    options.embedder = &model_;
    return ingest(*collection_, {&in, 1}, options);
  }

  base::TempFolder folder_;
  Buckets model_;
  std::unique_ptr<store::Store> store_ = store::Store::open(folder_.path() / "data");
  std::shared_ptr<store::Collection> collection_ = store_->collection("c", true);
};

TEST_F(KnownVectorsTest, ATextIsEmbeddedOnceHoweverManyCopiesThereAre) {
  const std::string guide =
      "# Guide\n\nThe office opens at nine.\n\n# Keys\n\nThe porter has them.\n\n# Parking\n\nBehind the house.\n";
  write("in/guide.md", guide);
  write("in/zz/guide-copy.md", guide);
  write("in/other.md", "# Guide\n\nThe office opens at nine.\n");  // a text of the guide in another document
  run();
  const size_t passages = collection_->find((folder_.path() / "in/guide.md").string())->chunks;
  ASSERT_EQ(passages, 3u);
  EXPECT_EQ(collection_->statistics()["vectors"], 2 * passages + 1);
  EXPECT_EQ(model_.embedded, passages) << "copies in the same run";

  write("in/later.md", guide);
  const auto report = run();
  EXPECT_EQ(report.embedded, passages) << "all have a vector";
  EXPECT_EQ(model_.embedded, passages) << "a copy that comes later costs nothing";
  EXPECT_TRUE(store_->verify().empty());

  const auto snapshot = collection_->snapshot();
  const auto rows = [&](const char* name) {
    const auto info = snapshot->find((folder_.path() / "in" / name).string());
    return snapshot->vectors(model_.space(), snapshot->chunk_ids(info->id));
  };
  EXPECT_EQ(rows("guide.md"), rows("later.md"));
  EXPECT_EQ(rows("guide.md"), rows("zz/guide-copy.md"));
}

TEST_F(KnownVectorsTest, APassageOfAnotherFileIsEmbeddedOnceHoweverFarAway) {
  const std::string same = "# Notice\n\nThe office opens at nine.\n\n";
  std::string long_text;
  const size_t parts = 128 * std::max<size_t>(1, base::default_threads());  // many blocks
  for (size_t i = 0; i < parts; ++i)
    long_text += "# Part " + std::to_string(i) + "\n\nThe porter has key " + std::to_string(i) + ".\n\n";
  write("in/a.md", same + "# Keys\n\nAsk the porter.\n");
  write("in/m.md", long_text);
  write("in/z.md", same + "# Parking\n\nBehind the house.\n");
  run();
  const auto snapshot = collection_->snapshot();
  ASSERT_EQ(snapshot->chunk_count(), parts + 4);
  EXPECT_EQ(model_.embedded, parts + 3);
  const auto first_row = [&](const char* name) {
    const auto info = snapshot->find((folder_.path() / "in" / name).string());
    const auto ids = snapshot->chunk_ids(info->id);
    return snapshot->vectors(model_.space(), std::span(ids).first(1));
  };
  EXPECT_EQ(first_row("a.md"), first_row("z.md"));
}

TEST_F(KnownVectorsTest, WhatAChangedDocumentStillSaysKeepsItsVectors) {
  const std::string start = "# Guide\n\nThe office opens at nine.\n\n# Keys\n\nThe porter has them.\n\n# Parking\n\n";
  write("in/guide.md", start + "Behind the house.\n");
  run();
  ASSERT_EQ(model_.embedded, 3u);
  write("in/guide.md", "# News\n\nWe have moved.\n\n" + start + "In the yard.\n");
  EXPECT_EQ(run({.embed = false}).without_vector, 2u);
  EXPECT_EQ(run().changed, 0u);
  EXPECT_EQ(model_.embedded, 5u) << "the new passage and the changed one";
  const auto found = search(*collection_, "porter", {.k = 1, .embedder = &model_});
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_THAT(found.hits[0].chunk.text, HasSubstr("The porter has them"));
  EXPECT_TRUE(found.hits[0].scores.dense);
  EXPECT_TRUE(store_->verify().empty());
}

}  // namespace
}  // namespace hanok::chain

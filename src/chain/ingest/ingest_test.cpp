// Words at once, meaning as it comes; what an interrupted run leaves, and how the next one goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "chain/ingest/test_buckets.h"
#include "hanok/context.h"
#include "hanok/indexing.h"

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Tell = std::function<void(const Progress&)>;

constexpr size_t kFiles = 200;

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    for (size_t i = 0; i < kFiles; ++i)
      write("in/" + std::to_string(1000 + i) + ".txt", "Box " + std::to_string(1000 + i) + " holds paper.");
    open();
  }
  void open() {
    collection_.reset();
    store_.reset();
    store_ = store::Store::open(folder_.path() / "data");
    collection_ = store_->collection("c", true);
  }
  void write(const std::string& name, const std::string& text) {
    base::fs::create_directories((folder_.path() / name).parent_path());
    base::write_file_atomic(folder_.path() / name, text);
  }
  IngestReport run(IngestOptions options = {}, const Tell& tell = {}) {
    const Context::Scope scope(Context().with_cancel(stop_).with_progress(tell));
    const base::fs::path in = folder_.path() / "in";
    if (!options.embedder) options.embedder = &model_;
    return ingest(*collection_, {&in, 1}, options);
  }
  size_t vectors() const { return collection_->statistics()["vectors"]; }

  CancelSource stop_;  // Ctrl-C
  base::TempFolder folder_;
  Buckets model_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<store::Collection> collection_;
};

TEST_F(IngestTest, AllIsFoundByWordsBeforeTheFirstVectorAndByWhatThereIsMeanwhile) {
  bool reading_over = false;
  std::vector<size_t> seen;
  const auto report = run({}, [&](const Progress& p) {
    if (p.what == kReading) {
      EXPECT_FALSE(reading_over);
      EXPECT_EQ(model_.embedded, 0u);
      return;
    }
    reading_over = true;
    EXPECT_EQ(p.done, vectors());
    seen.push_back(vectors());
    EXPECT_EQ(collection_->document_count(), kFiles);
    const auto found = search(*collection_, "box 1199", {.k = 1, .embedder = &model_});
    ASSERT_EQ(found.hits.size(), 1u);
    EXPECT_THAT(found.hits[0].chunk.text, HasSubstr("Box 1199"));
  });
  EXPECT_GT(seen.size(), 3u) << "in blocks";
  EXPECT_EQ(seen.front(), 0u);
  EXPECT_EQ(seen.back(), kFiles);
  EXPECT_EQ(report.added, kFiles);
  EXPECT_EQ(report.embedded, kFiles);
  EXPECT_EQ(report.without_vector, 0u);
}

TEST_F(IngestTest, EachGroupIsKeptWhenReadingIsInterrupted) {
  try {
    run({}, [&](const Progress& p) {
      if (p.done >= 100) stop_.cancel();
    });
    ADD_FAILURE() << "was not interrupted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Cancelled);
    EXPECT_THAT(e.what(), HasSubstr("the vectors of 0 of "));
  }
  const size_t kept = collection_->document_count();
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, kFiles);
  stop_.reset();
  open();
  const auto report = run();
  EXPECT_EQ(report.unchanged, kept);
  EXPECT_EQ(report.added, kFiles - kept);
  EXPECT_EQ(vectors(), kFiles);
}

TEST_F(IngestTest, EmbeddingGoesOnWhereItWasInterrupted) {
  try {
    run({}, [&](const Progress& p) {
      if (p.what == kEmbedding && p.done > 60) stop_.cancel();
    });
    ADD_FAILURE() << "was not interrupted";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("kept: 200 documents"));
    EXPECT_THAT(e.what(), HasSubstr("the vectors of " + std::to_string(vectors()) + " of 200 passages"));
  }
  stop_.reset();
  const size_t made = vectors();
  EXPECT_GT(made, 60u);
  EXPECT_LT(made, kFiles);
  open();
  const auto report = run();
  EXPECT_EQ(report.unchanged, kFiles);
  EXPECT_EQ(report.embedded, kFiles - made);
  EXPECT_EQ(model_.embedded, kFiles) << "none twice";
}

TEST_F(IngestTest, ReadingAndEmbeddingApart) {
  auto report = run({.embed = false});
  EXPECT_EQ(report.embedded, 0u);
  EXPECT_EQ(report.without_vector, kFiles);
  EXPECT_EQ(model_.embedded, 0u);
  EXPECT_EQ(search(*collection_, "box 1100", {.embedder = &model_}).mode, Mode::Keyword);
  report = ingest(*collection_, {}, {.embedder = &model_});
  EXPECT_EQ(report.embedded, kFiles);
  EXPECT_EQ(report.unchanged + report.added + report.gone, 0u);
  EXPECT_EQ(vectors(), kFiles);
  EXPECT_EQ(search(*collection_, "box 1100", {.embedder = &model_}).mode, Mode::Hybrid);
  EXPECT_EQ(run().unchanged, kFiles) << "cut as the model counts from the start";
}

TEST_F(IngestTest, OtherCutsGoOnWhereTheyWereInterrupted) {
  run({.embed = false});
  try {
    run({.split = {.max_tokens = 100}, .embed = false}, [&](const Progress& p) {
      if (p.done >= 100) stop_.cancel();
    });
    ADD_FAILURE() << "was not interrupted";
  } catch (const Error&) {
  }
  stop_.reset();
  const auto report = run({.split = {.max_tokens = 100}, .embed = false});
  EXPECT_GT(report.unchanged, 0u) << "what was cut anew before";
  EXPECT_LT(report.unchanged, 100u);
  EXPECT_EQ(report.changed, kFiles - report.unchanged);
  EXPECT_EQ(run({.split = {.max_tokens = 100}, .embed = false}).unchanged, kFiles);
}

TEST_F(IngestTest, WhatIsNoLongerWantedIsForgotten) {
  write("in/node_modules/x.txt", "Not a document.");
  write("in/drafts/y.txt", "A draft.");
  const base::fs::path named = folder_.path() / "in/node_modules/x.txt";
  ingest(*collection_, {&named, 1}, {});
  EXPECT_EQ(run().gone, 1u) << "stored by an earlier version, say";
  EXPECT_EQ(collection_->document_count(), kFiles + 1);
  const auto without = run({.exclude = {"drafts/"}});
  EXPECT_EQ(without.gone, 0u) << "this time it was not asked for";
  EXPECT_THAT(without.ignored, ElementsAre(Pair("--exclude", 1), Pair("node_modules", 1)));
  write("in/.hanokignore", "drafts/\n");
  EXPECT_EQ(run().gone, 1u);
  EXPECT_EQ(collection_->document_count(), kFiles);
}

// ---- what is forgotten ----

class CleanupTest : public testing::Test {
 protected:
  void write(const std::string& name) {
    base::fs::create_directories((folder_.path() / name).parent_path());
    base::write_file_atomic(folder_.path() / name, name);
  }
  IngestReport run(const std::string& path, const IndexingOptions& options = {}) {
    const base::fs::path in = folder_.path() / path;
    return index_files(*collection_, {&in, 1}, options);
  }
  IngestReport run_texts(const std::vector<SourceText>& texts, const IndexingOptions& options = {}) {
    return index_texts(*collection_, texts, options);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& d : collection_->documents()) out.push_back(d.path.substr(d.path.rfind('/') + 1));
    std::sort(out.begin(), out.end());
    return out;
  }
  base::TempFolder folder_;
  std::unique_ptr<store::Store> store_ = store::Store::open(folder_.path() / "data");
  std::shared_ptr<store::Collection> collection_ = store_->collection("c", true);
};

TEST_F(CleanupTest, NothingOrWhatAFolderHeldOrAllElsewhere) {
  for (const char* name : {"one/a.txt", "one/b.txt", "two/c.txt", "d.txt"}) write(name);
  run("one"), run("two"), run("d.txt");
  base::fs::remove(folder_.path() / "one/b.txt");
  EXPECT_EQ(run("one", {.cleanup = Cleanup::None}).gone, 0u);
  EXPECT_THAT(names(), ElementsAre("a.txt", "b.txt", "c.txt", "d.txt"));
  EXPECT_EQ(run("one").gone, 1u);
  EXPECT_THAT(names(), ElementsAre("a.txt", "c.txt", "d.txt"));
  EXPECT_EQ(run("one", {.cleanup = Cleanup::Full}).gone, 2u);
  EXPECT_THAT(names(), ElementsAre("a.txt"));
}

TEST_F(CleanupTest, AFolderThatIsAwayForgetsNothingUnlessPruned) {
  for (const char* name : {"one/a.txt", "two/c.txt"}) write(name);
  run("one"), run("two");
  base::fs::remove_all(folder_.path() / "one");
  for (const bool there : {false, true}) {
    if (there) base::fs::create_directories(folder_.path() / "one");
    const auto report = run("one", {.cleanup = Cleanup::Full});
    EXPECT_EQ(report.gone, 0u);
    EXPECT_THAT(report.warnings, testing::Contains(HasSubstr("no file was found, so all 2 documents are kept")));
  }
  EXPECT_EQ(run("one", {.cleanup = Cleanup::Full, .ingest = {.prune = true}}).gone, 2u);
}

TEST_F(CleanupTest, FilesAndTextsDoNotForgetEachOther) {
  write("one/a.txt");
  const std::string source = (folder_.path() / "one/b.txt").string();
  run_texts({{"the sea is wide", source}, {"the hill is high", "", {{"year", 2026}}}});
  EXPECT_EQ(run("one", {.cleanup = Cleanup::Full}).gone, 0u);
  EXPECT_EQ(collection_->document_count(), 3u);
  EXPECT_EQ(run_texts({{"the sea is deep", source}}, {.cleanup = Cleanup::Full}).gone, 2u);
  EXPECT_EQ(collection_->document_count(), 2u);
  const auto found = search(*collection_, "sea", {.k = 1});
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits[0].chunk.text, "the sea is deep");
  EXPECT_TRUE(found.hits[0].chunk.path.starts_with(source + "#"));
  EXPECT_EQ(run_texts({}, {.cleanup = Cleanup::Full}).gone, 0u) << "nothing was given";
  EXPECT_EQ(run_texts({}, {.cleanup = Cleanup::Full, .ingest = {.prune = true}}).gone, 1u);
}

TEST_F(CleanupTest, TextsWithoutASourceDoNotTakeEachOthersPlace) {
  run_texts({{"the sea is wide"}, {"the hill is high", "a"}});
  EXPECT_EQ(run_texts({{"the road is long"}, {"the hill is low", "a"}}).gone, 1u) << "the hill's former text";
  EXPECT_EQ(collection_->document_count(), 3u);
  EXPECT_EQ(run_texts({{"the road is long"}}, {.cleanup = Cleanup::Full}).gone, 2u);
}

TEST_F(CleanupTest, WithForceUnchangedFilesGetOtherMetadata) {
  write("one/a.txt");
  run("one", {.ingest = {.metadata = {{"team", "red"}}}});
  EXPECT_EQ(run("one", {.ingest = {.metadata = {{"team", "blue"}}}}).unchanged, 1u);
  EXPECT_EQ(collection_->documents()[0].metadata["team"], "red");
  EXPECT_EQ(run("one", {.force = true, .ingest = {.metadata = {{"team", "blue"}}}}).changed, 1u);
  EXPECT_EQ(collection_->documents()[0].metadata["team"], "blue");
}

TEST(SourceTexts, AreLinesOfJson) {
  const auto texts =
      read_source_texts("{\"text\": \"a\", \"source\": \"s\"}\n\n{\"text\": \"b\", \"metadata\": {\"n\": 1}}", "t");
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].source, "s");
  EXPECT_EQ(texts[1].metadata["n"], 1);
  const std::string deep =
      R"({"text": "a", "metadata": {"m": )" + std::string(100'000, '[') + std::string(100'000, ']') + "}}";
  for (const std::string& bad :
       std::vector<std::string>{"[]", deep, "{\"source\": \"s\"}", "{\"text\": 1}", "{\"text\": \"a\", \"txt\": \"b\"}",
                                "{\"text\": \"a\", \"metadata\": []}", "{"}) {
    try {
      read_source_texts(std::string("{\"text\": \"ok\"}\n") + bad, "file.jsonl");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid);
      EXPECT_THAT(e.what(), HasSubstr("file.jsonl, line 2")) << bad;
    }
  }
}

}  // namespace
}  // namespace hanok::chain

// A collection that changes from one model to another of another dimension: what answers before, during and after.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/background.h"
#include "base/file.h"
#include "hanok/chain.h"
#include "hanok/context.h"

namespace hanok::chain {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr size_t kBlock = 10;  // this many passages at once are a Reembedding's; a few are a file's

/// Words in `dim` buckets. Blocks of a re-embedding wait in embed() where no more of them are allowed, or fail.
class Words : public EmbeddingModel {
 public:
  explicit Words(size_t dim) : dim_(dim) {}

  store::VectorSpace space() const override {
    return {"words-" + std::to_string(dim_), "words/" + std::to_string(dim_), dim_, text::chunker_version()};
  }
  size_t count_tokens(std::string_view text) const override { return text.size() * 128 / dim_; }
  double trust(std::string_view text) const override { return text.find("paper") < text.size() ? trust_ : 1; }

  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    if (prompt == Prompt::Passage) hold(texts.size());
    Matrix out{texts.size(), dim_, std::vector<float>(texts.size() * dim_)};
    for (size_t i = 0; i < texts.size(); ++i) {
      for (const auto& term : text::analyze(texts[i])) out.row(i)[std::hash<std::string>{}(term.form) % dim_] += 1;
      float sum = 1e-9f;
      for (const float x : out.row(i)) sum += x * x;
      for (float& x : out.row(i)) x /= std::sqrt(sum);
    }
    return out;
  }

  void allow_blocks(size_t n) {
    std::lock_guard lock(mutex_);
    allowed_ = n;
    changed_.notify_all();
  }
  void fail() {
    std::lock_guard lock(mutex_);
    fails_ = true;
    changed_.notify_all();
  }
  void recover() {
    std::lock_guard lock(mutex_);
    fails_ = false;
  }
  void distrust() { trust_ = 0; }
  size_t embedded() const {
    std::lock_guard lock(mutex_);
    return embedded_;
  }
  void wait_until_holding() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return blocks_ > allowed_; });
  }

 private:
  void hold(size_t passages) const {
    std::unique_lock lock(mutex_);
    if (passages >= kBlock) {
      ++blocks_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return fails_ || blocks_ <= allowed_; });
      if (fails_) throw Error(Code::Exhausted, "words: out of paper");
    }
    embedded_ += passages;
  }

  size_t dim_, allowed_ = SIZE_MAX;
  double trust_ = 1;
  bool fails_ = false;
  mutable size_t blocks_ = 0, embedded_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
};

constexpr size_t kDocuments = 100;

class ReembeddingTest : public testing::Test {
 protected:
  void SetUp() override {
    for (size_t i = 0; i < kDocuments; ++i) write(i, "Box " + number(i) + " holds item" + number(i) + " and paper.");
    open();
    ingest_with(old_);
  }

  void open() {
    store_.reset();
    store_ = store::Store::open(data_.path());
    collection_ = store_->collection("c", true);
  }
  static std::string number(size_t i) { return std::to_string(1000 + i); }
  base::fs::path path(size_t i) const { return files_.path() / (number(i) + ".txt"); }
  void write(size_t i, const std::string& text) { base::write_file_atomic(path(i), text); }
  IngestReport ingest_with(const EmbeddingModel& model, bool embed = true) {
    const base::fs::path folder = files_.path();
    return ingest(*collection_, std::span(&folder, 1), {.embedder = &model, .embed = embed});
  }
  SearchResult ask_for(size_t i) {
    const EmbeddingModel* models[] = {&new_, &old_};
    const auto snapshot = collection_->snapshot();
    return search(*snapshot, "item" + number(i), {.k = 3, .embedder = answering(*snapshot, models)});
  }
  void expect_hybrid(size_t i) {
    const auto found = ask_for(i);
    EXPECT_EQ(found.mode, Mode::Hybrid);
    EXPECT_TRUE(found.warnings.empty());
    ASSERT_FALSE(found.hits.empty());
    EXPECT_THAT(found.hits[0].chunk.text, HasSubstr("item" + number(i)));
    EXPECT_TRUE(found.hits[0].scores.dense);
  }
  static std::vector<std::string> texts(const SearchResult& found) {
    std::vector<std::string> out;
    for (const auto& hit : found.hits) out.push_back(hit.chunk.text);
    return out;
  }
  std::string answers() const { return collection_->vector_space()->model; }

  base::TempFolder data_, files_;
  Words old_{512}, new_{1024};
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<store::Collection> collection_;
};

TEST_F(ReembeddingTest, OldVectorsAnswerUntilTheLastNewOneIsThere) {
  expect_hybrid(7);
  new_.allow_blocks(1);
  {
    Reembedding change(*collection_, new_);
    new_.wait_until_holding();
    EXPECT_EQ(answers(), "words/512");
    EXPECT_GT(change.progress().done, 0u);
    EXPECT_LT(change.progress().done, kDocuments);
    EXPECT_EQ(change.progress().total, kDocuments);
    EXPECT_FALSE(change.progress().complete);
    for (const size_t i : {0u, 50u, 99u}) expect_hybrid(i);
    new_.allow_blocks(SIZE_MAX);
    change.wait();
    EXPECT_TRUE(change.progress().complete);
    EXPECT_EQ(change.progress().done, kDocuments);
  }
  EXPECT_EQ(answers(), "words/1024");
  EXPECT_FALSE(collection_->pending_space());
  for (const size_t i : {0u, 50u, 99u}) expect_hybrid(i);
  EXPECT_TRUE(store_->verify().empty());
}

TEST_F(ReembeddingTest, DocumentsComeAndGoMeanwhile) {
  new_.allow_blocks(1);
  Reembedding change(*collection_, new_);
  new_.wait_until_holding();
  // Some of them are in the block that is being embedded, some have new vectors already, some have not.
  for (size_t i = 0; i < kDocuments; i += 3) base::fs::remove(path(i));
  write(1, "Box 1001 holds item1001 and glass.");
  write(500, "Box 1500 holds item1500 and straw.");
  const auto report = ingest_with(new_, false);
  EXPECT_EQ(report.gone, 34u);
  EXPECT_EQ(report.changed, 1u);
  EXPECT_EQ(report.added, 1u);
  EXPECT_EQ(report.unchanged, 65u) << "nothing is cut anew while the old vectors are needed";
  EXPECT_EQ(answers(), "words/512");
  expect_hybrid(50);
  EXPECT_THAT(texts(ask_for(500)), Contains(HasSubstr("straw"))) << "by its words";
  new_.allow_blocks(SIZE_MAX);
  change.wait();
  EXPECT_EQ(answers(), "words/1024");
  EXPECT_EQ(change.progress().done, collection_->chunk_count());
  for (const size_t i : {1u, 50u, 500u}) expect_hybrid(i);
  EXPECT_TRUE(store_->verify().empty());
}

TEST_F(ReembeddingTest, StopsBetweenBlocksAndGoesOnLater) {
  new_.allow_blocks(1);
  {
    Reembedding change(*collection_, new_);
    new_.wait_until_holding();
    base::Background releasing;
    releasing.start([&](const std::atomic<bool>& over) {
      for (size_t n = 2; !over; ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        new_.allow_blocks(n);
      }
    });
    change.stop();
    EXPECT_FALSE(change.running());
    change.wait();  // to be stopped is no error
  }
  open();
  expect_hybrid(99);
  new_.allow_blocks(SIZE_MAX);
  Reembedding(*collection_, new_).wait();
  EXPECT_EQ(new_.embedded(), kDocuments) << "nothing is embedded twice";
  expect_hybrid(99);
  EXPECT_EQ(answers(), "words/1024");
}

TEST_F(ReembeddingTest, WhatTheModelThrowsIsKeptAndWhatWasDoneToo) {
  new_.allow_blocks(1);
  {
    Reembedding change(*collection_, new_);
    new_.wait_until_holding();
    new_.fail();
    for (int again = 0; again < 2; ++again) {
      try {
        change.wait();
        ADD_FAILURE() << "no error";
      } catch (const Error& e) {
        EXPECT_THAT(e.what(), HasSubstr("out of paper"));
      }
    }
    EXPECT_FALSE(change.progress().complete);
  }
  open();
  expect_hybrid(99);
  EXPECT_EQ(answers(), "words/512");
  const size_t made = new_.embedded();
  EXPECT_GT(made, 0u);
  new_.recover();
  new_.allow_blocks(SIZE_MAX);
  Reembedding change(*collection_, new_);
  change.wait();
  EXPECT_EQ(new_.embedded(), kDocuments) << made << " were made before";
  EXPECT_EQ(answers(), "words/1024");
  expect_hybrid(99);
}

TEST_F(ReembeddingTest, AnotherChangeEndsIt) {
  const Words third(32);
  new_.allow_blocks(1);
  Reembedding change(*collection_, new_);
  new_.wait_until_holding();
  collection_->set_vector_space(third.space());
  new_.allow_blocks(SIZE_MAX);
  try {
    change.wait();
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    EXPECT_THAT(e.what(), HasSubstr("words/1024"));
  }
  expect_hybrid(99);
}

TEST_F(ReembeddingTest, ConcurrentSearchesNeverSeeAnotherDimension) {
  std::atomic<bool> over{false};
  std::atomic<size_t> hybrid{0}, keyword{0};
  base::Background searching;
  searching.start([&](const std::atomic<bool>&) {
    for (size_t i = 0; !over || i < kDocuments; ++i) {
      const auto found = ask_for(i % kDocuments);
      ++(found.mode == Mode::Hybrid ? hybrid : keyword);
      EXPECT_THAT(found.hits.at(0).chunk.text, HasSubstr("item" + number(i % kDocuments)));
    }
  });
  for (int round = 0; round < 6; ++round) {
    Words& next = round % 2 ? old_ : new_;
    Reembedding change(*collection_, next);
    write(600, "Box 1600 holds item1600 of round " + std::to_string(round));
    ingest_with(next, false);
    change.wait();
    EXPECT_EQ(answers(), next.space().model);
  }
  over = true;
  searching.wait();
  EXPECT_GT(hybrid.load(), 0u);
  EXPECT_EQ(keyword.load(), 0u) << "the model that answers and the vectors are of one snapshot";
}

// The whole of `hanok ingest` with another model: vectors for what is there, then cuts as the new model counts.
TEST_F(ReembeddingTest, IngestEmbedsFirstAndCutsAnewThen) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "Sentence " + std::to_string(i) + " of a long page. ";
  write(700, text);
  ingest_with(old_);
  const size_t before = collection_->chunk_count();
  bool old_to_the_end = true;
  const base::fs::path folder = files_.path();
  const Context::Scope scope(Context().with_progress([&](const Progress& p) {
    if (p.what == kEmbedding && p.done < p.total)
      old_to_the_end &= answers() == "words/512" || collection_->chunk_count() < before;
  }));
  const auto report = ingest(*collection_, std::span(&folder, 1), {.embedder = &new_});
  EXPECT_TRUE(old_to_the_end);
  EXPECT_EQ(report.changed, 1u) << "only the long one is cut at other places";
  EXPECT_EQ(report.unchanged, kDocuments);
  EXPECT_LT(collection_->chunk_count(), before) << "the new model counts half as many tokens";
  EXPECT_EQ(answers(), "words/1024");
  EXPECT_EQ(ingest_with(new_).unchanged, kDocuments + 1);
}

TEST_F(ReembeddingTest, AModelThatDoesNotKnowTheLanguageIsNamed) {
  new_.distrust();
  const auto report = ingest_with(new_);
  EXPECT_EQ(report.unchanged, kDocuments);
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_THAT(report.warnings[0], HasSubstr("words/1024 does not know the language"));
  EXPECT_TRUE(ingest_with(new_).warnings.empty()) << "once";
}

TEST_F(ReembeddingTest, WatchGoesOnReadingAndChangesTheModelBeside) {
  new_.allow_blocks(1);
  const base::fs::path folder = files_.path();
  size_t rounds = 0;
  bool seen_before_the_change = false;
  watch(
      *collection_, std::span(&folder, 1), {.embedder = &new_},
      [&](const IngestReport& report) {
        if (++rounds == 1) return write(800, "Box 1800 holds item1800 and wool.");
        if (report.added == 1) {
          seen_before_the_change = answers() == "words/512";
          new_.allow_blocks(SIZE_MAX);
        }
      },
      [&] { return rounds > 2 && answers() == "words/1024"; });
  EXPECT_TRUE(seen_before_the_change);
  EXPECT_EQ(ingest_with(new_).unchanged, kDocuments + 1);
  expect_hybrid(800);
}

TEST(Answering, TheModelIsKnownByItsFingerprint) {
  base::TempFolder folder;
  const auto store = store::Store::open(folder.path());
  auto& collection = *store->collection("c", true);
  const Words a(8), b(16);
  const EmbeddingModel* models[] = {nullptr, &a, &b};
  EXPECT_EQ(answering(*collection.snapshot(), models), nullptr);
  auto renamed = b.space();
  renamed.model = "another name";
  collection.set_vector_space(renamed);
  EXPECT_EQ(answering(*collection.snapshot(), models), &b);
  EXPECT_EQ(answering(*collection.snapshot(), std::span(models).first(2)), nullptr);
}

}  // namespace
}  // namespace hanok::chain

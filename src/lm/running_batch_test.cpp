// Many texts at once on small random models: each gets what it would get alone, to the last bit.
#include "lm/running_batch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "base/file.h"
#include "base/workers.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/generate.h"
#include "lm/model_files.h"
#include "lm/tiny_model.h"

namespace hanok::lm {
namespace {

std::vector<int32_t> some_ids(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<int32_t> ids(n);
  for (auto& id : ids) id = static_cast<int32_t>(random.below(tiny::kVocabulary));
  return ids;
}

size_t likeliest(const float* scores) {
  return static_cast<size_t>(std::max_element(scores, scores + tiny::kVocabulary) - scores);
}

/// Each on a thread of its own.
void together(size_t n, const std::function<void(size_t)>& work) {
  const Context context = Context::current();
  base::Workers workers(n, n);
  for (size_t i = 0; i < n; ++i)
    EXPECT_TRUE(workers.submit(std::to_string(i), [&, i] {
      const Context::Scope scope(context);
      work(i);
    }));
  workers.stop();
}

class RunningBatchTest : public testing::Test {
 protected:
  RunningBatchTest() : files_(read_model_files(write_tiny_model(folder_.path(), 11, 2048))) {
    decoder_ = std::make_unique<Decoder>(plan_of(files_.config, files_.weights), files_.weights, "tiny");
  }
  RunningBatch batch(size_t pool_tokens, size_t kept = 0) const {
    return RunningBatch(*decoder_, std::make_shared<nn::KvPool>(decoder_->kv_shape(nn::KvType::F16), pool_tokens),
                        kept);
  }
  /// A prompt and what follows it greedily; the scores behind its last token.
  struct Text {
    std::vector<int32_t> ids;
    std::vector<float> scores;
    bool operator==(const Text&) const = default;
  };
  Text write(RunningBatch& batch, std::vector<int32_t> ids, size_t more, size_t* cached = nullptr) const {
    RunningBatch::Sequence s(batch, nullptr);
    std::vector<float> scores(tiny::kVocabulary);
    s.read(ids, 1, scores.data());
    if (cached) *cached = s.cached();
    for (size_t i = 0; i < more; ++i) {
      ids.push_back(static_cast<int32_t>(likeliest(scores.data())));
      s.read(std::span(ids).last(1), 1, scores.data());
    }
    return {std::move(ids), std::move(scores)};
  }
  std::vector<Text> alone(const std::vector<std::vector<int32_t>>& prompts, size_t more) const {
    std::vector<Text> out;
    for (const auto& p : prompts) {
      auto fresh = batch(4096);
      out.push_back(write(fresh, p, more));
    }
    return out;
  }

  base::TempFolder folder_;
  ModelFiles files_;
  std::unique_ptr<Decoder> decoder_;
};

TEST_F(RunningBatchTest, ManyThreadsGetWhatEachWouldGetAlone) {
  std::vector<std::vector<int32_t>> prompts;
  for (size_t i = 0; i < 8; ++i) prompts.push_back(some_ids(5 + i * i * 9, i));  // up to 446 tokens
  const auto expected = alone(prompts, 40);
  for (const size_t threads : {1, 2}) {
    auto all = batch(8192, 1024);
    std::vector<Text> texts(prompts.size());
    const Context::Scope scope(Context().with_threads(threads));
    together(prompts.size(), [&](size_t i) { texts[i] = write(all, prompts[i], 40); });
    for (size_t i = 0; i < texts.size(); ++i) EXPECT_TRUE(texts[i] == expected[i]) << i;
    EXPECT_LE(all.counts().most_tokens, 256u + 8);
    EXPECT_EQ(all.active(), 0u);
  }
}

TEST_F(RunningBatchTest, PromptsAreReadInPiecesBesideThoseWhoWrite) {
  auto all = batch(8192);
  RunningBatch::Sequence writer(all, nullptr), reader(all, nullptr);
  const auto start = some_ids(10, 1), book = some_ids(1500, 2);
  std::vector<float> a(tiny::kVocabulary), b(tiny::kVocabulary);
  writer.read(start, 1, a.data());
  const size_t before = all.counts().steps;
  const RunningBatch::Read both[] = {{&writer, {start.data(), 1}, 1, a.data()}, {&reader, book, 1, b.data()}};
  all.read(both);
  EXPECT_EQ(all.counts().most_tokens, 256u);  // behind the first step the reader is alone
  EXPECT_GE(all.counts().steps - before, 1 + (1500u - 64) / 256);
}

TEST_F(RunningBatchTest, AFullPoolMakesTextsWaitAndNoneFails) {
  std::vector<std::vector<int32_t>> prompts;
  for (size_t i = 0; i < 7; ++i) prompts.push_back(some_ids(100 + 30 * i, i));
  const auto expected = alone(prompts, 60);
  auto all = batch(352);  // the longest needs 340 of them
  std::vector<Text> texts(prompts.size());
  together(prompts.size(), [&](size_t i) { texts[i] = write(all, prompts[i], 60); });
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_TRUE(texts[i] == expected[i]) << i;
}

TEST_F(RunningBatchTest, TheYoungestGivesUpItsPagesAndGoesOnLater) {
  auto all = batch(320);
  const auto first = some_ids(150, 1), second = some_ids(100, 2);
  const auto expected = alone({first, second}, 0);
  std::vector<float> a(tiny::kVocabulary), b(tiny::kVocabulary);
  RunningBatch::Sequence old(all, nullptr), young(all, nullptr);
  const RunningBatch::Read both[] = {{&old, first, 1, a.data()}, {&young, second, 1, b.data()}};
  all.read(both);
  EXPECT_EQ(a, expected[0].scores);
  EXPECT_EQ(b, expected[1].scores);
  const auto more = some_ids(140, 3);
  old.read(more, 1, a.data());  // 290 tokens: no room beside 100
  EXPECT_EQ(all.counts().gave_up, 1u);
  auto longer = second;
  longer.push_back(7);
  {
    auto fresh = batch(4096);
    RunningBatch::Sequence whole(fresh, nullptr);
    whole.read(longer, 1, a.data());
  }
  together(2, [&](size_t i) {
    if (i == 0) young.read(std::span(longer).last(1), 1, b.data());
    if (i == 1) old.truncate(20);
  });
  EXPECT_EQ(a, b);
}

TEST_F(RunningBatchTest, ACommonBeginningIsReadOnce) {
  const auto document = some_ids(300, 5);
  std::vector<std::vector<int32_t>> prompts(4, document);
  for (size_t i = 0; i < prompts.size(); ++i)
    for (const int32_t id : some_ids(8, 50 + i)) prompts[i].push_back(id);
  const auto expected = alone(prompts, 5);
  auto all = batch(8192, 4096);
  // They come together ...
  std::vector<std::vector<float>> scores(4, std::vector<float>(tiny::kVocabulary));
  {
    std::vector<std::unique_ptr<RunningBatch::Sequence>> sequences;
    std::vector<RunningBatch::Read> reads;
    for (size_t i = 0; i < 4; ++i) {
      sequences.push_back(std::make_unique<RunningBatch::Sequence>(all, nullptr));
      reads.push_back({sequences[i].get(), prompts[i], 1, scores[i].data()});
    }
    all.read(reads);
    EXPECT_EQ(sequences[0]->cached(), 0u);
    for (size_t i = 1; i < 4; ++i) EXPECT_GE(sequences[i]->cached(), document.size()) << i;
    EXPECT_LT(all.pool().pages_in_use(), 4u + (300 + 31) / 32 + 4);  // the document's pages are there once
  }
  // ... on threads ...
  std::atomic<size_t> read = 0;
  auto fresh = batch(8192, 4096);
  together(4, [&](size_t i) {
    size_t cached = 0;
    EXPECT_TRUE(write(fresh, prompts[i], 5, &cached) == expected[i]);
    read += prompts[i].size() - cached;
  });
  EXPECT_LE(read, document.size() + 4 * 20);
  // ... and later.
  size_t cached = 0;
  EXPECT_TRUE(write(all, prompts[2], 5, &cached) == expected[2]);
  EXPECT_EQ(cached, prompts[2].size() - 1);
}

TEST_F(RunningBatchTest, GuessesThatWereWrongAreForgotten) {
  auto all = batch(2048);
  const auto ids = some_ids(50, 8);
  RunningBatch::Sequence s(all, nullptr);
  std::vector<float> rows(4 * tiny::kVocabulary), one(tiny::kVocabulary);
  s.read(std::span(ids).first(40), 1, one.data());
  s.read(std::span(ids).subspan(40, 4), 4, rows.data());
  for (size_t i = 0; i < 4; ++i) {
    auto fresh = batch(2048);
    RunningBatch::Sequence alone(fresh, nullptr);
    alone.read(std::span(ids).first(41 + i), 1, one.data());
    EXPECT_TRUE(std::equal(one.begin(), one.end(), rows.begin() + static_cast<ptrdiff_t>(i * tiny::kVocabulary))) << i;
  }
  s.truncate(42);
  EXPECT_EQ(s.length(), 42u);
  s.read(std::span(ids).last(1), 1, one.data());
  auto other = std::vector<int32_t>(ids.begin(), ids.begin() + 42);
  other.push_back(ids.back());
  auto fresh = batch(2048);
  RunningBatch::Sequence alone(fresh, nullptr);
  alone.read(other, 1, rows.data());
  EXPECT_TRUE(std::equal(one.begin(), one.end(), rows.begin()));
}

TEST_F(RunningBatchTest, AFaultConcernsItsTextAlone) {
  const auto good = some_ids(60, 4);
  const auto expected = alone({good}, 0);
  auto all = batch(2048, 1024);
  const std::vector<int32_t> bad(20, 99999);
  {
    RunningBatch::Sequence a(all, nullptr), b(all, nullptr);
    std::vector<float> sa(tiny::kVocabulary), sb(tiny::kVocabulary);
    const RunningBatch::Read both[] = {{&a, bad, 1, sa.data()}, {&b, good, 1, sb.data()}};
    EXPECT_THROW(all.read(both), Error);
    EXPECT_EQ(sb, expected[0].scores);
  }
  std::atomic<size_t> failed = 0;
  together(4, [&](size_t i) {
    try {
      EXPECT_TRUE(write(all, i == 2 ? bad : good, 0) == expected[0]);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid);
      ++failed;
    }
  });
  EXPECT_EQ(failed, 1u);
}

TEST_F(RunningBatchTest, WhoeverIsCancelledGoesAndTheOthersGoOn) {
  const auto good = some_ids(60, 4);
  const auto expected = alone({good}, 30);
  auto all = batch(4096);
  std::atomic<size_t> cancelled = 0;
  together(4, [&](size_t i) {
    CancelSource stop;
    const Context::Scope scope(Context().with_cancel(stop));
    if (i != 1) {
      EXPECT_TRUE(write(all, good, 30) == expected[0]);
      return;
    }
    try {
      RunningBatch::Sequence s(all, nullptr);
      std::vector<float> scores(tiny::kVocabulary);
      s.read(good, 1, scores.data());
      stop.cancel();
      s.read(std::span(good).first(1), 1, scores.data());
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Cancelled);
      ++cancelled;
    }
  });
  EXPECT_EQ(cancelled, 1u);
  EXPECT_EQ(all.active(), 0u);
}

// The door: threads with texts of every kind on one model.
TEST(SharedModel, MixedRequestsTogether) {
  const base::TempFolder folder;
  const auto file = write_tiny_model(folder.path(), 4, 1024);
  const auto options = [](size_t i) {
    GenerateOptions o{.max_tokens = 20 + i};
    o.sampling.seed = i;
    o.sampling.temperature = i % 3 == 0 ? 0.0f : 1.2f;
    if (i % 4 == 1) o.constraint.regex = "[a-z ]{5,30}\\.";
    if (i % 4 == 2) o.stop = {"a", "zz"};
    if (i % 4 == 3) o.top_logprobs = 2;
    return o;
  };
  const auto prompt = [](size_t i) { return some_ids(10 + 37 * (i % 5), i % 3); };
  constexpr size_t kTexts = 12;
  std::vector<std::string> alone;
  const LanguageModel fresh(file);
  for (size_t i = 0; i < kTexts; ++i) alone.push_back(fresh.generate(prompt(i), options(i)).text);
  const LanguageModel model(file, {.context_tokens = 256, .cache_tokens = 512});
  std::atomic<size_t> thrown = 0, stopped = 0;
  together(kTexts + 2, [&](size_t i) {
    if (i == kTexts) {  // one whose receiver fails
      try {
        model.generate(prompt(0), options(0), [](std::string_view) -> bool { throw std::runtime_error("gone"); });
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    } else if (i == kTexts + 1) {  // and one that wants no more
      const auto out = model.generate(prompt(1), options(4), [](std::string_view) { return false; });
      stopped += out.finish == Finish::Cancelled;
    } else {
      EXPECT_EQ(model.generate(prompt(i), options(i)).text, alone[i]) << i;
    }
  });
  EXPECT_EQ(thrown, 1u);
  EXPECT_EQ(stopped, 1u);
}

}  // namespace
}  // namespace hanok::lm

#include "server/models.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "hanok/context.h"

namespace hanok::server {
namespace {

/// A vector of a text: its length, and how many texts were in the call. Slow, so that requests meet.
class Slow : public chain::EmbeddingModel {
 public:
  store::VectorSpace space() const override { return {"slow", "slow", 2, 1}; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    EXPECT_EQ(inside.fetch_add(1), 0) << "one call at a time";
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Matrix out{texts.size(), 2, {}};
    for (const auto& text : texts) {
      out.data.push_back(static_cast<float>(text.size()));
      out.data.push_back(prompt == Prompt::Query ? 1 : 0);
      if (text == "bad") inside = 0, throw Error(Code::Invalid, "bad text");
    }
    inside = 0;
    return out;
  }
  double trust(std::string_view) const override { return 1; }
  mutable std::atomic<int> inside{0};
};

TEST(EmbedQueueConcurrent, RequestsThatWaitTogetherShareACall) {
  EmbedQueue queue(std::make_shared<Slow>());
  constexpr size_t kClients = 16, kRounds = 4;
  std::vector<std::thread> clients;
  for (size_t c = 0; c < kClients; ++c)
    clients.emplace_back([&, c] {
      const Prompt prompt = c % 2 ? Prompt::Query : Prompt::Passage;
      for (size_t r = 0; r < kRounds; ++r) {
        const std::vector<std::string> texts(1 + c % 3, std::string(1 + c * kRounds + r, 'x'));
        const Matrix out = queue.embed(texts, prompt);
        ASSERT_EQ(out.rows, texts.size());
        for (size_t i = 0; i < out.rows; ++i) {
          EXPECT_EQ(out.row(i)[0], static_cast<float>(texts[0].size()));
          EXPECT_EQ(out.row(i)[1], prompt == Prompt::Query ? 1 : 0);
        }
      }
    });
  for (auto& client : clients) client.join();
  const auto [calls, requests] = queue.calls();
  EXPECT_EQ(requests, kClients * kRounds);
  EXPECT_LT(calls, requests / 2);
}

TEST(EmbedQueueConcurrent, AClientThatIsGoneLeavesTheQueueAndTheOthersInIt) {
  EmbedQueue queue(std::make_shared<Slow>());
  const CancelSource gone;
  std::thread first([&] { EXPECT_EQ(queue.embed(std::vector<std::string>{"ab"}, Prompt::None).row(0)[0], 2); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  gone.cancel();
  {
    const Context::Scope scope(Context().with_cancel(gone));
    // While the first call runs this one waits, and sees that it is not wanted; or it runs, and is answered.
    try {
      queue.embed(std::vector<std::string>{"abc"}, Prompt::None);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::Cancelled);
    }
  }
  first.join();
  EXPECT_EQ(queue.embed(std::vector<std::string>{"abcd"}, Prompt::None).row(0)[0], 4);
  EXPECT_THROW(queue.embed(std::vector<std::string>{"bad"}, Prompt::None), Error);
  EXPECT_EQ(queue.embed(std::vector<std::string>{"a"}, Prompt::None).row(0)[0], 1) << "an error is of its own call";
}

TEST(Models, AMakerThatCouldNotBeOpenedIsTriedAgain) {
  Models models;
  int tries = 0;
  models.set_find_maker([&](const store::VectorSpace&) -> std::shared_ptr<const chain::EmbeddingModel> {
    if (++tries == 1) throw Error(Code::Unavailable, "not now");
    return tries == 2 ? std::make_shared<Slow>() : nullptr;
  });
  const store::VectorSpace space{"away", "away", 2, 1};
  EXPECT_THROW(models.maker(space), Error);
  EXPECT_NE(models.maker(space), nullptr);
  EXPECT_EQ(models.maker(space), models.maker(space));
  EXPECT_EQ(models.maker({"gone", "gone", 2, 1}), nullptr);
  EXPECT_EQ(models.maker({"gone", "gone", 2, 1}), nullptr);
  EXPECT_EQ(tries, 3) << "what was found out is kept";
}

TEST(Models, ANameThatIsNotThereIsAnsweredWithThoseThatAre) {
  Models models;
  EXPECT_EQ(models.embedder(""), nullptr);
  models.add_embedder("slow", std::make_shared<Slow>());
  EXPECT_EQ(models.embedder(""), models.embedder("slow"));
  try {
    models.embedder("other");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::NotFound);
    EXPECT_STREQ(error.what(), "there is no embedding model 'other' here; there are: slow");
  }
}

}  // namespace
}  // namespace hanok::server

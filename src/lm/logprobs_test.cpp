#include "lm/logprobs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "lm/tiny_model.h"

namespace hanok::lm {
namespace {

const std::vector<int32_t> kPrompt{1, 262, 263, 264};

TEST(Logprobs, AreThoseOfTheScores) {
  const base::TempFolder folder;
  const LanguageModel model(write_tiny_model(folder.path(), 5));
  GenerateOptions how{.max_tokens = 12, .top_logprobs = model.vocabulary()};
  how.sampling.temperature = 1.5f;
  std::vector<double> told;
  how.on_logprob = [&](const TokenLogprob& t) { told.push_back(t.chosen.logprob); };
  const Generated out = model.generate(kPrompt, how);
  ASSERT_EQ(out.logprobs.size(), out.ids.size());
  ASSERT_EQ(told.size(), out.ids.size());
  std::vector<int32_t> ids = kPrompt;
  for (size_t i = 0; i < out.ids.size(); ++i) {
    const TokenLogprob& t = out.logprobs[i];
    EXPECT_EQ(t.chosen.id, out.ids[i]);
    EXPECT_EQ(t.chosen.logprob, told[i]);
    ASSERT_EQ(t.top.size(), model.vocabulary());
    double sum = 0;
    const Matrix row = model.logits(ids, 1);
    for (size_t k = 0; k < t.top.size(); ++k) {
      sum += std::exp(t.top[k].logprob);
      EXPECT_TRUE(k == 0 || t.top[k].logprob <= t.top[k - 1].logprob);
      EXPECT_TRUE(t.top[k].id != t.chosen.id || t.top[k].logprob == t.chosen.logprob);
      EXPECT_NEAR(t.top[k].logprob - t.top[0].logprob,
                  double(row.data[size_t(t.top[k].id)]) - double(row.data[size_t(t.top[0].id)]), 1e-5);
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    ids.push_back(out.ids[i]);
  }
  // Asking changes nothing, and a batch tells the same.
  how.on_logprob = {};
  const std::vector<std::vector<int32_t>> prompts(2, kPrompt);
  const std::vector<GenerateOptions> all(2, how);
  EXPECT_EQ(model.generate_all(prompts, all)[1].logprobs[3].chosen.logprob, told[3]);
  how.top_logprobs.reset();
  EXPECT_EQ(model.generate(kPrompt, how).ids, out.ids);
  EXPECT_TRUE(model.generate(kPrompt, how).logprobs.empty());
}

TEST(Logprobs, TiesAndBytes) {
  const base::TempFolder folder;
  const LanguageModel model(write_saying_model(folder.path(), "서울"));
  GenerateOptions how{.max_tokens = 5, .top_logprobs = 3};
  how.sampling.temperature = 0;
  const Generated out = model.generate(kPrompt, how);
  ASSERT_EQ(out.logprobs.size(), 1u);
  EXPECT_EQ(out.logprobs[0].chosen.bytes, "서울");
  ASSERT_EQ(out.logprobs[0].top.size(), 3u);
  EXPECT_EQ(out.logprobs[0].top[0].id, out.ids[0]);
  EXPECT_EQ(out.logprobs[0].top[1].id, 0);  // all others are equally likely
  EXPECT_EQ(out.logprobs[0].top[2].id, 1);
}

}  // namespace
}  // namespace hanok::lm

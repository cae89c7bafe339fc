#include "lm/speculation.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"
#include "lm/test_data.h"
#include "lm/tiny_model.h"

namespace hanok::lm {
namespace {

TEST(PromptLookup, WhatStoodBehindTheSameWords) {
  PromptLookup lookup;
  std::vector<int32_t> ids{1, 2, 3, 4, 5, 6, 9, 2, 3, 4};
  EXPECT_EQ(lookup.guess(ids, 3), (std::vector<int32_t>{5, 6, 9}));
  EXPECT_EQ(lookup.guess(ids, 20), (std::vector<int32_t>{5, 6, 9, 2, 3, 4}));
  ids.push_back(7);
  EXPECT_TRUE(lookup.guess(ids, 3).empty());
  for (const int32_t id : {9, 2, 3, 4}) ids.push_back(id);
  EXPECT_EQ(lookup.guess(ids, 1),
            std::vector<int32_t>{7});  // behind 9 2 3 4: four are the same, of the other place three
  EXPECT_TRUE(PromptLookup().guess(std::vector<int32_t>{1, 2, 3}, 4).empty());
}

TEST(Pace, GoesOnWhereItPaysAndRestsWhereNot) {
  Pace good(4), bad(4);
  EXPECT_EQ(good.allowed(), 0u);  // what a step costs is not known
  good.plain(1);
  bad.plain(1);
  for (int i = 0; i < 5; ++i) {
    const size_t n = good.allowed();
    ASSERT_GT(n, 0u);
    good.tried(n, n, 1.5);
  }
  EXPECT_EQ(good.allowed(), kMostGuesses);
  size_t tries = 0;
  for (int i = 0; i < 200; ++i)
    if (const size_t n = bad.allowed()) bad.tried(n, 0, 1.5), ++tries;
  EXPECT_LT(tries, 25u);
  EXPECT_GT(tries, 5u);
}

class SpeculationTest : public testing::Test {
 protected:
  SpeculationTest() : file_(write_tiny_model(folder_.path(), 9, 1024)) {}
  // A prompt that says the same again and again: a random model of two layers soon does so too.
  static std::vector<int32_t> prompt(uint64_t seed) {
    base::Random random(seed);
    std::vector<int32_t> once(15), out;
    for (auto& id : once) id = 260 + static_cast<int32_t>(random.below(20));
    for (int i = 0; i < 6; ++i) out.insert(out.end(), once.begin(), once.end());
    return out;
  }
  static std::vector<GenerateOptions> options() {
    std::vector<GenerateOptions> out(6, GenerateOptions{.max_tokens = 150});
    out[0].sampling.temperature = 0;
    out[1].sampling = {.temperature = 0.7f, .seed = 3};
    out[2].sampling = {.temperature = 0.3f, .seed = 4};
    out[2].sampling.penalties.repeat = 1.05f;
    out[3].sampling.temperature = 0;
    out[3].constraint.regex = "([a-f]{2} ){10,40}";
    out[4].sampling.temperature = 0;
    out[4].stop = {"q", "zx"};
    out[5].sampling.temperature = 0;
    out[5].top_logprobs = 2;
    out[5].ignore_end = true;
    return out;
  }
  void same_as_without(const LanguageModel& model, size_t& right) const {
    for (uint64_t seed = 0; seed < 3; ++seed)
      for (GenerateOptions o : options()) {
        const Generated with = model.generate(prompt(seed), o);
        o.speculate = false;
        const Generated without = model.generate(prompt(seed), o);
        EXPECT_EQ(with.ids, without.ids);
        EXPECT_EQ(with.text, without.text);
        EXPECT_EQ(with.finish, without.finish);
        ASSERT_EQ(with.logprobs.size(), without.logprobs.size());
        for (size_t i = 0; i < with.logprobs.size(); ++i)
          EXPECT_EQ(with.logprobs[i].chosen.logprob, without.logprobs[i].chosen.logprob);
        EXPECT_EQ(without.guessed, 0u);
        EXPECT_LE(with.guessed_right, with.guessed);
        right += with.guessed_right;
      }
  }
  base::TempFolder folder_;
  const std::filesystem::path file_;
};

TEST_F(SpeculationTest, TheTextIsTheSameWithTheWordsBefore) {
  size_t right = 0;
  same_as_without(LanguageModel(file_), right);
  EXPECT_GT(right, 20u);  // some were guessed, so that this says something
  if (std::filesystem::exists(test_data() / "golden" / "lm" / "models")) {
    const LanguageModel window(test_data() / "golden" / "lm" / "models" / "mistral-window");
    std::vector<int32_t> ids;
    for (int i = 0; i < 60; ++i) ids.push_back(5 + i % 6);
    GenerateOptions o{.max_tokens = 40};
    o.sampling.temperature = 0;
    const auto with = window.generate(ids, o);
    o.speculate = false;
    EXPECT_EQ(with.ids, window.generate(ids, o).ids);
  }
}

TEST_F(SpeculationTest, TheTextIsTheSameWithADraft) {
  size_t right = 0;
  same_as_without(LanguageModel(file_, {.draft = file_}), right);  // its own twin is always right
  EXPECT_GT(right, 100u);
  const base::TempFolder other;
  const auto stranger = write_tiny_model(other.path(), 10, 256);  // of other weights, and less room
  size_t few = 0;
  same_as_without(LanguageModel(file_, {.draft = stranger}), few);
}

TEST_F(SpeculationTest, ADraftOfOtherTokensIsRefused) {
  const base::TempFolder other;
  const auto stranger = write_saying_model(other.path(), "hello");
  try {
    const LanguageModel model(file_, {.draft = stranger});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    EXPECT_NE(std::string(e.what()).find("token 287 is 'hello', expected ','"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace hanok::lm

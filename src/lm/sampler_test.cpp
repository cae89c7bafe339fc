#include "lm/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "hanok/error.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

std::vector<Candidate> candidates(std::span<const float> logits) {
  std::vector<Candidate> out;
  for (size_t i = 0; i < logits.size(); ++i) out.push_back({static_cast<int32_t>(i), logits[i]});
  return out;
}

void apply(std::vector<Candidate>& c, const base::Json& step, const std::vector<int32_t>& history) {
  const std::string name = step[0];
  if (name == "penalties")
    return apply_penalties(c,
                           {.repeat = step[1]["repeat"],
                            .frequency = step[1]["frequency"],
                            .presence = step[1]["presence"],
                            .last_n = step[1]["last_n"]},
                           history);
  if (name == "logit_bias") {
    std::vector<std::pair<int32_t, float>> bias;
    for (const auto& [id, by] : step[1].items()) bias.emplace_back(std::stoi(id), by.get<float>());
    return apply_bias(c, bias);
  }
  const float x = step[1];
  if (name == "temperature") return apply_temperature(c, x);
  if (name == "top_k") return keep_top_k(c, static_cast<int>(x));
  if (name == "top_p") return keep_top_p(c, x);
  if (name == "min_p") return keep_min_p(c, x);
  if (name == "typical") return keep_typical(c, x);
  if (name == "top_n_sigma") return keep_top_n_sigma(c, x);
  FAIL() << name;
}

// What each chain keeps and how likely, as llama.cpp's own samplers and the published library say.
TEST(Sampler, GoldenChains) {
  const auto folder = test_data() / "golden" / "lm" / "sampling";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden chains beside the source";
  const Matrix logits = read_npy(folder / "logits.npy");
  std::ifstream in(folder / "cases.jsonl");
  size_t seen = 0;
  for (std::string line; std::getline(in, line);) {
    const auto c = base::parse_json(line, "case");
    const auto& want = c.contains("llamacpp") ? c["llamacpp"] : c["hf"];
    SCOPED_TRACE(base::dump_json(c["chain"]) + " of vector " + std::to_string(c["vector"].get<int>()));
    auto got = candidates(logits.row(c["vector"].get<size_t>()));
    const auto history = c["history"].get<std::vector<int32_t>>();
    for (const auto& step : c["chain"]) apply(got, step, history);
    std::sort(got.begin(), got.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto share = probabilities(got);
    const auto kept = want["kept"].get<std::vector<int32_t>>();
    ASSERT_EQ(got.size(), kept.size());
    // Which of several tokens with one and the same logit is kept is anybody's choice (ours: the lowest id).
    const auto same_logit = [&](int32_t a, int32_t b) {
      return logits.row(c["vector"].get<size_t>())[a] == logits.row(c["vector"].get<size_t>())[b];
    };
    std::vector<double> ours = share, theirs = want["probs"].get<std::vector<double>>();
    for (size_t i = 0; i < kept.size(); ++i) {
      const bool there =
          std::any_of(kept.begin(), kept.end(), [&](int32_t k) { return k == got[i].id || same_logit(k, got[i].id); });
      ASSERT_TRUE(there) << got[i].id;
    }
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    for (size_t i = 0; i < kept.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-5);
    ++seen;
  }
  EXPECT_GT(seen, 500u);
}

// 1e5 draws against the distribution that the filters leave.
TEST(Sampler, DrawsFollowTheDistribution) {
  const std::vector<float> logits{2, 1, 0, -1, 1.5f, -3};
  Sampler sampler({.temperature = 1.3f, .top_k = 4, .top_p = 1, .min_p = 0, .seed = 7});
  auto left = candidates(logits);
  keep_top_k(left, 4);
  apply_temperature(left, 1.3f);
  const auto share = probabilities(left);
  std::map<int32_t, double> expected;
  for (size_t i = 0; i < left.size(); ++i) expected[left[i].id] = share[i];
  constexpr int kDraws = 100000;
  std::map<int32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[sampler.next(logits, {})];
  double chi = 0;
  for (const auto& [id, p] : expected) chi += std::pow(counts[id] - kDraws * p, 2) / (kDraws * p);
  EXPECT_EQ(counts.size(), 4u);
  EXPECT_LT(chi, 16.27);  // three degrees of freedom, one in a thousand
}

TEST(Sampler, SameSeedSameDraws) {
  const std::vector<float> logits{1, 1.1f, .9f, 1, 1.2f};
  Sampler a({.seed = 3}), b({.seed = 3}), c({.seed = 4});
  std::vector<int32_t> x, y, z;
  for (int i = 0; i < 50; ++i)
    x.push_back(a.next(logits, {})), y.push_back(b.next(logits, {})), z.push_back(c.next(logits, {}));
  EXPECT_EQ(x, y);
  EXPECT_NE(x, z);
}

TEST(Sampler, GreedyTakesTheLowestIdOnATie) {
  Sampler greedy({.temperature = 0});
  EXPECT_EQ(greedy.next(std::vector<float>{1, 3, 3, 2}, {}), 1);
  const uint64_t allowed = 0b1100;
  EXPECT_EQ(greedy.next(std::vector<float>{1, 3, 3, 2}, {}, {&allowed, 1}), 2);
  const uint64_t none = 0;
  EXPECT_THROW(greedy.next(std::vector<float>{1, 3}, {}, {&none, 1}), Error);
}

TEST(Sampler, DryEndsARepetition) {
  const std::vector<int32_t> history{1, 2, 3, 4, 1, 2, 3};  // 4 would go on with it
  auto c = candidates(std::vector<float>(6, 0.0f));
  apply_dry(c, {.multiplier = 1, .base = 2, .allowed_length = 2}, history);
  EXPECT_FLOAT_EQ(c[4].logit, -2);  // three tokens repeated, two allowed: 2^1
  EXPECT_EQ(c[1].logit, 0);
  c = candidates(std::vector<float>(6, 0.0f));
  apply_dry(c, {.multiplier = 1, .base = 2, .allowed_length = 2, .breakers = {2}}, history);
  EXPECT_EQ(c[4].logit, 0);
}

TEST(Sampler, SettingsOutOfRangeAreNamed) {
  for (const Sampling& s :
       {Sampling{.temperature = -1}, Sampling{.top_p = 1.5f}, Sampling{.min_p = NAN}, Sampling{.top_k = -3}})
    EXPECT_THROW(Sampler{s}, Error);
}

}  // namespace
}  // namespace hanok::lm

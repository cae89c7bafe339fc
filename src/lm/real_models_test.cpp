// Real models as they are run by default: activations are rounded to eight bits where they meet quantised weights,
// class B of the golden runs' README. (Class A, --exact, is in language_model_test.) A few cases each; all with
// HANOK_TEST_ALL.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "hanok/generate.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

// From the README: twice llama.cpp's worst miss, and so on.
constexpr double kLicence = 1.0;                          // a margin up to which rounding may choose another token
constexpr double kMostOthers = 0.05;                      // of the steps
constexpr double kMedianError = 0.12, kWorstError = 0.6;  // RMS of the logits / their deviation
constexpr double kNllError = 0.015;                       // nats

class ClassB : public testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  void SetUp() override {
    const char* models = std::getenv("HANOK_MODELS");
    file_ = std::filesystem::path(models ? models : "") / GetParam().first / GetParam().second;
    golden_ = test_data() / "golden" / "lm" / "real" / GetParam().first;
    if (!models || !std::filesystem::exists(file_) || !std::filesystem::exists(golden_))
      GTEST_SKIP() << "no real models at hand (HANOK_MODELS)";
  }
  std::filesystem::path file_, golden_;
  const bool all_ = std::getenv("HANOK_TEST_ALL") != nullptr;
};

double rms(const Matrix& scores, const std::vector<double>& sample, size_t stride) {
  double sum = 0;
  for (size_t i = 0; i < sample.size(); ++i) sum += std::pow(double(scores.data[i * stride]) - sample[i], 2);
  return std::sqrt(sum / static_cast<double>(sample.size()));
}

TEST_P(ClassB, RunsStayWithinWhatRoundingExplains) {
  const LanguageModel model(file_);
  const auto golden = read_json(golden_ / "cases.json");
  size_t seen = 0, steps = 0, others = 0;
  std::vector<double> errors;
  for (const auto& c : golden["cases"]) {
    if (!all_ && seen++ == 3) break;
    SCOPED_TRACE(c["name"].get<std::string>());
    const auto prompt = c["prompt_ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(model.encode(c["prompt_text"].get<std::string>()), prompt);
    // Fed with the golden run: the strong test.
    const auto fed = c["greedy_ids"].get<std::vector<int32_t>>();
    auto ids = prompt;
    ids.insert(ids.end(), fed.begin(), fed.end() - 1);
    const Matrix rows = model.logits(ids, fed.size());
    const auto& forced = c["forced_exact"];
    for (size_t i = 0; i < fed.size(); ++i) {
      const auto row = rows.row(i);
      const auto best = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
      ++steps;
      if (best == forced["argmax"][i].get<int32_t>()) continue;
      ++others;
      EXPECT_LT(forced["margins"][i].get<double>(), kLicence) << "step " << i;
    }
    // Free: where it first leaves the exact run, it takes the runner-up of a near tie.
    const auto& exact = c["exact"];
    const auto want = exact["greedy_ids"].get<std::vector<int32_t>>();
    const auto out = model.generate(prompt, {.max_tokens = want.size(), .sampling = {.temperature = 0}});
    for (size_t i = 0; i < want.size() && i < out.ids.size(); ++i) {
      if (out.ids[i] == want[i]) continue;
      EXPECT_LT(exact["margins"][i].get<double>(), kLicence) << "step " << i;
      EXPECT_TRUE(i == 0 || out.ids[i] == exact["runner_up_ids"][i].get<int32_t>()) << "step " << i;
      break;
    }
    errors.push_back(rms(model.logits(prompt, 1), exact["first_logits_sample"].get<std::vector<double>>(),
                         golden["first_logits_sample_stride"]) /
                     exact["std_first"].get<double>());
    EXPECT_LE(errors.back(), kWorstError);
  }
  std::nth_element(errors.begin(), errors.begin() + static_cast<ptrdiff_t>(errors.size() / 2), errors.end());
  EXPECT_LE(errors[errors.size() / 2], kMedianError);
  EXPECT_LE(static_cast<double>(others), kMostOthers * static_cast<double>(steps)) << others << " of " << steps;
  RecordProperty("other_argmaxes", static_cast<int>(others));
}

TEST_P(ClassB, PerplexityIsNear) {
  if (!all_ && std::string(GetParam().first) != "smollm2") GTEST_SKIP() << "takes long; set HANOK_TEST_ALL";
  const auto about = read_json(golden_ / "perplexity.json");
  const Perplexity p = LanguageModel(file_).perplexity(about["token_ids"].get<std::vector<int32_t>>());
  EXPECT_EQ(p.predicted, about["predicted_tokens"].get<size_t>());
  EXPECT_NEAR(p.nll, about["mean_nll"]["exact_float64"].get<double>(), kNllError);
}

INSTANTIATE_TEST_SUITE_P(Models, ClassB,
                         testing::Values(std::pair("smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
                                         std::pair("gemma3", "gemma-3-270m-Q4_K_M.gguf")),
                         [](const auto& p) { return std::string(p.param.first); });

}  // namespace
}  // namespace hanok::lm

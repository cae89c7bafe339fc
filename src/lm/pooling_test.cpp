#include "lm/pooling.h"

#include <gtest/gtest.h>

#include "hanok/error.h"
#include "lm/test_data.h"
#include "nn/weights.h"

namespace hanok::lm {
namespace {

TEST(Pooling, ByHand) {
  const std::vector<float> hidden{1, -4, 2, 6, 3, 1};  // three tokens of two values
  const auto run = [&](Pool kind, size_t skip) {
    std::vector<float> out(2);
    pool(kind, hidden.data(), 3, 2, skip, out.data());
    return out;
  };
  EXPECT_EQ(run(Pool::Cls, 1), (std::vector<float>{1, -4}));
  EXPECT_EQ(run(Pool::LastToken, 1), (std::vector<float>{3, 1}));
  EXPECT_EQ(run(Pool::Max, 0), (std::vector<float>{3, 6}));
  EXPECT_EQ(run(Pool::Mean, 0), (std::vector<float>{2, 1}));
  EXPECT_EQ(run(Pool::Mean, 1), (std::vector<float>{2.5f, 3.5f}));
  EXPECT_EQ(run(Pool::Mean, 9), (std::vector<float>{0, 0}));
  EXPECT_NEAR(run(Pool::MeanSqrtLen, 0)[0], 6 / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(run(Pool::WeightedMean, 0)[0], (1 + 4 + 9) / 6.0, 1e-6);
}

TEST(Pooling, ReadsBothSpellings) {
  const auto kinds = [](const base::Json& json) { return Pooling::read(Config(json, "x")).kinds; };
  EXPECT_EQ(kinds({{"pooling_mode", "lasttoken"}}), std::vector<Pool>{Pool::LastToken});
  EXPECT_EQ(kinds({{"pooling_mode_cls_token", true}, {"pooling_mode_mean_tokens", true}}),
            (std::vector<Pool>{Pool::Cls, Pool::Mean}));
  EXPECT_EQ(kinds({{"pooling_mode", {"cls", "max"}}}), (std::vector<Pool>{Pool::Cls, Pool::Max}));
  EXPECT_FALSE(Pooling::read(Config({{"pooling_mode", "cls"}, {"include_prompt", false}}, "x")).include_prompt);
  EXPECT_THROW(kinds(base::Json::object()), Error);
  EXPECT_THROW(kinds({{"pooling_mode", "median"}}), Error);
  EXPECT_THROW(kinds({{"pooling_mode_cls_token", 1}}), Error);
}

TEST(Pooling, AgreesWithThePublishedProgram) {
  const auto folder = golden("encoders/bert_mean_norm");
  if (!base::fs::exists(folder)) return;  // ByHand covers each kind
  const auto expected = nn::Weights::open_file(folder / "expected.safetensors");
  for (const Pool kind : {Pool::Cls, Pool::Max, Pool::Mean, Pool::MeanSqrtLen, Pool::WeightedMean, Pool::LastToken})
    for (const char* text : {"0", "12"}) {
      const nn::Tensor& tensor = *expected.find(std::string("hidden.") + text);
      const auto hidden = read_floats(tensor),
                 want = read_floats(expected.at("pool." + std::string(name(kind)) + "." + text, {tensor.shape[1]}));
      std::vector<float> out(want.size());
      pool(kind, hidden.data(), tensor.shape[0], tensor.shape[1], 0, out.data());
      for (size_t j = 0; j < out.size(); ++j) EXPECT_NEAR(out[j], want[j], 5e-6) << name(kind);
    }
}

}  // namespace
}  // namespace hanok::lm

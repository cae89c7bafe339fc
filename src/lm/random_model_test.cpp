#include "lm/random_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hanok/error.h"
#include "hanok/generate.h"
#include "nn/gguf.h"

namespace hanok::lm {
namespace {

class RandomModel : public testing::TestWithParam<std::string_view> {};

// Weights of mean 0 and a plausible size in every format, or measured activations would be none that models have.
TEST_P(RandomModel, HasWeightsLikeARealOne) {
  base::TempFolder folder;
  const auto file = folder.path() / "m.gguf";
  write_random_model("llama-tiny", GetParam(), file);
  const nn::Gguf gguf = nn::Gguf::open(file);
  size_t matrices = 0;
  for (const auto& tensor : gguf.tensors()) {
    if (tensor.shape.size() != 2) continue;
    ++matrices;
    double sum = 0, squares = 0;
    const auto values = read_floats(tensor);
    for (const float v : values) sum += v, squares += double(v) * v;
    const auto n = static_cast<double>(values.size());
    EXPECT_NEAR(sum / n, 0, 0.001) << tensor.name;
    EXPECT_NEAR(std::sqrt(squares / n), 0.02, 0.004) << tensor.name;
  }
  EXPECT_EQ(matrices, 1 + 2 * 7u);
}

TEST_P(RandomModel, RunsAndWritesTheSameTwice) {
  base::TempFolder folder;
  const auto file = folder.path() / "m.gguf", again = folder.path() / "again.gguf";
  write_random_model("LLAMA-tiny", GetParam(), file);
  write_random_model("llama-tiny", GetParam(), again);
  EXPECT_EQ(base::read_file(file), base::read_file(again));
  const LanguageModel model(file);
  EXPECT_EQ(model.decode(model.encode("한 ab\n")), "한 ab\n");
  GenerateOptions options{.max_tokens = 40, .ignore_end = true};
  options.sampling.temperature = 0;
  const auto out = model.generate(model.encode("Hello"), options);
  EXPECT_EQ(out.ids.size(), 40u);
  EXPECT_EQ(out.finish, Finish::Length);
}

INSTANTIATE_TEST_SUITE_P(Quants, RandomModel, testing::ValuesIn(random_quants().begin(), random_quants().end()),
                         [](const auto& about) { return std::string(about.param); });

TEST(RandomModel, NamesWhatThereIs) {
  base::TempFolder folder;
  for (const auto& [shape, quant, known] :
       {std::tuple{"llama-3.2-1b", "Q9", "Q4_K_M"}, std::tuple{"llama-3.2", "Q8_0", "llama-3.2-1b"}})
    try {
      write_random_model(shape, quant, folder.path() / "m.gguf");
      FAIL() << "was written";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid);
      EXPECT_THAT(e.what(), testing::HasSubstr(known));
    }
}

}  // namespace
}  // namespace hanok::lm

#include "lm/quantise_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hanok/error.h"
#include "hanok/generate.h"
#include "lm/random_model.h"
#include "lm/test_data.h"
#include "nn/gguf.h"

namespace hanok::lm {
namespace {

std::filesystem::path golden_gguf(const std::string& name) {
  return test_data() / "golden" / "lm" / "gguf" / (name + ".gguf");
}
std::map<std::string, std::string> formats(const std::filesystem::path& file) {
  std::map<std::string, std::string> out;
  const nn::Gguf gguf = nn::Gguf::open(file);
  for (const auto& t : gguf.tensors()) out[t.name] = math::info(*t.format()).name;
  return out;
}

TEST(QuantiseModel, EveryMatrixGetsTheFormatThatThePublishedProgramGives) {
  if (!std::filesystem::exists(golden_gguf("llama-k-Q8_0"))) GTEST_SKIP() << "no golden models beside the source";
  base::TempFolder folder;
  for (const auto& [from, format, like] : {std::tuple{"llama-k-Q8_0", "Q4_K_M", "llama-k-Q4_K_M"},
                                           {"llama-k-Q8_0", "q6_k", "llama-k-Q6_K"},
                                           {"llama-k-Q8_0", "Q4_0", "llama-k-Q4_0"},
                                           {"qwen3-F32", "Q4_0", "qwen3-Q4_0"},
                                           {"qwen3-F32", "Q8_0", "qwen3-Q8_0"},
                                           {"llama-sharded-F16", "Q4_0", "llama-sharded-Q4_0"},
                                           {"gemma3-gguf-F16", "Q8_0", "gemma3-gguf-Q8_0"}}) {
    SCOPED_TRACE(like);
    const auto to = folder.path() / "out.gguf";
    quantise_model(golden_gguf(from), format, to);
    EXPECT_EQ(formats(to), formats(golden_gguf(like)));
    const nn::Gguf ours = nn::Gguf::open(to), theirs = nn::Gguf::open(golden_gguf(like));
    EXPECT_EQ(ours.whole("general.file_type"), theirs.whole("general.file_type"));
    for (const auto& [key, value] : theirs.settings()) {
      if (key == "general.file_type") continue;
      ASSERT_TRUE(ours.has(key)) << key;
      EXPECT_EQ(ours.settings().at(key).bytes, value.bytes) << key;
    }
  }
}

// A folder becomes what the published converter makes of it.
TEST(QuantiseModel, FoldersBecomeThePublishedFiles) {
  const auto models = test_data() / "golden" / "lm" / "models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "no golden models beside the source";
  base::TempFolder folder;
  for (const auto& [from, format, like] : {std::tuple{"llama", "F16", "llama-F16"},
                                           {"qwen2", "F16", "qwen2-F16"},
                                           {"qwen3", "BF16", "qwen3-BF16"},
                                           {"llama3-rope-tied", "BF16", "llama3-rope-tied-BF16"}}) {
    SCOPED_TRACE(like);
    const auto to = folder.path() / "out.gguf";
    quantise_model(models / from, format, to);
    EXPECT_EQ(formats(to), formats(golden_gguf(like)));
    const nn::Gguf ours = nn::Gguf::open(to), theirs = nn::Gguf::open(golden_gguf(like));
    for (const auto& [key, value] : theirs.settings()) {
      if (key.starts_with("general.") || key.ends_with("add_sep_token") || key.ends_with("padding_token_id")) continue;
      ASSERT_TRUE(ours.has(key)) << key;
      EXPECT_EQ(ours.settings().at(key).bytes, value.bytes) << key;
    }
    std::map<std::string, nn::Tensor> of;
    for (const auto& t : ours.tensors()) of[t.name] = t;
    for (const auto& t : theirs.tensors()) {
      const auto a = read_floats(of.at(t.name)), b = read_floats(t);
      ASSERT_EQ(of.at(t.name).shape, t.shape) << t.name;
      if (t.format() == math::WeightFormat::Q4_0) continue;  // scales are searched in another way
      const double most = t.name == "rope_freqs.weight" ? 1e-5 : 0;
      for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], most * std::fabs(b[i])) << t.name;
    }
    const LanguageModel before(models / from, {.exact = true}), after(to, {.exact = true});
    EXPECT_EQ(before.encode("안녕 Hello 123\n"), after.encode("안녕 Hello 123\n"));
    EXPECT_EQ(before.has_chat_template(), after.has_chat_template());
  }
}

// Logits of a model that was quantised here lie as near to those before as the published program's.
TEST(QuantiseModel, LogitsStayAsNear) {
  if (!std::filesystem::exists(golden_gguf("llama-F16"))) GTEST_SKIP() << "no golden models beside the source";
  base::TempFolder folder;
  const auto to = folder.path() / "out.gguf";
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 64; ++i) ids.push_back(3 + i * 7 % 300);
  for (const auto& [from, format, like] : {std::tuple{"llama-F16", "Q8_0", "llama-Q8_0"},
                                           {"qwen3-F32", "Q8_0", "qwen3-Q8_0"},
                                           {"qwen3-F32", "Q4_0", "qwen3-Q4_0"},
                                           {"llama-sharded-F16", "Q4_0", "llama-sharded-Q4_0"},
                                           {"llama-k-Q8_0", "Q6_K", "llama-k-Q6_K"},
                                           {"llama-k-Q8_0", "Q4_K_M", "llama-k-Q4_K_M"}}) {
    SCOPED_TRACE(like);
    quantise_model(golden_gguf(from), format, to);
    const auto logits = [&](const std::filesystem::path& file) {
      return LanguageModel(file, {.exact = true}).logits(ids);
    };
    const Matrix before = logits(golden_gguf(from)), ours = logits(to), theirs = logits(golden_gguf(like));
    double our_error = 0, their_error = 0;
    for (size_t i = 0; i < before.data.size(); ++i) {
      our_error += std::pow(double(before.data[i]) - double(ours.data[i]), 2);
      their_error += std::pow(double(before.data[i]) - double(theirs.data[i]), 2);
    }
    EXPECT_LT(std::sqrt(our_error), 1.15 * std::sqrt(their_error));
  }
}

TEST(QuantiseModel, KeepsWhatIsAsItShouldBe) {
  base::TempFolder folder;
  const auto from = folder.path() / "m.gguf", to = folder.path() / "q.gguf";
  write_random_model("llama-tiny", "Q8_0", from);
  const auto report = quantise_model(from, "Q8_0", to);
  EXPECT_EQ(report.quantised, 0u);
  EXPECT_EQ(report.bytes_before, report.bytes_after);
  const nn::Gguf a = nn::Gguf::open(from), b = nn::Gguf::open(to);
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (size_t i = 0; i < a.tensors().size(); ++i)
    EXPECT_TRUE(std::equal(a.tensors()[i].bytes.begin(), a.tensors()[i].bytes.end(), b.tensors()[i].bytes.begin()));
  GenerateOptions options{.max_tokens = 8, .ignore_end = true};
  EXPECT_EQ(LanguageModel(from).generate(std::vector<int32_t>{1, 2}, options).ids,
            LanguageModel(to).generate(std::vector<int32_t>{1, 2}, options).ids);
}

TEST(QuantiseModel, ErrorsSayWhatIsWrong) {
  base::TempFolder folder;
  const auto file = folder.path() / "m.gguf";
  write_random_model("llama-tiny", "F16", file);
  const auto code = [&](const std::filesystem::path& from, const char* format, const std::filesystem::path& to) {
    try {
      quantise_model(from, format, to);
    } catch (const Error& e) {
      return e.code();
    }
    return Code::Internal;
  };
  EXPECT_EQ(code(file, "Q3_X", folder.path() / "x"), Code::Invalid);
  EXPECT_EQ(code(file, "Q8_0", file), Code::Invalid);
  EXPECT_EQ(code(folder.path() / "none.gguf", "Q8_0", folder.path() / "x"), Code::NotFound);
  const auto other = folder.path() / "bert";
  std::filesystem::create_directory(other);
  base::write_file_atomic(other / "config.json", std::string_view(R"({"model_type":"bert"})"));
  EXPECT_NE(code(other, "Q8_0", folder.path() / "x"), Code::Internal);
  base::write_file_atomic(folder.path() / "bad.gguf", base::read_start(file, 20'000));
  EXPECT_EQ(code(folder.path() / "bad.gguf", "Q8_0", folder.path() / "x"), Code::Corrupt);
}

}  // namespace
}  // namespace hanok::lm

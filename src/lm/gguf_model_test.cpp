#include "lm/gguf_model.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "lm/test_data.h"

namespace hanok::lm {
namespace {

std::vector<std::string> cut(const std::string& text, const std::string& at) {
  std::vector<std::string> out;
  for (size_t begin = 0;;) {
    const size_t end = text.find(at, begin);
    out.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return out;
    begin = end + at.size();
  }
}

std::vector<int32_t> numbers(const std::string& line) {
  std::vector<int32_t> out;
  const char* at = line.c_str();
  for (char* end; *at; at = end) {
    const long value = std::strtol(at, &end, 10);
    if (end == at) break;
    out.push_back(static_cast<int32_t>(value));
  }
  return out;
}

// Vocabularies of published models, with the ids that llama.cpp's own tests expect.
TEST(GgufTokenizer, PublishedVocabularies) {
  const auto folder = test_data() / "models" / "gguf-vocab";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no vocabularies beside the source";
  size_t seen = 0;
  base::TempFolder temp;
  for (const char* name : {"gpt-2", "llama-spm", "phi-3", "bert-bge", "falcon", "deepseek-coder", "starcoder"}) {
    SCOPED_TRACE(name);
    std::filesystem::path file = folder / ("ggml-vocab-" + std::string(name) + ".gguf");
    const std::string stem = file.string();
    if (!std::filesystem::exists(file)) {  // packed
      file = temp.path() / file.filename();
      const std::string command = "xz -dc '" + stem + ".xz' > '" + file.string() + "'";
      if (std::system(command.c_str()) != 0) continue;
    }
    const auto gguf = nn::Gguf::open(file);
    const auto tokenizer = gguf_tokenizer(gguf);
    const auto texts = cut(base::read_file(stem + ".inp"), "\n__ggml_vocab_test__\n");
    const auto lines = cut(base::read_file(stem + ".out"), "\n");
    ASSERT_GT(texts.size(), 40u);
    for (size_t i = 0; i < texts.size() && i < lines.size(); ++i)
      EXPECT_EQ(tokenizer.encode(texts[i], {.add_special_tokens = false}).ids, numbers(lines[i]))
          << "[" << texts[i] << "]";
    ++seen;
  }
  EXPECT_GE(seen, 4u);
}

// Real models' prompts: template and tokens of the golden runs.
TEST(GgufTokenizer, RealModelsPrompts) {
  const char* models = std::getenv("HANOK_MODELS");
  const auto golden_real = test_data() / "golden" / "lm" / "real";
  if (!models || !std::filesystem::exists(golden_real)) GTEST_SKIP() << "no real models at hand";
  for (const auto& [name, file] :
       {std::pair{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"}, std::pair{"gemma3", "gemma-3-270m-Q4_K_M.gguf"}}) {
    const auto path = std::filesystem::path(models) / name / file;
    if (!std::filesystem::exists(path)) continue;
    SCOPED_TRACE(name);
    const auto tokenizer = gguf_tokenizer(nn::Gguf::open(path));
    const auto cases = read_json(golden_real / name / "cases.json");
    for (const auto& c : cases["cases"]) {
      EXPECT_EQ(tokenizer.encode(c["prompt_text"].get<std::string>()).ids, c["prompt_ids"].get<std::vector<int32_t>>())
          << c["prompt_text"];
    }
  }
}

}  // namespace
}  // namespace hanok::lm

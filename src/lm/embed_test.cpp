#include <gtest/gtest.h>

#include <cmath>

#include "hanok/error.h"
#include "hanok/lm.h"
#include "lm/test_data.h"
#include "nn/safetensors.h"

namespace hanok {
namespace {

using lm::golden;

void expect_near(const Matrix& found, const std::vector<float>& expected, float tolerance, const std::string& what) {
  ASSERT_EQ(found.data.size(), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(found.data[i], expected[i], tolerance) << what << " text " << i / found.dim << " value " << i % found.dim;
  for (size_t r = 0; r < found.rows; ++r)
    EXPECT_GT(cosine(found.row(r), std::span(expected).subspan(r * found.dim, found.dim)), 0.99999f) << what << " text " << r;
}

// A folder with expected.json: ids, and embeddings of each call.
void check_model(const std::filesystem::path& folder) {
  const auto json = lm::read_json(folder / "expected.json");
  const auto expected = nn::Weights::open_file(folder / "expected.safetensors");
  const auto texts = json["texts"].get<std::vector<std::string>>();
  const Embedder model(folder);
  for (const auto& call : json["calls"]) {
    const std::string key = call["key"], what = folder.filename().string() + " " + key;
    const nn::Tensor& tensor = *expected.find(key);
    if (key == "truncate_dim.embeddings") {
      const Embedder cut(folder, {.truncate_dim = tensor.shape[1]});
      expect_near(cut.embed(texts), read_floats(tensor), 5e-6f, what);
      continue;
    }
    const std::string prompt = call["prompt"];
    const Matrix found = key == "embeddings.plain" ? model.embed(texts) : model.embed_with(texts, prompt);
    expect_near(found, read_floats(tensor), 5e-6f, what);
    if (key == "embeddings.plain") {
      EXPECT_EQ(model.prompt_text(Prompt::Default), prompt);
      for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(model.tokens(texts[i]), call["ids"][i].get<std::vector<int32_t>>()) << what << " " << texts[i];
    } else if (call["call"] == "prompt_name=query") {
      EXPECT_EQ(model.prompt_text(Prompt::Query), prompt);
      for (size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(model.tokens(texts[i], Prompt::Query), call["ids"][i].get<std::vector<int32_t>>()) << what << " " << texts[i];
    }
  }
}

TEST(Embedder, AgreesWithSentenceTransformers) {
  if (!std::filesystem::exists(golden("encoders"))) return;  // OwnTinyModel tests the path without it
  for (const char* name : {"bert_mean_norm", "bert_cls_dense", "bert_mean_noprompt", "xlmr_mean_e5", "mpnet_mean", "modernbert_cls",
                           "qwen3_last", "qwen3_mean_2dense"})
    check_model(golden("encoders") / name);
}

TEST(Embedder, RealModels) {
  for (const std::string name : {"minilm", "e5"}) {
    const auto folder = lm::real_model(name);
    if (!folder || !std::filesystem::exists(golden(name))) continue;
    const Embedder model(*folder);
    const auto rows = lm::read_json(golden(name) / "sentences.json")["rows"];
    const bool e5 = name == "e5";
    std::vector<std::string> texts;
    for (const auto& row : rows) {
      texts.push_back(row["text"]);
      EXPECT_EQ(model.tokens(texts.back(), e5 ? Prompt::Query : Prompt::None), row["ids"].get<std::vector<int32_t>>()) << texts.back();
    }
    const auto check = [&](const char* file, Prompt prompt) {
      const Matrix expected = lm::read_npy(golden(name) / file), found = model.embed(texts, prompt);
      expect_near(found, expected.data, e5 ? 5e-6f : 2e-6f, name + " " + file);
    };
    check("embeddings.npy", e5 ? Prompt::Query : Prompt::None);
    if (e5) check("passage.npy", Prompt::Passage);
    const double korean = model.unknown_share("서울은 대한민국의 수도입니다."), english = model.unknown_share("Seoul is the capital of Korea.");
    EXPECT_LT(english, 0.1) << name;
    if (e5) EXPECT_LT(korean, 0.1);
    else EXPECT_GT(korean, 0.7);
  }
}

}  // namespace
}  // namespace hanok

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/lm.h"
#include "lm/test_data.h"
#include "nn/weights.h"

namespace hanok {
namespace {

using lm::golden;

void expect_near(const Matrix& found, const std::vector<float>& expected, float tolerance, const std::string& what) {
  ASSERT_EQ(found.data.size(), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(found.data[i], expected[i], tolerance)
        << what << " text " << i / found.dim << " value " << i % found.dim;
  for (size_t r = 0; r < found.rows; ++r)
    EXPECT_GT(cosine(found.row(r), std::span(expected).subspan(r * found.dim, found.dim)), 0.99999f)
        << what << " text " << r;
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
      for (size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(model.tokens(texts[i]), call["ids"][i].get<std::vector<int32_t>>()) << what << " " << texts[i];
    } else if (call["call"] == "prompt_name=query") {
      EXPECT_EQ(model.prompt_text(Prompt::Query), prompt);
      for (size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(model.tokens(texts[i], Prompt::Query), call["ids"][i].get<std::vector<int32_t>>())
            << what << " " << texts[i];
    }
  }
}

TEST(Embedder, AgreesWithSentenceTransformers) {
  if (!std::filesystem::exists(golden("encoders"))) return;  // OwnTinyModel tests the path without it
  for (const char* name : {"bert_mean_norm", "bert_cls_dense", "bert_mean_noprompt", "xlmr_mean_e5", "mpnet_mean",
                           "modernbert_cls", "qwen3_last", "qwen3_mean_2dense"})
    check_model(golden("encoders") / name);
}

// Numbers of the published programs (transformers, sentence pooling by hand) for a random model of two layers in F16.
TEST(Embedder, OwnTinyModel) {
  const auto folder = lm::own_data("tiny_embedder");
  const auto json = lm::read_json(folder / "expected.json");
  const auto texts = json["texts"].get<std::vector<std::string>>();
  const Embedder model(folder);
  EXPECT_EQ(model.dim(), 16u);
  EXPECT_EQ(model.max_tokens(), 20u) << "sentence_bert_config.json comes before model_max_length";
  EXPECT_EQ(model.name(), "tiny_embedder");
  for (const auto& call : json["calls"]) {
    const Prompt prompt = call["prompt"] == "" ? Prompt::Default : Prompt::Query;
    std::vector<float> expected;
    for (const auto& row : call["embeddings"]) expected.insert(expected.end(), row.begin(), row.end());
    expect_near(model.embed(texts, prompt), expected, 3e-6f, call["prompt"]);
    for (size_t i = 0; i < texts.size(); ++i)
      EXPECT_EQ(model.tokens(texts[i], prompt), call["ids"][i].get<std::vector<int32_t>>()) << texts[i];
  }
}

TEST(Embedder, ManyTextsAreTheSameAsOneByOne) {
  const Embedder model(lm::own_data("tiny_embedder"));
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    std::string text = "the";
    for (int w = 0; w < i % 17; ++w) text += w % 3 ? " cat" : " runs";
    texts.push_back(text);
  }
  const Matrix all = model.embed(texts);
  for (size_t i = 0; i < texts.size(); i += 23) {
    const Matrix one = model.embed({texts[i]});
    for (size_t d = 0; d < model.dim(); ++d) ASSERT_NEAR(one.data[d], all.row(i)[d], 1e-6) << i;
  }
  EXPECT_EQ(model.embed(std::span<const std::string>{}).rows, 0u);
}

TEST(Embedder, OptionsAndFingerprint) {
  const auto folder = lm::own_data("tiny_embedder");
  const Embedder model(folder), again(folder), cut(folder, {.truncate_dim = 8}), shorter(folder, {.max_tokens = 5});
  EXPECT_EQ(model.fingerprint().size(), 64u);
  EXPECT_EQ(model.fingerprint(), again.fingerprint());
  EXPECT_NE(model.fingerprint(), cut.fingerprint());
  EXPECT_NE(model.fingerprint(), shorter.fingerprint());
  EXPECT_EQ(cut.dim(), 8u);
  double length = 0;
  for (const float v : cut.embed({"the cat"}).data) length += v * v;
  EXPECT_NEAR(length, 1, 1e-6) << "normalised again after the cut";
  EXPECT_EQ(shorter.tokens("the cat sits on the mat").size(), 5u);
  EXPECT_THROW(Embedder(folder, {.truncate_dim = 17}), Error);
  EXPECT_THROW(Embedder(folder, {.max_tokens = 2}), Error);
  EXPECT_EQ(model.count_tokens("the cat"), 2u);
  EXPECT_EQ(model.prompt_text(Prompt::Passage), "passage: ");
  EXPECT_EQ(model.prompt_text(Prompt::None), "");
  EXPECT_NEAR(model.unknown_share("the zebra"), 5.0 / 8, 1e-9);
  EXPECT_EQ(model.unknown_share(""), 0);
  // One changed weight anywhere that is sampled, and one changed prompt.
  base::TempFolder temp;
  std::filesystem::copy(folder, temp.path() / "m", std::filesystem::copy_options::recursive);
  std::string weights = base::read_file(temp.path() / "m" / "model.safetensors");
  weights.back() = static_cast<char>(weights.back() ^ 1);
  base::write_file_atomic(temp.path() / "m" / "model.safetensors", weights);
  EXPECT_NE(Embedder(temp.path() / "m").fingerprint(), model.fingerprint());
  std::filesystem::copy(folder, temp.path() / "p", std::filesystem::copy_options::recursive);
  EXPECT_EQ(Embedder(temp.path() / "p").fingerprint(), model.fingerprint()) << "the place makes no difference";
  base::write_file_atomic(temp.path() / "p" / "config_sentence_transformers.json",
                          R"({"prompts": {"query": "q: ", "passage": "passage: "}})");
  EXPECT_NE(Embedder(temp.path() / "p").fingerprint(), model.fingerprint());
}

// Products in eight bits: the vectors point where those of float32 do, whatever is computed beside them.
void check_int8(const std::filesystem::path& folder, const std::vector<std::string>& texts, float least) {
  const Embedder exact(folder), fast(folder, {.precision = Precision::Int8});
  const Matrix expected = exact.embed(texts), found = fast.embed(texts);
  ASSERT_FALSE(texts.empty());
  EXPECT_NE(found.data, expected.data);
  for (size_t r = 0; r < texts.size(); ++r)
    EXPECT_GT(cosine(found.row(r), expected.row(r)), least) << folder << ": " << texts[r];
  const Context context;
  for (const size_t threads : {1, 2, 3}) {
    const Context::Scope scope(context.with_threads(threads));
    EXPECT_EQ(fast.embed(texts).data, found.data) << folder << ", " << threads << " threads";
  }
  const size_t step = std::max<size_t>(1, texts.size() / 12);
  for (size_t r = 0; r < texts.size(); r += step) {
    const Matrix alone = fast.embed({texts[r]});
    EXPECT_TRUE(std::equal(alone.data.begin(), alone.data.end(), found.row(r).begin())) << folder << ": " << texts[r];
  }
}

TEST(Embedder, Int8IsNearAndTheSameInEveryBatch) {
  std::vector<std::string> texts;
  for (int i = 0; i < 120; ++i) {
    std::string text = "the";
    for (int w = 0; w < i % 17; ++w) text += w % 3 ? " cat" : " runs";
    texts.push_back(text);
  }
  check_int8(lm::own_data("tiny_embedder"), texts, 0.995f);
  if (!std::filesystem::exists(golden("encoders"))) return;
  for (const char* name : {"bert_mean_norm", "bert_cls_dense", "bert_mean_noprompt", "xlmr_mean_e5", "mpnet_mean",
                           "modernbert_cls", "qwen3_last", "qwen3_mean_2dense"}) {
    const auto json = lm::read_json(golden("encoders") / name / "expected.json");
    check_int8(golden("encoders") / name, json["texts"].get<std::vector<std::string>>(), 0.995f);
  }
}

TEST(Embedder, Int8OfRealModels) {
  for (const std::string name : {"minilm", "e5"}) {
    const auto folder = lm::real_model(name);
    if (!folder || !std::filesystem::exists(golden(name))) continue;
    std::vector<std::string> texts;
    const auto json = lm::read_json(golden(name) / "sentences.json");
    for (size_t i = 0; i < json["rows"].size(); i += 4) texts.push_back(json["rows"][i]["text"]);  // each many times
    check_int8(*folder, texts, 0.995f);
  }
}

TEST(Embedder, TheFingerprintKnowsThePrecision) {
  const auto folder = lm::own_data("tiny_embedder");
  const Embedder wide(folder), fast(folder, {.precision = Precision::Int8});
  EXPECT_NE(wide.fingerprint(), fast.fingerprint());
  const auto in_precision = [&](Precision asked, const std::string& continues) {
    const Embedder model(folder, {.precision = asked, .continues = continues});
    EXPECT_EQ(model.fingerprint(), model.precision() == Precision::Int8 ? fast.fingerprint() : wide.fingerprint());
    EXPECT_EQ(model.embed({"the cat"}).data,
              (model.precision() == Precision::Int8 ? fast : wide).embed({"the cat"}).data);
    return model.precision();
  };
  EXPECT_EQ(in_precision(Precision::Int8, wide.fingerprint()), Precision::Float32) << "vectors that are there";
  EXPECT_EQ(in_precision(Precision::Float32, fast.fingerprint()), Precision::Int8);
  EXPECT_EQ(in_precision(Precision::Int8, ""), Precision::Int8);
  EXPECT_EQ(in_precision(Precision::Int8, "another model's"), Precision::Int8);
  EXPECT_EQ(precision_named(precision_name(Precision::Int8)), Precision::Int8);
  EXPECT_THROW(precision_named("int4"), Error);
}

TEST(Embedder, RefusesDamagedFolders) {
  base::TempFolder temp;
  EXPECT_THROW(Embedder(temp.path()), Error);
  const auto with = [&](const std::string& file, const std::string& text) {
    const auto folder = temp.path() / "m";
    std::filesystem::remove_all(folder);
    std::filesystem::copy(lm::own_data("tiny_embedder"), folder, std::filesystem::copy_options::recursive);
    base::write_file_atomic(folder / file, text);
    EXPECT_THROW(Embedder{folder}, Error) << file << " " << text.substr(0, 60);
  };
  with("config.json", "{}");
  with("config.json",
       R"({"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 24, "vocab_size": 38,
                          "max_position_embeddings": 24, "num_hidden_layers": 2})");
  with("modules.json", "[");
  with("tokenizer.json", "{}");
  with("model.safetensors", "short");
  with("sentence_bert_config.json", R"({"max_seq_length": 1})");
  with("1_Pooling/config.json", "{}");
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
      EXPECT_EQ(model.tokens(texts.back(), e5 ? Prompt::Query : Prompt::None), row["ids"].get<std::vector<int32_t>>())
          << texts.back();
    }
    const auto check = [&](const char* file, Prompt prompt) {
      const Matrix expected = lm::read_npy(golden(name) / file), found = model.embed(texts, prompt);
      expect_near(found, expected.data, e5 ? 5e-6f : 2e-6f, name + " " + file);
    };
    check("embeddings.npy", e5 ? Prompt::Query : Prompt::None);
    if (e5) check("passage.npy", Prompt::Passage);
    const double korean = model.unknown_share("서울은 대한민국의 수도입니다."),
                 english = model.unknown_share("Seoul is the capital of Korea.");
    EXPECT_LT(english, 0.1) << name;
    EXPECT_EQ(korean < 0.1, e5) << name << " " << korean;
    EXPECT_EQ(korean > 0.7, !e5) << name << " " << korean;
  }
}

}  // namespace
}  // namespace hanok

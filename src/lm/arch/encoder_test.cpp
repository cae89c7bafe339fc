#include "lm/arch/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hanok/error.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

// Hidden states of the published program for two texts, alone and in one batch with all others.
void check_hidden(const base::fs::path& folder, const std::string& config_name) {
  const Config config = Config::read(folder / config_name);
  const nn::Weights weights = nn::Weights::open(folder),
                    expected = nn::Weights::open_file(folder / "expected.safetensors");
  const auto encoder = make_encoder(config, weights);
  const base::Json call = read_json(folder / "expected.json")["calls"][0];
  auto ids = call["ids"].get<std::vector<std::vector<int32_t>>>();
  // Hidden states are of the bare texts. Where the model has a default prompt, only the empty text's ids are known
  // without a tokenizer: the first and the last token.
  if (call["prompt"] != "") ids = {{ids[0].front(), ids[0].back()}};
  const size_t w = encoder->width();
  nn::Workspace workspace;
  nn::Batch all;
  for (const auto& text : ids) all.add(text);
  std::vector<float> together(all.tokens() * w);
  encoder->run(all, workspace, together.data());
  size_t seen = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    nn::Batch one;
    one.add(ids[i]);
    std::vector<float> alone(one.tokens() * w);
    encoder->run(one, workspace, alone.data());
    for (size_t j = 0; j < alone.size(); ++j) ASSERT_NEAR(alone[j], together[all.starts[i] * w + j], 2e-6);
    const nn::Tensor* hidden = expected.find("hidden." + std::to_string(i));
    if (!hidden) continue;
    ++seen;
    const auto want = read_floats(*hidden);
    ASSERT_EQ(want.size(), alone.size());
    for (size_t j = 0; j < want.size(); ++j)
      ASSERT_NEAR(alone[j], want[j], 5e-6) << folder << " text " << i << " value " << j;
  }
  EXPECT_EQ(seen, std::min<size_t>(2, ids.size())) << folder;
}

TEST(Encoder, HiddenStatesOfThePublishedPrograms) {
  if (!base::fs::exists(golden("encoders"))) return;  // EncoderOfThisRepository tests the path without it
  for (const char* name : {"bert_mean_norm", "bert_cls_dense", "bert_mean_noprompt", "xlmr_mean_e5", "mpnet_mean",
                           "modernbert_cls", "qwen3_last", "qwen3_mean_2dense"}) {
    SCOPED_TRACE(name);
    const auto folder = golden("encoders") / name;
    check_hidden(folder, "config.json");
    if (base::fs::exists(folder / "config.legacy.json")) check_hidden(folder, "config.legacy.json");
  }
}

TEST(Encoder, NamesTheFamiliesItRuns) {
  const nn::Weights none;
  try {
    make_encoder(Config(base::Json{{"model_type", "mamba"}}, "config.json"), none);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
    EXPECT_THAT(e.what(), testing::HasSubstr("modernbert"));
  }
}

TEST(Encoder, ChecksItsConfig) {
  const nn::Weights none;
  const base::Json good = {{"model_type", "bert"},   {"hidden_size", 8}, {"num_attention_heads", 2},
                           {"intermediate_size", 8}, {"vocab_size", 4},  {"max_position_embeddings", 4},
                           {"num_hidden_layers", 1}};
  for (const auto& [key, value] : {std::pair<std::string, base::Json>{"hidden_size", "8"},
                                   {"num_attention_heads", 3},
                                   {"num_attention_heads", 0},
                                   {"vocab_size", -1},
                                   {"hidden_size", 1e30},
                                   {"hidden_act", "mish"},
                                   {"layer_norm_eps", "x"}}) {
    base::Json bad = good;
    bad[key] = value;
    EXPECT_THROW(make_encoder(Config(bad, "config.json"), none), Error) << key;
  }
  EXPECT_THROW(make_encoder(Config(good, "config.json"), none), Error) << "no weights";
}

}  // namespace
}  // namespace hanok::lm

#include "lm/sentence_model.h"

#include <gtest/gtest.h>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

class SentenceModelTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    base::fs::create_directories((temp_.path() / name).parent_path());
    base::write_file_atomic(temp_.path() / name, text);
  }
  SentenceModel read() const { return SentenceModel::read(temp_.path()); }
  base::TempFolder temp_;
};

TEST_F(SentenceModelTest, WithoutModulesItIsMeanPooling) {
  EXPECT_THROW(read(), Error);
  put("config.json", R"({"model_type": "bert"})");
  const auto model = read();
  EXPECT_EQ(model.pooling.kinds, std::vector<Pool>{Pool::Mean});
  EXPECT_FALSE(model.normalize);
  EXPECT_FALSE(model.max_tokens);
}

TEST_F(SentenceModelTest, OldFolderWithItsOwnTransformerFolder) {
  put("0_Transformer/config.json", R"({"model_type": "bert"})");
  put("0_Transformer/sentence_bert_config.json", R"({"max_seq_length": 128, "do_lower_case": true})");
  put("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
  put("2_Dense/config.json",
      R"({"in_features": 8, "out_features": 4, "bias": true, "activation_function": "torch.nn.modules.linear.Identity"})");
  put("modules.json", R"([{"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
                          {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                          {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.base.modules.dense.Dense"},
                          {"idx": 3, "path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}])");
  const auto model = read();
  EXPECT_EQ(model.encoder_folder.filename(), "0_Transformer");
  EXPECT_EQ(model.pooling.kinds, std::vector<Pool>{Pool::Cls});
  ASSERT_EQ(model.dense.size(), 1u);
  EXPECT_EQ(model.dense[0].activation, math::Activation::None);
  EXPECT_TRUE(model.normalize);
  EXPECT_EQ(model.max_tokens, 128u);
  EXPECT_TRUE(model.lower_case);
}

TEST_F(SentenceModelTest, PromptsFromTheFilesElseFromTheTable) {
  put("config.json", R"({"model_type": "bert", "_name_or_path": "intfloat/e5-small-v2"})");
  EXPECT_EQ(read().query_prompt(), "query: ");
  put("config_sentence_transformers.json",
      R"({"prompts": {"query": "", "document": ""}, "default_prompt_name": null})");
  EXPECT_EQ(read().passage_prompt(), "passage: ") << "empty prompts are what tools write for a model that states none";
  put("config_sentence_transformers.json",
      R"({"prompts": {"query": "find: ", "document": ""}, "default_prompt_name": "query"})");
  EXPECT_EQ(read().query_prompt(), "find: ");
  EXPECT_EQ(read().passage_prompt(), "");
  EXPECT_EQ(read().default_prompt, "find: ");
  put("config_sentence_transformers.json", R"({"prompts": {}, "default_prompt_name": "query"})");
  EXPECT_THROW(read(), Error);
}

TEST_F(SentenceModelTest, RefusesWhatItCannotRun) {
  put("config.json", R"({"model_type": "bert"})");
  for (const char* modules : {R"({})", R"([1])", R"([{"path": "", "type": "sentence_transformers.models.LSTM"}])",
                              R"([{"path": "../x", "type": "sentence_transformers.models.Pooling"}])",
                              R"([{"path": "/x", "type": "sentence_transformers.models.Pooling"}])"}) {
    put("modules.json", modules);
    EXPECT_THROW(read(), Error) << modules;
  }
}

TEST(ModelName, FromFolderAndHubCache) {
  EXPECT_EQ(model_name("/x/models--intfloat--e5-small/snapshots/abc"), "intfloat/e5-small");
  EXPECT_EQ(model_name("/x/all-MiniLM-L6-v2/"), "all-MiniLM-L6-v2");
}

}  // namespace
}  // namespace hanok::lm

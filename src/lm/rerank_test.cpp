#include <gtest/gtest.h>

#include <cmath>

#include "hanok/error.h"
#include "hanok/lm.h"
#include "lm/test_data.h"

namespace hanok {
namespace {

void check_cross_encoder(const std::filesystem::path& folder) {
  SCOPED_TRACE(folder.string());
  const auto json = lm::read_json(folder / "expected.json");
  const Reranker model(folder, {.max_tokens = json["max_length"]});
  for (size_t i = 0; i < json["pairs"].size(); ++i) {
    const std::string a = json["pairs"][i][0], b = json["pairs"][i][1];
    const auto [ids, types] = model.tokens(a, b);
    EXPECT_EQ(ids, json["ids"][i].get<std::vector<int32_t>>()) << a << " / " << b;
    if (!json["token_type_ids"][i].is_null()) {
      EXPECT_EQ(types, json["token_type_ids"][i].get<std::vector<int32_t>>());
    }
    const std::vector<std::string> text{b};
    const auto check = [&](const Matrix& found, const base::Json& expected) {
      const auto want =
          expected.is_array() ? expected.get<std::vector<float>>() : std::vector<float>{expected.get<float>()};
      ASSERT_EQ(found.dim, want.size());
      for (size_t j = 0; j < want.size(); ++j) EXPECT_NEAR(found.data[j], want[j], 5e-6f) << a << " / " << b;
    };
    check(model.logits(a, text), json["logits"][i]);
    check(model.score(a, text), json["scores"][i]);
  }
}

TEST(Reranker, OwnTinyModel) {
  const auto folder = lm::own_data("tiny_reranker");
  const auto json = lm::read_json(folder / "expected.json");
  const Reranker model(folder);
  EXPECT_EQ(model.labels(), 1u);
  EXPECT_EQ(model.max_tokens(), 20u);
  const auto texts = json["texts"].get<std::vector<std::string>>();
  const std::string query = json["query"];
  const Matrix logits = model.logits(query, texts), scores = model.score(query, texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto [ids, types] = model.tokens(query, texts[i]);
    EXPECT_EQ(ids, json["ids"][i].get<std::vector<int32_t>>());
    EXPECT_EQ(types, json["token_type_ids"][i].get<std::vector<int32_t>>());
    EXPECT_NEAR(logits.data[i], json["logits"][i].get<float>(), 3e-6f);
    EXPECT_NEAR(scores.data[i], 1 / (1 + std::exp(-logits.data[i])), 1e-6f);
  }
  EXPECT_THROW(Reranker(lm::own_data("tiny_embedder")), Error) << "an embedder has no classifier";
  EXPECT_EQ(model.score(query, {}).rows, 0u);
}

TEST(Reranker, AgreesWithCrossEncoders) {
  if (!std::filesystem::exists(lm::golden("cross_encoders"))) return;
  for (const char* name : {"bert_1label", "bert_3label", "xlmr_1label"})
    check_cross_encoder(lm::golden("cross_encoders") / name);
}

}  // namespace
}  // namespace hanok

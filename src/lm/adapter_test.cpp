#include "lm/adapter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "hanok/error.h"
#include "hanok/generate.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

namespace fs = std::filesystem;

fs::path golden_tune(const std::string& name) { return test_data() / "golden" / "tune" / name; }

struct Values {
  std::string name;
  std::vector<size_t> shape;
  std::vector<float> values;
};

void write_adapter(const fs::path& folder, const base::Json& config, const std::vector<Values>& tensors) {
  fs::create_directories(folder);
  base::write_file_atomic(folder / "adapter_config.json", base::dump_json(config));
  base::Json head = base::Json::object();
  std::string data;
  for (const auto& t : tensors) {
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(t.values.data()), t.values.size() * sizeof(float));
    head[t.name] = {{"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = head.dump();
  const uint64_t size = text.size();
  base::write_file_atomic(folder / "adapter_model.safetensors",
                          std::string(reinterpret_cast<const char*>(&size), 8) + text + data);
}

// The golden adapter's tensors, to be changed.
std::vector<Values> tensors_of(const fs::path& folder) {
  std::vector<Values> out;
  const nn::Weights weights = nn::Weights::open_file(folder / "adapter_model.safetensors");
  for (const auto& [name, t] : weights.tensors()) out.push_back({name, t.shape, read_floats(t)});
  return out;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double out = 0;
  for (size_t i = 0; i < a.size(); ++i) out = std::max(out, std::fabs(double(a[i]) - double(b[i])));
  return out;
}

class GoldenAdapters : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(golden_tune("adapters"))) GTEST_SKIP() << "no golden adapters beside the source";
  }
};

// Live against PEFT, and against the weights that it merged.
TEST_F(GoldenAdapters, LogitsAsPublished) {
  LanguageModelOptions options{.exact = true};
  const std::string names[] = {"lora", "rslora", "lora_patterns", "lora_head"};
  for (const auto& name : names) options.adapters.emplace_back(name, golden_tune("adapters/" + name));
  const LanguageModel model(golden_tune("tiny"), options);
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    const nn::Weights expected = nn::Weights::open_file(golden_tune("adapters/" + name) / "expected.safetensors");
    const nn::Tensor& ids = *expected.find("input_ids");
    const auto live = read_floats(*expected.find("logits")), merged = read_floats(*expected.find("logits_merged"));
    const size_t rows = ids.shape[0], columns = ids.shape[1], v = model.vocabulary();
    for (size_t r = 0; r < rows; ++r) {
      std::vector<int32_t> row(columns);
      for (size_t i = 0; i < columns; ++i) {
        int64_t id = 0;
        std::memcpy(&id, ids.bytes.data() + (r * columns + i) * 8, 8);
        row[i] = static_cast<int32_t>(id);
      }
      const Matrix ours = model.logits(row, 0, name);
      EXPECT_LT(largest_difference(ours.data, std::span(live).subspan(r * columns * v, columns * v)), 2e-5);
      EXPECT_LT(largest_difference(ours.data, std::span(merged).subspan(r * columns * v, columns * v)), 3e-5);
      EXPECT_GT(largest_difference(ours.data, model.logits(row).data), 0.01);
    }
  }
}

TEST_F(GoldenAdapters, ManyInOneBatchAreAsAlone) {
  LanguageModelOptions options;
  for (const char* name : {"lora", "rslora", "lora_head"})
    options.adapters.emplace_back(name, golden_tune("adapters") / name);
  const LanguageModel model(golden_tune("tiny"), options);
  std::vector<std::vector<int32_t>> prompts;
  std::vector<GenerateOptions> all;
  const std::string names[] = {"", "lora", "rslora", "lora_head", "lora"};
  std::vector<int32_t> prompt(40);  // long enough for its beginning to be kept
  for (size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<int32_t>(100 + i);
  for (const auto& name : names) {
    prompts.push_back(prompt);
    GenerateOptions o{.max_tokens = 20, .adapter = name, .ignore_end = true};
    o.sampling.temperature = 0;
    all.push_back(o);
  }
  const auto together = model.generate_all(prompts, all);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto alone = model.generate(prompts[i], all[i]);  // what was read by another adapter is not shared
    EXPECT_EQ(alone.ids, together[i].ids) << names[i];
    EXPECT_EQ(model.generate(prompts[i], all[i]).ids, alone.ids);
  }
  EXPECT_NE(together[0].ids, together[1].ids);
  EXPECT_EQ(together[1].ids, together[4].ids);
  all[0].adapter = "other";
  try {
    model.generate(prompt, all[0]);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
    EXPECT_NE(std::string(e.what()).find("lora_head"), std::string::npos) << e.what();
  }
}

TEST_F(GoldenAdapters, FaultsNameTheKey) {
  base::TempFolder temp;
  const auto config = read_json(golden_tune("adapters/lora") / "adapter_config.json");
  const auto tensors = tensors_of(golden_tune("adapters/lora"));
  const auto fault = [&](const base::Json& c, const std::vector<Values>& t, Code code, const std::string& holds) {
    const auto folder = temp.path() / "adapter";
    write_adapter(folder, c, t);
    try {
      LanguageModelOptions options;
      options.adapters.emplace_back("a", folder);
      const LanguageModel model(golden_tune("tiny"), options);
      ADD_FAILURE() << holds;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(holds), std::string::npos) << e.what();
    }
  };
  for (const char* gone : {"base_model.model.model.layers.1.mlp.up_proj.lora_B.weight",
                           "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"}) {
    auto t = tensors;
    std::erase_if(t, [&](const Values& v) { return v.name == gone; });
    fault(config, t, Code::Corrupt, gone);
  }
  auto extra = tensors;
  extra.push_back({"base_model.model.model.layers.7.mlp.up_proj.lora_A.weight", {8, 64}, std::vector<float>(512)});
  fault(config, extra, Code::Corrupt, "layers.7.mlp.up_proj");
  extra.back().name = "base_model.model.model.embed_tokens.lora_embedding_A";
  fault(config, extra, Code::Corrupt, "lora_embedding_A");
  auto narrow = tensors;
  narrow[0].shape = {narrow[0].shape[0] * 2, narrow[0].shape[1] / 2};
  fault(config, narrow, Code::Corrupt, narrow[0].name);
  auto fewer = config;
  fewer["target_modules"] = {"q_proj"};
  fault(fewer, tensors, Code::Corrupt, "target_modules does not name");
  auto none = config;
  none["target_modules"] = {"c_attn"};
  fault(none, {}, Code::Corrupt, "match nothing");
  auto dora = config;
  dora["use_dora"] = true;
  fault(dora, tensors, Code::Unsupported, "use_dora");
  auto other = config;
  other["peft_type"] = "IA3";
  fault(other, tensors, Code::Unsupported, "IA3");
  auto rank = config;
  rank["r"] = 4;
  fault(rank, tensors, Code::Corrupt, "lora_A");
}

// GGUF files of Llama have the rows of queries and keys in another order.
TEST(Adapter, SameOnGgufAsOnTheFolderItWasMadeFrom) {
  const auto lm = test_data() / "golden" / "lm";
  if (!fs::exists(lm / "gguf" / "llama-F16.gguf")) GTEST_SKIP() << "no golden models beside the source";
  base::TempFolder temp;
  base::Random random(5);
  const auto config = read_json(lm / "models" / "llama" / "config.json");
  const size_t width = config["hidden_size"], kv = width / 2, layers = config["num_hidden_layers"], r = 4;
  std::vector<Values> tensors;
  const auto add = [&](const std::string& name, size_t rows, size_t columns) {
    Values v{name, {rows, columns}, std::vector<float>(rows * columns)};
    for (float& x : v.values) x = 0.3f * static_cast<float>(random.normal());
    tensors.push_back(std::move(v));
  };
  for (size_t i = 0; i < layers; ++i)
    for (const auto& [name, out] : {std::pair{"q_proj", width}, {"k_proj", kv}, {"v_proj", kv}}) {
      const std::string stem = "base_model.model.model.layers." + std::to_string(i) + ".self_attn." + name;
      add(stem + ".lora_A.weight", r, width);
      add(stem + ".lora_B.weight", out, r);
    }
  write_adapter(temp.path() / "a",
                {{"peft_type", "LORA"}, {"r", r}, {"lora_alpha", 4}, {"target_modules", ".*self_attn\\.(q|k|v)_proj"}},
                tensors);
  LanguageModelOptions options{.exact = true};
  options.adapters.emplace_back("a", temp.path() / "a");
  const LanguageModel folder(lm / "models" / "llama", options), gguf(lm / "gguf" / "llama-F16.gguf", options);
  const std::vector<int32_t> ids{5, 60, 7, 80, 9, 100, 11, 40};
  const Matrix plain = folder.logits(ids), a = folder.logits(ids, 0, "a"), b = gguf.logits(ids, 0, "a");
  const double base = largest_difference(plain.data, gguf.logits(ids).data);
  EXPECT_LT(largest_difference(a.data, b.data), 20 * base + 0.01);
  EXPECT_GT(largest_difference(a.data, plain.data), 0.3);
}

}  // namespace
}  // namespace hanok::lm

#include "lm/adapter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "base/workers.h"
#include "hanok/error.h"
#include "hanok/generate.h"
#include "lm/test_data.h"
#include "lm/tiny_model.h"

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

// Adapters of the project's own, on the small random model: mlp.gate_proj and mlp.down_proj of both layers, s = 2.
class OwnAdapters : public testing::Test {
 protected:
  static constexpr size_t kRank = 2, kWidth = tiny::kWidth, kInner = tiny::kInner, kLayers = tiny::kLayers;

  static std::vector<Values> own_tensors(uint64_t seed) {
    base::Random random(seed);
    std::vector<Values> out;
    const auto add = [&](const std::string& name, size_t rows, size_t columns) {
      Values v{name, {rows, columns}, std::vector<float>(rows * columns)};
      for (float& x : v.values) x = 0.15f * (2 * static_cast<float>(random.uniform()) - 1);
      out.push_back(std::move(v));
    };
    for (size_t l = 0; l < kLayers; ++l)
      for (const auto& [part, in, rows] :
           {std::tuple("gate_proj", kWidth, kInner), std::tuple("down_proj", kInner, kWidth)}) {
        const std::string stem = "base_model.model.model.layers." + std::to_string(l) + ".mlp." + part;
        add(stem + ".lora_A.weight", kRank, in);
        add(stem + ".lora_B.weight", rows, kRank);
      }
    return out;
  }
  fs::path own_adapter(const std::string& name, uint64_t seed) const {
    const base::Json config{
        {"peft_type", "LORA"}, {"r", kRank}, {"lora_alpha", 2 * kRank}, {"target_modules", {"gate_proj", "down_proj"}}};
    write_adapter(folder_.path() / name, config, own_tensors(seed));
    return folder_.path() / name;
  }
  /// The model's file with W + 2 B A in place of W.
  fs::path merged(uint64_t seed) const {
    std::string bytes = base::read_file(file_);
    const size_t d = kWidth, kv = d / tiny::kHeads * tiny::kKvHeads, f = kInner, l = kLayers;
    const size_t gate = tiny::kVocabulary * d + l * d + l * (2 * d * d + 2 * kv * d) + l * d, down = gate + l * f * d;
    const auto tensors = own_tensors(seed);
    for (size_t layer = 0; layer < l; ++layer)
      for (size_t part = 0; part < 2; ++part) {
        const auto &a = tensors[layer * 4 + part * 2], &b = tensors[layer * 4 + part * 2 + 1];
        const size_t rows = b.shape[0], columns = a.shape[1];
        const size_t first = (part == 0 ? gate : down) + layer * rows * columns;
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < columns; ++j) {
            char* at = bytes.data() + 7 * sizeof(int32_t) + (first + i * columns + j) * sizeof(float);
            float w = 0;
            std::memcpy(&w, at, sizeof w);
            for (size_t r = 0; r < kRank; ++r) w += 2 * b.values[i * kRank + r] * a.values[r * columns + j];
            std::memcpy(at, &w, sizeof w);
          }
      }
    const fs::path to = folder_.path() / "merged";
    fs::create_directories(to);
    fs::copy_file(folder_.path() / "tok288.bin", to / "tok288.bin");
    base::write_file_atomic(to / "tiny.bin", bytes);
    return to / "tiny.bin";
  }
  static std::vector<int32_t> prompt(size_t n) {
    base::Random random(n);
    std::vector<int32_t> ids(n);
    for (auto& id : ids) id = static_cast<int32_t>(random.below(tiny::kVocabulary));
    return ids;
  }

  base::TempFolder folder_;
  const fs::path file_ = write_tiny_model(folder_.path(), 12);
};

TEST_F(OwnAdapters, LiveIsMerged) {
  const LanguageModel live(file_, {.exact = true, .adapters = {{"a", own_adapter("a", 1)}}});
  const LanguageModel whole(merged(1), {.exact = true});
  const auto ids = prompt(30);
  const Matrix expected = whole.logits(ids);
  EXPECT_LT(largest_difference(live.logits(ids, 0, "a").data, expected.data), 2e-4);
  EXPECT_GT(largest_difference(live.logits(ids).data, expected.data), 0.01);
}

TEST_F(OwnAdapters, ThreadsWithDifferentOnesGetWhatEachWouldGetAlone) {
  const LanguageModelOptions opened{.adapters = {{"a", own_adapter("a", 1)}, {"b", own_adapter("b", 2)}}};
  const LanguageModel fresh(file_, opened), model(file_, opened);
  const char* names[] = {"", "a", "b"};
  const auto options = [&](size_t i) {
    GenerateOptions o{.max_tokens = 40, .adapter = names[i % 3], .ignore_end = true};
    o.sampling.temperature = 0;
    return o;
  };
  constexpr size_t kTexts = 9;
  std::vector<std::vector<int32_t>> alone, together(kTexts);
  for (size_t i = 0; i < kTexts; ++i) alone.push_back(fresh.generate(prompt(60), options(i)).ids);
  EXPECT_NE(alone[0], alone[1]);
  EXPECT_NE(alone[1], alone[2]);
  base::Workers workers(kTexts, kTexts);
  for (size_t i = 0; i < kTexts; ++i)
    workers.submit(std::to_string(i), [&, i] { together[i] = model.generate(prompt(60), options(i)).ids; });
  workers.stop();
  EXPECT_EQ(together, alone);
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

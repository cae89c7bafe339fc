// Logits and greedy runs of tiny decoders against the published program, and what the decoder promises about itself.
#include "lm/arch/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lm/gguf_model.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

std::filesystem::path golden_lm() { return test_data() / "golden" / "lm"; }

// The values of a float32 .npy file, whatever its axes.
std::vector<float> npy_floats(const std::filesystem::path& file) {
  const std::string bytes = base::read_file(file);
  const size_t start = 10 + static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
  std::vector<float> out((bytes.size() - start) / sizeof(float));
  std::memcpy(out.data(), bytes.data() + start, out.size() * sizeof(float));
  return out;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(double(a[i]) - double(b[i])));
  return worst;
}

struct Loaded {
  nn::Weights weights;
  std::unique_ptr<Decoder> decoder;
  std::shared_ptr<nn::KvPool> pool;

  Loaded(Config config, nn::Weights w, nn::KvType type = nn::KvType::F32, nn::Precision precision = nn::Precision::Fast)
      : weights(std::move(w)) {
    decoder = std::make_unique<Decoder>(plan_of(config, weights), weights, config.what(), precision);
    pool = std::make_shared<nn::KvPool>(decoder->kv_shape(type), 4096);
  }

  // Logits of every token.
  std::vector<float> logits(const std::vector<int32_t>& ids, size_t at_once = SIZE_MAX) {
    nn::KvSequence sequence(pool);
    DecodeMemory memory;
    const size_t v = decoder->plan().vocabulary;
    std::vector<float> out(ids.size() * v);
    for (size_t i = 0; i < ids.size(); i += at_once) {
      const size_t n = std::min(at_once, ids.size() - i);
      const DecodeStep step{&sequence, std::span(ids).subspan(i, n), n};
      decoder->run({&step, 1}, memory, out.data() + i * v);
      if (at_once > ids.size()) break;
    }
    return out;
  }

  std::vector<int32_t> greedy(std::vector<int32_t> ids, size_t n) {
    nn::KvSequence sequence(pool);
    DecodeMemory memory;
    const size_t v = decoder->plan().vocabulary;
    std::vector<float> row(v);
    std::vector<int32_t> out, next = ids;
    while (out.size() < n) {
      if (decoder->must_reread(sequence.length(), next.size())) {
        sequence.truncate(0);
        next = ids;
      }
      const DecodeStep step{&sequence, next};
      decoder->run({&step, 1}, memory, row.data());
      const auto best = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
      out.push_back(best);
      ids.push_back(best);
      next = {best};
    }
    return out;
  }
};

Loaded load_folder(const std::filesystem::path& folder, nn::KvType type = nn::KvType::F32,
                   nn::Precision precision = nn::Precision::Fast) {
  return {Config::read(folder / "config.json"), nn::Weights::open(folder), type, precision};
}

Loaded load_gguf(const std::filesystem::path& file, bool exact) {
  nn::Gguf gguf = nn::Gguf::open(file);
  Config config = gguf_config(gguf);
  const std::string type = config.text("model_type", "");
  return {config, nn::Weights::take(std::move(gguf), [&](const nn::Tensor& t) { return renamed(t, type); }),
          nn::KvType::F32, exact ? nn::Precision::Exact : nn::Precision::Fast};
}

class GoldenDecoder : public testing::TestWithParam<std::string> {};

TEST_P(GoldenDecoder, LogitsAndGreedyTokens) {
  const auto folder = golden_lm() / "models" / GetParam();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden models beside the source";
  const auto cases = read_json(folder / "cases.json");
  Loaded model = load_folder(folder);
  const size_t v = model.decoder->plan().vocabulary;

  const auto brief = cases["prompts"]["short"]["ids"].get<std::vector<int32_t>>();
  const auto want = npy_floats(folder / "logits.npy");
  const auto got = model.logits(brief);
  ASSERT_EQ(got.size(), want.size());
  EXPECT_LT(largest_difference(got, want), 5e-4);

  const auto far = cases["prompts"]["long"]["ids"].get<std::vector<int32_t>>();
  const auto last = npy_floats(folder / "logits_last.npy");
  ASSERT_EQ(last.size(), v);
  const auto end = model.logits(far);
  EXPECT_LT(largest_difference(std::span(end).last(v), last), 5e-4);
  for (const char* which : {"short", "long"}) {
    const auto& c = cases["prompts"][which];
    const auto ids = c["ids"].get<std::vector<int32_t>>();
    const auto greedy = c["greedy"].get<std::vector<int32_t>>();
    EXPECT_EQ(model.greedy(ids, greedy.size()), greedy) << which;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, GoldenDecoder,
                         testing::Values("llama", "llama-sharded", "llama3-rope-tied", "mistral-window", "qwen2",
                                         "qwen2-window", "qwen3", "qwen3-moe", "gemma2", "gemma3", "phi3",
                                         "phi3-longrope", "exaone4"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The project's own, one of each family (tools/make_decoder_golden.py).
class OwnDecoder : public testing::TestWithParam<std::string> {};

TEST_P(OwnDecoder, LogitsAsPublished) {
  const auto folder = own_data("tiny_decoders") / GetParam();
  const auto expected = read_json(folder / "expected.json");
  const auto ids = expected["ids"].get<std::vector<int32_t>>();
  std::vector<float> want;
  for (const auto& row : expected["logits"])
    for (const float x : row) want.push_back(x);
  Loaded model = load_folder(folder, nn::KvType::F32, nn::Precision::Exact);
  const auto whole = model.logits(ids);
  EXPECT_LT(largest_difference(std::span(whole).last(want.size()), want), 5e-4);
  constexpr size_t kAtOnce = 5;
  if (!model.decoder->must_reread(kAtOnce, ids.size())) EXPECT_EQ(model.logits(ids, kAtOnce), whole);
}

INSTANTIATE_TEST_SUITE_P(Families, OwnDecoder,
                         testing::Values("exaone4", "gemma2", "gemma3", "llama", "mistral", "phi3", "qwen2", "qwen3",
                                         "qwen3_moe", "smollm3"));

// Every block type inside a model; the truth is the dequantised weights in float32. Where activations stay float, all
// logits agree; where they are rounded to eight bits to meet quantised weights, they agree within that rounding.
TEST(GgufDecoder, LogitsOfEveryFile) {
  const auto folder = golden_lm() / "gguf";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden GGUF files beside the source";
  const auto index = read_json(folder / "index.json");
  size_t seen = 0;
  for (const auto& [name, about] : index["files"].items()) {
    SCOPED_TRACE(name);
    const auto ids = about["ids"].get<std::vector<int32_t>>();
    const auto want = npy_floats(folder / (name.substr(0, name.size() - 5) + ".oracle.npy"));
    for (const bool exact : {true, false}) {
      Loaded model = load_gguf(folder / name, exact);
      const size_t v = model.decoder->plan().vocabulary;
      const auto got = model.logits(ids);
      std::vector<float> at;
      for (const size_t position : about["positions"].get<std::vector<size_t>>())
        at.insert(at.end(), got.begin() + position * v, got.begin() + (position + 1) * v);
      ASSERT_EQ(at.size(), want.size());
      const bool plain = name.find("F16") != std::string::npos || name.find("F32") != std::string::npos;
      if (exact || plain) {
        EXPECT_LT(largest_difference(at, want), 5e-4) << exact;
        continue;
      }
      double squares = 0;
      for (size_t i = 0; i < at.size(); ++i) squares += std::pow(double(at[i]) - want[i], 2);
      EXPECT_LT(std::sqrt(squares / static_cast<double>(at.size())), 0.06 * about["std_oracle"].get<double>());
    }
    ++seen;
  }
  EXPECT_GT(seen, 20u);
}

// The project's own file: every block format in one model, and logits from their values in float64
// (tools/make_gguf_golden.py).
class EveryFormat : public testing::Test {
 protected:
  const base::Json about_ = read_json(own_data("tiny_gguf") / "expected.json");
  const std::vector<int32_t> ids_ = about_["ids"].get<std::vector<int32_t>>();
  const std::vector<float> want_ = npy_floats(own_data("tiny_gguf") / "logits.npy");

  Loaded load(bool exact) { return load_gguf(own_data("tiny_gguf") / "model.gguf", exact); }
};

TEST_F(EveryFormat, LogitsAreThoseOfItsValues) {
  const auto exact = load(true).logits(ids_);
  ASSERT_EQ(exact.size(), want_.size());
  EXPECT_LT(largest_difference(exact, want_), 5e-4);
  const auto fast = load(false).logits(ids_);
  double squares = 0;
  for (size_t i = 0; i < fast.size(); ++i) squares += std::pow(double(fast[i]) - want_[i], 2);
  EXPECT_LT(std::sqrt(squares / static_cast<double>(fast.size())), 0.06 * about_["deviation"].get<double>());
}

TEST_F(EveryFormat, WhatComesTogetherDoesNotChangeABit) {
  for (const bool exact : {true, false}) {
    Loaded model = load(exact);
    const auto whole = model.logits(ids_);
    EXPECT_EQ(model.logits(ids_, 1), whole) << exact;
    EXPECT_EQ(model.logits(ids_, 7), whole) << exact;
  }
}

// Keys and values in fewer bits move the logits by no more than rounding activations to as many does, in units of their
// deviation: the limits that the golden files set for F16, bf16 and blocks of eight bits.
TEST(Decoder, KeysAndValuesInFewerBitsStayNear) {
  const auto folder = golden_lm() / "models";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden models beside the source";
  for (const char* name : {"llama", "gemma3", "qwen2", "phi3"}) {
    const auto ids = read_json(folder / name / "cases.json")["prompts"]["long"]["ids"].get<std::vector<int32_t>>();
    const auto want = load_folder(folder / name).logits(ids);
    double squares = 0;
    for (const float x : want) squares += double(x) * x;
    const double size = std::sqrt(squares / static_cast<double>(want.size()));
    for (const auto& [type, limit] :
         {std::pair{nn::KvType::F16, 0.005}, {nn::KvType::Bf16, 0.02}, {nn::KvType::Q8, 0.06}}) {
      const auto got = load_folder(folder / name, type).logits(ids);
      double error = 0;
      for (size_t i = 0; i < got.size(); ++i) error += std::pow(double(got[i]) - want[i], 2);
      error = std::sqrt(error / static_cast<double>(got.size())) / size;
      EXPECT_LT(error, limit) << name << " " << static_cast<int>(type);
      EXPECT_GT(error, 0) << name << " " << static_cast<int>(type);
    }
  }
}

// One token at a time, some at once or all: the same bits. So are those of a sequence alone and in a batch.
TEST(Decoder, WhatComesTogetherDoesNotChangeABit) {
  const auto folder = golden_lm() / "models";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden models beside the source";
  Loaded quantised = load_gguf(golden_lm() / "gguf" / "llama-k-Q4_K_M.gguf", false);
  const auto ids_k =
      read_json(golden_lm() / "gguf" / "index.json")["files"]["llama-k-Q4_K_M.gguf"]["ids"].get<std::vector<int32_t>>();
  const auto all = quantised.logits(ids_k);
  EXPECT_EQ(quantised.logits(ids_k, 1), all);
  EXPECT_EQ(quantised.logits(ids_k, 3), all);
  for (const char* name : {"llama", "gemma3", "qwen3-moe"})
    for (const nn::KvType type : {nn::KvType::F32, nn::KvType::F16, nn::KvType::Bf16, nn::KvType::Q8}) {
      Loaded model = load_folder(folder / name, type);
      const auto ids = read_json(folder / name / "cases.json")["prompts"]["long"]["ids"].get<std::vector<int32_t>>();
      const auto whole = model.logits(ids);
      EXPECT_EQ(model.logits(ids, 1), whole) << name;
      EXPECT_EQ(model.logits(ids, 7), whole) << name;

      nn::KvSequence a(model.pool), b(model.pool);
      DecodeMemory memory;
      const size_t v = model.decoder->plan().vocabulary, n = ids.size();
      std::vector<float> both((n + 5) * v);
      const DecodeStep steps[] = {{&a, std::span(ids).first(5), 5}, {&b, ids, n}};
      model.decoder->run(steps, memory, both.data());
      EXPECT_TRUE(std::equal(both.begin() + 5 * v, both.end(), whole.begin())) << name;
      // A sequence that shares the beginning goes on as if it had read it.
      nn::KvSequence c = b.fork(n / 2);
      std::vector<float> rest((n - n / 2) * v);
      const DecodeStep step{&c, std::span(ids).subspan(n / 2), n - n / 2};
      model.decoder->run({&step, 1}, memory, rest.data());
      EXPECT_TRUE(std::equal(rest.begin(), rest.end(), whole.begin() + (n / 2) * v)) << name;
    }
}

}  // namespace
}  // namespace hanok::lm

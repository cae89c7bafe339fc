#include "lm/random_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "base/random.h"
#include "hanok/error.h"
#include "lm/quant_recipe.h"
#include "math/half.h"
#include "nn/gguf_head.h"

namespace hanok::lm {
namespace {

using math::WeightFormat;

constexpr std::array kShapes{
    RandomShape{"llama-3.2-1b", 2048, 16, 32, 8, 8192, 128256, 131072, 500000},
    RandomShape{"llama-160m", 768, 12, 12, 12, 3072, 32000, 2048, 10000},
    RandomShape{"llama-tiny", 256, 2, 4, 2, 512, 512, 2048, 10000},
};

constexpr size_t kRepeated = 8 << 20;  // bytes of random blocks of a format
constexpr float kSize = 0.02f;         // standard deviation of weights, about that of real models

// ---- random blocks ----

void put_half(std::byte* at, float value) {
  const uint16_t bits = math::float_to_half(value);
  std::memcpy(at, &bits, 2);
}

// The bytes of one block are random already; this gives it scales that make weights of mean 0 and about kSize.
void set_scales(WeightFormat format, std::byte* block, base::Random& random) {
  const float vary = static_cast<float>(0.75 + 0.5 * random.uniform());
  switch (format) {
    case WeightFormat::Q8_0:
      return put_half(block, kSize * vary / 74);  // codes are uniform in -128..127
    case WeightFormat::Q4_0:
      return put_half(block, (random.below(2) ? 1 : -1) * kSize * vary / 4.6f);  // codes - 8 have the mean -0.5
    case WeightFormat::Q4_K:  // d * scale * code - dmin * minimum, minima as large as scales: 7.5 d for dmin is mean 0
      put_half(block, kSize * vary / (4.6f * 42));
      put_half(block + 2, 7.5f * kSize * vary / (4.6f * 42));
      for (size_t j = 0; j < 8; ++j) {  // the first four pairs have six bits here, the others two of theirs
        const auto scale = static_cast<uint8_t>(32 + random.below(22));
        const size_t k = j % 4;
        auto* packed = reinterpret_cast<uint8_t*>(block) + 4;
        if (j < 4) {
          packed[k] = packed[k + 4] = scale;
        } else {
          packed[k + 8] = static_cast<uint8_t>((scale & 15) | (scale & 15) << 4);
          packed[k] = static_cast<uint8_t>(packed[k] | (scale >> 4) << 6);
          packed[k + 4] = static_cast<uint8_t>(packed[k + 4] | (scale >> 4) << 6);
        }
      }
      return;
    case WeightFormat::Q6_K:  // int8 scales stand before d
      return put_half(block + 208, kSize * vary / (18.5f * 74));
    default:
      return;
  }
}

std::vector<std::byte> random_blocks(WeightFormat format, uint64_t seed) {
  const auto& about = math::info(format);
  base::Random random(seed + about.ggml_type);
  std::vector<std::byte> out(kRepeated / about.bytes * about.bytes);
  if (about.block == 1) {
    for (size_t i = 0; i < out.size() / about.bytes; ++i) {
      const auto value = kSize * static_cast<float>(random.normal());
      const uint16_t two = format == WeightFormat::F16 ? math::float_to_half(value) : math::float_to_bf16(value);
      std::memcpy(out.data() + i * about.bytes, &two, about.bytes);
    }
    return out;
  }
  for (size_t i = 0; i + 8 <= out.size(); i += 8) {
    const uint64_t bits = random.next();
    std::memcpy(out.data() + i, &bits, 8);
  }
  for (size_t at = 0; at < out.size(); at += about.bytes) set_scales(format, out.data() + at, random);
  return out;
}

/// Random bytes of any format, taken from one place to the next.
class RandomBytes {
 public:
  explicit RandomBytes(uint64_t seed) : seed_(seed) {}

  void take(WeightFormat format, size_t bytes, std::vector<std::string_view>& pieces) {
    auto [it, fresh] = made_.try_emplace(format);
    if (fresh) it->second.bytes = random_blocks(format, seed_);
    Made& m = it->second;
    while (bytes > 0) {
      const size_t n = std::min(bytes, m.bytes.size() - m.at);
      pieces.emplace_back(reinterpret_cast<const char*>(m.bytes.data()) + m.at, n);
      bytes -= n;
      m.at = (m.at + n) % m.bytes.size();
    }
  }

 private:
  struct Made {
    std::vector<std::byte> bytes;
    size_t at = 0;
  };
  std::map<WeightFormat, Made> made_;
  uint64_t seed_;
};

// ---- settings ----

std::string utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
}

// A byte-level vocabulary (Radford et al. 2019): a token for every byte, one merge, and names that no text holds.
void set_vocabulary(nn::GgufHead& head, uint32_t size) {
  std::vector<std::string> tokens;
  uint32_t beyond = 256;  // bytes that are not to be seen are written as signs from here on
  for (uint32_t b = 0; b < 256; ++b) {
    const bool seen = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    tokens.push_back(utf8(seen ? b : beyond++));
  }
  tokens.push_back("ab");
  while (tokens.size() + 2 < size) tokens.push_back("<|random_" + std::to_string(tokens.size()) + "|>");
  std::vector<int32_t> types(tokens.size(), 1);
  constexpr int32_t kControl = 3;
  for (const char* name : {"<|begin_of_text|>", "<|end_of_text|>"})
    tokens.emplace_back(name), types.push_back(kControl);
  head.set("tokenizer.ggml.model", "gpt2");
  head.set("tokenizer.ggml.pre", "gpt-2");
  head.set("tokenizer.ggml.tokens", tokens);
  head.set("tokenizer.ggml.token_type", types);
  head.set("tokenizer.ggml.merges", std::vector<std::string>{"a b"});
  head.set("tokenizer.ggml.bos_token_id", size - 2);
  head.set("tokenizer.ggml.eos_token_id", size - 1);
  head.set("tokenizer.ggml.add_bos_token", false);
}

void set_sizes(nn::GgufHead& head, const RandomShape& shape, std::string_view quant) {
  head.set("general.architecture", "llama");
  head.set("general.name", std::string(shape.name) + " " + std::string(quant) + ", random");
  head.set("llama.context_length", shape.context);
  head.set("llama.embedding_length", shape.width);
  head.set("llama.block_count", shape.layers);
  head.set("llama.feed_forward_length", shape.inner);
  head.set("llama.attention.head_count", shape.heads);
  head.set("llama.attention.head_count_kv", shape.kv_heads);
  head.set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  head.set("llama.rope.freq_base", shape.rope_base);
  head.set("llama.rope.dimension_count", shape.width / shape.heads);
  head.set("llama.vocab_size", shape.vocabulary);
}

template <class Names>
[[noreturn]] void unknown(const char* what, std::string_view found, const Names& names) {
  std::string known;
  for (const auto& name : names) known += (known.empty() ? "" : ", ") + std::string(name);
  throw Error(Code::Invalid, "unknown " + std::string(what) + " '" + std::string(found) + "'; there are " + known);
}

}  // namespace

std::span<const RandomShape> random_shapes() { return kShapes; }
std::span<const std::string_view> random_quants() { return quant_recipes(); }

void write_random_model(std::string_view shape_name, std::string_view quant_name, const base::fs::path& file,
                        uint64_t seed) {
  const auto found = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const RandomShape& s) { return base::same_letters(s.name, shape_name); });
  if (found == kShapes.end()) {
    std::vector<std::string_view> names;
    for (const auto& s : kShapes) names.push_back(s.name);
    unknown("shape", shape_name, names);
  }
  const std::string_view quant = quant_recipe_named(quant_name);
  if (quant.empty()) unknown("quant", quant_name, quant_recipes());

  const RandomShape& s = *found;
  const size_t head_dim = s.width / s.heads, kv = s.kv_heads * head_dim;
  const std::vector<float> ones(s.width, 1);
  static constexpr char kZeros[nn::kGgufAlignment] = {};
  nn::GgufHead head;
  set_sizes(head, s, quant);
  set_vocabulary(head, s.vocabulary);
  RandomBytes random(seed);
  std::vector<std::string_view> pieces(1);  // the head goes first, when it is known
  const auto pad = [&](size_t bytes) { pieces.emplace_back(kZeros, nn::gguf_padding(bytes)); };
  const auto matrix = [&](const std::string& before, std::string_view part, uint32_t layer, size_t rows,
                          size_t columns) {
    const WeightFormat format = recipe_format(quant, part, layer, s.layers, true);
    const size_t bytes = head.add(before + std::string(part) + ".weight", {rows, columns}, format);
    random.take(format, bytes, pieces);
    pad(bytes);
  };
  const auto gain = [&](const std::string& name) {
    const size_t bytes = head.add(name, {s.width}, WeightFormat::F32);
    pieces.emplace_back(reinterpret_cast<const char*>(ones.data()), bytes);
    pad(bytes);
  };
  matrix("", "token_embd", 0, s.vocabulary, s.width);
  for (uint32_t i = 0; i < s.layers; ++i) {
    const std::string l = "blk." + std::to_string(i) + ".";
    gain(l + "attn_norm.weight");
    matrix(l, "attn_q", i, s.width, s.width);
    matrix(l, "attn_k", i, kv, s.width);
    matrix(l, "attn_v", i, kv, s.width);
    matrix(l, "attn_output", i, s.width, s.width);
    gain(l + "ffn_norm.weight");
    matrix(l, "ffn_gate", i, s.inner, s.width);
    matrix(l, "ffn_up", i, s.inner, s.width);
    matrix(l, "ffn_down", i, s.width, s.inner);
  }
  gain("output_norm.weight");
  const std::string bytes = head.bytes();
  pieces[0] = bytes;
  base::write_file_atomic(file, pieces);
}

}  // namespace hanok::lm

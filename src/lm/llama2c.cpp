#include "lm/llama2c.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "hanok/error.h"
#include "text/tokenizers/gguf_vocabulary.h"

namespace hanok::lm {
namespace {

constexpr size_t kHeader = 7 * sizeof(int32_t);
constexpr int64_t kMostLayers = 1000, kMostSize = 1 << 20, kMostVocabulary = 1 << 21;
constexpr int32_t kBos = 1, kEos = 2, kFirstByte = 3, kBytes = 256;

struct Header {
  int64_t width, inner, layers, heads, kv_heads, vocabulary, positions;
  bool own_output;

  int64_t head() const { return width / heads; }
  int64_t kv_width() const { return kv_heads * head(); }
  /// float32 values behind the header. At most 2^63 by the limits on each.
  uint64_t values() const {
    const auto d = static_cast<uint64_t>(width), kv = static_cast<uint64_t>(kv_width()),
               f = static_cast<uint64_t>(inner), v = static_cast<uint64_t>(vocabulary);
    const uint64_t layer = 2 * d + 2 * d * d + 2 * kv * d + 3 * f * d;
    return v * d * (own_output ? 2 : 1) + static_cast<uint64_t>(layers) * layer + d +
           static_cast<uint64_t>(positions) * static_cast<uint64_t>(head());
  }
};

/// Nothing where the seven numbers are no model's.
std::optional<Header> header_of(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeader) return std::nullopt;
  std::array<int32_t, 7> n;
  std::memcpy(n.data(), bytes.data(), kHeader);
  const Header h{n[0], n[1], n[2], n[3], n[4], std::abs(int64_t{n[5]}), n[6], n[5] < 0};
  const auto in = [](int64_t x, int64_t most) { return x > 0 && x <= most; };
  if (!in(h.width, kMostSize) || !in(h.inner, kMostSize) || !in(h.layers, kMostLayers) || !in(h.heads, h.width) ||
      !in(h.kv_heads, h.heads) || !in(h.vocabulary, kMostVocabulary) || !in(h.positions, kMostSize))
    return std::nullopt;
  if (h.width % h.heads != 0 || h.heads % h.kv_heads != 0 || h.head() % 2 != 0) return std::nullopt;
  return h;
}

/// Hands out tensors one after another.
class Cutter {
 public:
  Cutter(std::span<const std::byte> bytes, std::vector<nn::Tensor>& out) : rest_(bytes), out_(out) {}

  void one(const std::string& name, std::vector<size_t> shape) {
    nn::Tensor t{.name = name, .type = nn::DType::F32, .shape = std::move(shape), .bytes = {}};
    const size_t size = t.count() * sizeof(float);
    t.bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    out_.push_back(std::move(t));
  }
  void each_layer(int64_t layers, const std::string& name, const std::vector<size_t>& shape) {
    for (int64_t l = 0; l < layers; ++l) one("model.layers." + std::to_string(l) + "." + name, shape);
  }
  void skip(size_t values) { rest_ = rest_.subspan(values * sizeof(float)); }

 private:
  std::span<const std::byte> rest_;
  std::vector<nn::Tensor>& out_;
};

}  // namespace

bool is_llama2c(const base::fs::path& file) {
  const std::string start = base::read_start(file, kHeader);
  const auto h = header_of(std::as_bytes(std::span(start.data(), start.size())));
  return h && base::fs::file_size(file) == kHeader + h->values() * sizeof(float);
}

Llama2c read_llama2c(std::span<const std::byte> bytes, const std::string& what) {
  const auto h = header_of(bytes);
  if (!h) throw Error(Code::Corrupt, what + ": begins with no sizes of a llama2.c model (seven int32)");
  if (bytes.size() != kHeader + h->values() * sizeof(float))
    throw Error(Code::Corrupt, what + ": a llama2.c model of these sizes has " +
                                   std::to_string(kHeader + h->values() * sizeof(float)) + " bytes, the file has " +
                                   std::to_string(bytes.size()));
  const auto d = static_cast<size_t>(h->width), f = static_cast<size_t>(h->inner),
             kv = static_cast<size_t>(h->kv_width()), v = static_cast<size_t>(h->vocabulary);
  Llama2c out;
  out.config = Config(base::Json{{"model_type", "llama"},
                                 {"hidden_size", d},
                                 {"intermediate_size", f},
                                 {"num_hidden_layers", static_cast<size_t>(h->layers)},
                                 {"num_attention_heads", static_cast<size_t>(h->heads)},
                                 {"num_key_value_heads", static_cast<size_t>(h->kv_heads)},
                                 {"vocab_size", v},
                                 {"max_position_embeddings", static_cast<size_t>(h->positions)},
                                 {"rms_norm_eps", 1e-5},
                                 {"rope_theta", 10000.0},
                                 {"rope_neighbours", true},
                                 {"hidden_act", "silu"},
                                 {"tie_word_embeddings", !h->own_output}},
                      what);
  Cutter cut(bytes.subspan(kHeader), out.tensors);
  cut.one("model.embed_tokens.weight", {v, d});
  cut.each_layer(h->layers, "input_layernorm.weight", {d});
  cut.each_layer(h->layers, "self_attn.q_proj.weight", {d, d});
  cut.each_layer(h->layers, "self_attn.k_proj.weight", {kv, d});
  cut.each_layer(h->layers, "self_attn.v_proj.weight", {kv, d});
  cut.each_layer(h->layers, "self_attn.o_proj.weight", {d, d});
  cut.each_layer(h->layers, "post_attention_layernorm.weight", {d});
  cut.each_layer(h->layers, "mlp.gate_proj.weight", {f, d});
  cut.each_layer(h->layers, "mlp.down_proj.weight", {d, f});
  cut.each_layer(h->layers, "mlp.up_proj.weight", {f, d});
  cut.one("model.norm.weight", {d});
  cut.skip(static_cast<size_t>(h->positions * h->head()));
  if (h->own_output) cut.one("lm_head.weight", {v, d});
  return out;
}

text::Tokenizer read_llama2c_tokenizer(std::string_view bytes, size_t vocabulary, const std::string& what) {
  const auto wrong = [&](const std::string& why) {
    return Error(Code::Corrupt,
                 what + ": is no llama2.c tokenizer of " + std::to_string(vocabulary) + " tokens: " + why);
  };
  if (bytes.size() < 4) throw wrong("too short");
  std::vector<std::string> tokens;
  text::tokenizers::GgufVocabulary v;
  size_t at = 4;
  for (size_t id = 0; id < vocabulary; ++id) {
    float score = 0;
    int32_t length = 0;
    if (bytes.size() - at < 8) throw wrong("it ends at token " + std::to_string(id));
    std::memcpy(&score, bytes.data() + at, 4);
    std::memcpy(&length, bytes.data() + at + 4, 4);
    at += 8;
    if (length < 0 || static_cast<size_t>(length) > bytes.size() - at)
      throw wrong("token " + std::to_string(id) + " has " + std::to_string(length) + " bytes");
    // The file holds what a token looks like; SentencePiece keeps a blank as U+2581.
    std::string token;
    for (const char c : bytes.substr(at, static_cast<size_t>(length)))
      token += c == ' ' ? std::string("▁") : std::string(1, c);
    at += static_cast<size_t>(length);
    const auto n = static_cast<int32_t>(id);
    const bool byte = n >= kFirstByte && n < kFirstByte + kBytes;
    tokens.push_back(n == kBos ? "<s>" : n == kEos ? "</s>" : token);
    v.scores.push_back(score);
    v.types.push_back(n == 0 ? 2 : n == kBos || n == kEos ? 3 : byte ? 6 : 1);
  }
  if (at != bytes.size()) throw wrong("it holds more");
  if (vocabulary <= static_cast<size_t>(kFirstByte + kBytes))
    throw wrong("there are 256 bytes and three signs at least");
  v.model = "llama";
  v.tokens.assign(tokens.begin(), tokens.end());
  v.unknown = 0, v.bos = kBos, v.eos = kEos;
  v.add_bos = true;
  return text::Tokenizer::parse(tokenizer_json(v, what), what);
}

namespace {

text::Tokenizer find_tokenizer(const base::fs::path& model, size_t vocabulary) {
  std::string problem;
  const base::fs::path folder = model.parent_path();
  for (const std::string& name : {"tok" + std::to_string(vocabulary) + ".bin", std::string("tokenizer.bin"),
                                  model.stem().string() + ".tok.bin"}) {
    const base::fs::path file = folder / name;
    if (!base::fs::exists(file)) continue;
    try {
      constexpr uint64_t kLongest = 64u << 20;
      return read_llama2c_tokenizer(base::read_file(file, kLongest), vocabulary, file.string());
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt) throw;
      problem = std::string("; ") + e.what();
    }
  }
  throw Error(Code::NotFound, model.string() + ": no tokenizer of " + std::to_string(vocabulary) +
                                  " tokens beside it (tok" + std::to_string(vocabulary) + ".bin or tokenizer.bin)" +
                                  problem);
}

}  // namespace

ModelFiles read_llama2c_files(const base::fs::path& file) {
  base::MappedFile map(file);
  Llama2c model = read_llama2c(map.bytes(), file.string());
  text::Tokenizer tokenizer = find_tokenizer(file, model.config.size("vocab_size"));
  return {.name = file.stem().string(),
          .config = std::move(model.config),
          .weights = nn::Weights::of(file, std::move(map), std::move(model.tensors)),
          .tokenizer = std::move(tokenizer),
          .chat_template = {},
          .end_ids = {kBos, kEos},  // stories follow one another, each behind a begin-of-text token
          .bos = kBos,
          .eos = kEos};
}

}  // namespace hanok::lm

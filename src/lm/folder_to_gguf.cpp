#include "lm/folder_to_gguf.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "base/file.h"
#include "hanok/error.h"
#include "lm/model_files.h"
#include "nn/rope.h"
#include "text/tokenizers/gguf_vocabulary.h"

namespace hanok::lm {
namespace {

namespace fs = base::fs;
using base::Json;

struct Family {
  std::string_view model_type, architecture;
  bool paired = false;  // rows of queries and keys go in pairs
};
constexpr std::array kFamilies{Family{"llama", "llama", true}, Family{"smollm3", "smollm3", true},
                               Family{"qwen2", "qwen2"}, Family{"qwen3", "qwen3"}};

constexpr std::pair<std::string_view, std::string_view> kBlockNames[] = {
    {"input_layernorm", "attn_norm"},    {"post_attention_layernorm", "ffn_norm"},
    {"self_attn.q_proj", "attn_q"},      {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},      {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"}, {"self_attn.k_norm", "attn_k_norm"},
    {"mlp.gate_proj", "ffn_gate"},       {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"}};

class Reader {
 public:
  Reader(const fs::path& folder, nn::GgufHead& head) : folder_(folder), head_(head), files_(read_model_files(folder)) {}

  GgufSource read() {
    const Config& c = files_.config;
    const std::string type = c.text("model_type", "");
    std::string known;
    for (const Family& f : kFamilies) {
      if (f.model_type == type) family_ = &f;
      known += (known.empty() ? "" : ", ") + std::string(f.model_type);
    }
    if (!family_)
      throw Error(Code::Unsupported, c.what() + ": model_type is '" + type + "'; folders are turned into GGUF of " +
                                         known + "; take a .gguf file of this model");
    heads_ = c.size("num_attention_heads");
    kv_heads_ = c.size("num_key_value_heads", heads_);
    if (heads_ == 0 || kv_heads_ == 0) c.fail("num_attention_heads", "a number above zero");
    head_dim_ = c.size("head_dim", c.size("hidden_size") / heads_);
    out_.layers = static_cast<uint32_t>(c.size("num_hidden_layers"));
    sizes();
    scaling();
    tokenizer();
    tensors();
    out_.weights = std::move(files_.weights);
    return std::move(out_);
  }

 private:
  std::string key(const char* name) const { return std::string(family_->architecture) + "." + name; }
  void whole(const char* gguf, size_t value) { head_.set(key(gguf), static_cast<uint32_t>(value)); }

  void sizes() {
    const Config& c = files_.config;
    head_.set("general.architecture", family_->architecture);
    head_.set("general.type", "model");
    head_.set("general.name", files_.name);
    whole("block_count", out_.layers);
    whole("context_length", c.size("max_position_embeddings"));
    whole("embedding_length", c.size("hidden_size"));
    whole("feed_forward_length", c.size("intermediate_size"));
    whole("attention.head_count", heads_);
    whole("attention.head_count_kv", kv_heads_);
    whole("attention.key_length", head_dim_);
    whole("attention.value_length", head_dim_);
    whole("rope.dimension_count", head_dim_);
    whole("vocab_size", c.size("vocab_size"));
    head_.set(key("rope.freq_base"), static_cast<float>(base()));
    head_.set(key("attention.layer_norm_rms_epsilon"), static_cast<float>(c.number("rms_norm_eps", 1e-6)));
  }
  double base() const {
    const Config& c = files_.config;
    return c.object("rope_parameters").number("rope_theta", c.number("rope_theta", 10000));
  }

  void scaling() {
    const Config& c = files_.config;
    Config s = c.object("rope_parameters");
    if (!s.has("rope_type")) s = c.object("rope_scaling");
    const std::string type = s.text("rope_type", s.text("type", "default"));
    if (type == "default") return;
    const double original =
        s.number("original_max_position_embeddings",
                 c.number("original_max_position_embeddings", static_cast<double>(c.size("max_position_embeddings"))));
    if (type == "llama3") {  // GGUF keeps what each frequency is divided by
      auto plain = nn::rope_frequencies(head_dim_, base()), scaled = plain;
      nn::scale_llama3(scaled, s.number("factor", 1), s.number("low_freq_factor", 1), s.number("high_freq_factor", 4),
                       original);
      auto& bytes = out_.made.emplace_back(plain.size() * sizeof(float));
      for (size_t i = 0; i < plain.size(); ++i) {
        const float by = plain[i] / scaled[i];
        std::memcpy(bytes.data() + i * sizeof by, &by, sizeof by);
      }
      nn::Tensor t;
      t.name = "rope_freqs.weight";
      t.type = nn::DType::F32;
      t.shape = {plain.size()};
      t.bytes = bytes;
      out_.tensors.push_back(t);
      return;
    }
    if (type != "linear")
      throw Error(Code::Unsupported, c.what() + ": rope_type is '" + type +
                                         "'; folders are turned into GGUF with default, " + "linear and llama3");
    head_.set(key("rope.scaling.type"), "linear");
    head_.set(key("rope.scaling.factor"), static_cast<float>(s.number("factor", 1)));
  }

  // ---- tokenizer.json ----

  // The expressions that cut a text into words, one after the other.
  std::vector<std::string> cuts(const Json& pre) const {
    std::vector<std::string> out;
    const auto step = [&](const Json& s) {
      const std::string type = s.value("type", "");
      if (type == "Split" && s.contains("pattern") && s["pattern"].contains("Regex")) {
        out.push_back(s["pattern"]["Regex"].get<std::string>());
      } else if (type == "Digits" && s.value("individual_digits", false)) {
        out.emplace_back("\\p{N}");
      } else if (type == "ByteLevel") {
        if (s.value("use_regex", true)) out.emplace_back(text::tokenizers::kGpt2Words);
      } else {
        out.push_back("?" + type);
      }
    };
    if (pre.is_object() && pre.value("type", "") == "Sequence")
      for (const Json& s : pre.value("pretokenizers", Json::array())) step(s);
    else if (pre.is_object())
      step(pre);
    return out;
  }

  void tokenizer() {
    const fs::path file = folder_ / "tokenizer.json";
    const Json json = base::parse_json(base::read_file(file, 256 << 20), file.string());
    const auto unsupported = [&](const std::string& why) {
      throw Error(Code::Unsupported, file.string() + ": " + why + "; folders are turned into GGUF with byte-level BPE");
    };
    const Json model = json.value("model", Json::object());
    if (model.value("type", "") != "BPE" || model.value("byte_fallback", false) || !model.contains("vocab") ||
        !model.contains("merges"))
      unsupported("the tokenizer is " + model.value("type", "of no type") +
                  (model.value("byte_fallback", false) ? " with byte fallback" : ""));
    const bool whole_words = model.value("ignore_merges", false);
    const auto pre = text::tokenizers::gguf_pre_name(cuts(json.value("pre_tokenizer", Json())), whole_words);
    if (!pre) unsupported("its pre-tokenizer has no name in GGUF files");
    const size_t size = files_.config.size("vocab_size");
    enum : int32_t { kNormal = 1, kControl = 3, kUser = 4, kUnused = 5 };
    std::vector<std::string> tokens(size);
    std::vector<int32_t> types(size, kUnused);
    const auto put = [&](uint64_t id, const std::string& token, int32_t type) {
      if (id >= size)
        throw Error(Code::Corrupt, file.string() + ": token " + std::to_string(id) + " of a vocabulary of " +
                                       std::to_string(size) + " (vocab_size of config.json)");
      tokens[id] = token;
      types[id] = type;
    };
    for (const auto& [token, id] : model["vocab"].items()) put(id.get<uint64_t>(), token, kNormal);
    for (const Json& a : json.value("added_tokens", Json::array()))
      put(a.at("id").get<uint64_t>(), a.at("content").get<std::string>(), a.value("special", false) ? kControl : kUser);
    for (size_t i = 0; i < size; ++i)
      if (types[i] == kUnused) tokens[i] = "[PAD" + std::to_string(i) + "]";
    std::vector<std::string> merges;
    for (const Json& m : model["merges"])
      merges.push_back(m.is_array() ? m.at(0).get<std::string>() + " " + m.at(1).get<std::string>()
                                    : m.get<std::string>());
    head_.set("tokenizer.ggml.model", "gpt2");
    head_.set("tokenizer.ggml.pre", *pre);
    head_.set("tokenizer.ggml.tokens", tokens);
    head_.set("tokenizer.ggml.token_type", types);
    head_.set("tokenizer.ggml.merges", merges);
    if (files_.bos) head_.set("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(*files_.bos));
    if (files_.eos) head_.set("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(*files_.eos));
    const auto empty = files_.tokenizer.encode("").ids;
    head_.set("tokenizer.ggml.add_bos_token", files_.bos && !empty.empty() && empty.front() == *files_.bos);
    head_.set("tokenizer.ggml.add_eos_token", files_.eos && !empty.empty() && empty.back() == *files_.eos);
    if (!files_.chat_template.empty()) head_.set("tokenizer.chat_template", files_.chat_template);
  }

  // ---- tensors ----

  void tensors() {
    const bool tied = files_.config.flag("tie_word_embeddings", false);
    for (const auto& [name, tensor] : files_.weights.tensors()) {
      if (name == "lm_head.weight" && tied) continue;
      if (name.ends_with("rotary_emb.inv_freq")) continue;  // old files keep what the sizes say
      nn::Tensor t = tensor;
      t.name = gguf_name(name);
      if (family_->paired &&
          (t.name.find(".attn_q.") != std::string::npos || t.name.find(".attn_k.") != std::string::npos))
        pair_rows(t);
      if (t.shape.size() < 2 && t.type != nn::DType::F32) widen(t);
      out_.tensors.push_back(std::move(t));
    }
  }

  std::string gguf_name(const std::string& name) const {
    if (name == "model.embed_tokens.weight") return "token_embd.weight";
    if (name == "model.norm.weight") return "output_norm.weight";
    if (name == "lm_head.weight") return "output.weight";
    constexpr std::string_view kLayers = "model.layers.";
    if (name.starts_with(kLayers)) {
      const size_t dot = name.find('.', kLayers.size()), end = name.rfind('.');
      if (dot != std::string::npos && end > dot)
        for (const auto& [ours, theirs] : kBlockNames)
          if (std::string_view(name).substr(dot + 1, end - dot - 1) == ours)
            return "blk." + name.substr(kLayers.size(), dot - kLayers.size()) + "." + std::string(theirs) +
                   name.substr(end);
    }
    throw Error(Code::Unsupported, files_.weights.what() + ": tensor '" + name + "' has no name in GGUF files of " +
                                       std::string(family_->architecture));
  }

  // Rows of each head [2, d / 2] -> [d / 2, 2].
  void pair_rows(nn::Tensor& t) {
    const size_t rows = t.shape.size() < 2 ? t.count() : t.rows(), bytes = rows ? t.bytes.size() / rows : 0,
                 d = head_dim_;
    if (rows % d != 0)
      throw Error(Code::Corrupt, files_.weights.what() + ": tensor '" + t.name + "' is " + describe(t) +
                                     ", expected whole heads of " + std::to_string(d) + " rows");
    auto& made = out_.made.emplace_back(t.bytes.size());
    for (size_t r = 0; r < rows; ++r) {
      const size_t head = r / d, half = r % d / (d / 2), i = r % (d / 2);
      std::memcpy(made.data() + (head * d + 2 * i + half) * bytes, t.bytes.data() + r * bytes, bytes);
    }
    t.bytes = made;
  }

  void widen(nn::Tensor& t) {
    const auto values = read_floats(t);
    auto& made = out_.made.emplace_back(values.size() * sizeof(float));
    std::memcpy(made.data(), values.data(), made.size());
    t.type = nn::DType::F32;
    t.bytes = made;
  }

  fs::path folder_;
  nn::GgufHead& head_;
  ModelFiles files_;
  const Family* family_ = nullptr;
  size_t heads_ = 0, kv_heads_ = 0, head_dim_ = 0;
  GgufSource out_;
};

}  // namespace

GgufSource read_folder_as_gguf(const fs::path& folder, nn::GgufHead& head) {
  try {
    return Reader(folder, head).read();
  } catch (const Json::exception& e) {
    throw Error(Code::Corrupt, folder.string() + ": " + e.what());
  }
}

}  // namespace hanok::lm

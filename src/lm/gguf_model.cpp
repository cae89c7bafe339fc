#include "lm/gguf_model.h"

#include <array>
#include <map>

#include "hanok/error.h"
#include "text/tokenizers/gguf_vocabulary.h"

namespace hanok::lm {
namespace {

using base::Json;

// general.architecture -> model_type, and how the converter lays the model out.
struct Architecture {
  std::string_view name, model_type;
  bool neighbours = false;  // rows of queries and keys are in pairs
};
constexpr std::array kArchitectures{Architecture{"llama", "llama", true},
                                    Architecture{"qwen2", "qwen2"},
                                    Architecture{"qwen3", "qwen3"},
                                    Architecture{"qwen3moe", "qwen3_moe"},
                                    Architecture{"gemma2", "gemma2"},
                                    Architecture{"gemma3", "gemma3_text"},
                                    Architecture{"phi3", "phi3"},
                                    Architecture{"exaone4", "exaone4"},
                                    Architecture{"smollm3", "smollm3", true}};

struct Setting {
  const char *gguf, *config;
};
// Behind the architecture's name and a dot.
constexpr Setting kSizes[] = {{"context_length", "max_position_embeddings"},
                              {"embedding_length", "hidden_size"},
                              {"block_count", "num_hidden_layers"},
                              {"feed_forward_length", "intermediate_size"},
                              {"attention.head_count", "num_attention_heads"},
                              {"attention.head_count_kv", "num_key_value_heads"},
                              {"attention.key_length", "head_dim"},
                              {"attention.sliding_window", "sliding_window"},
                              {"expert_count", "num_experts"},
                              {"expert_used_count", "num_experts_per_tok"},
                              {"expert_feed_forward_length", "moe_intermediate_size"}};
constexpr Setting kNumbers[] = {{"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
                                {"rope.freq_base", "rope_theta"},
                                {"rope.freq_base_swa", "rope_local_base_freq"},
                                {"attn_logit_softcapping", "attn_logit_softcapping"},
                                {"final_logit_softcapping", "final_logit_softcapping"}};

const nn::Tensor* find(const nn::Gguf& gguf, std::string_view name) {
  for (const auto& t : gguf.tensors())
    if (t.name == name) return &t;
  return nullptr;
}

// rope.scaling.* -> rope_scaling. LongRoPE's divisors are tensors.
Json scaling(const nn::Gguf& gguf, const std::string& prefix) {
  Json out = Json::object();
  const auto type = gguf.text(prefix + "rope.scaling.type");
  const nn::Tensor *far = find(gguf, "rope_factors_long.weight"), *brief = find(gguf, "rope_factors_short.weight");
  if (far && brief) {
    out = {{"type", "longrope"}, {"long_factor", read_floats(*far)}, {"short_factor", read_floats(*brief)}};
    if (const auto by = gguf.number(prefix + "rope.scaling.attn_factor")) out["attention_factor"] = *by;
  } else if (type && *type != "none") {
    out["type"] = std::string(*type);
    if (const auto factor = gguf.number(prefix + "rope.scaling.factor")) out["factor"] = *factor;
  }
  if (const auto length = gguf.whole(prefix + "rope.scaling.original_context_length"))
    out["original_max_position_embeddings"] = *length;
  return out;
}

}  // namespace

Config gguf_config(const nn::Gguf& gguf) {
  const auto name = gguf.text("general.architecture");
  if (!name) throw Error(Code::Corrupt, gguf.what() + ": has no general.architecture");
  const Architecture* architecture = nullptr;
  std::string known;
  for (const auto& a : kArchitectures) {
    if (a.name == *name) architecture = &a;
    known += (known.empty() ? "" : ", ") + std::string(a.name);
  }
  if (!architecture)
    throw Error(Code::Unsupported,
                gguf.what() + ": architecture '" + std::string(*name) + "'; this version runs " + known);

  const std::string prefix = std::string(*name) + ".";
  Json out{{"model_type", architecture->model_type},
           {"rope_neighbours", architecture->neighbours},
           {"norms_have_one", true},
           {"norm_topk_prob", true},
           {"tie_word_embeddings", find(gguf, "output.weight") == nullptr}};
  out["hidden_act"] = name->substr(0, 5) == "gemma" ? "gelu_pytorch_tanh" : "silu";
  for (const auto& s : kSizes)
    if (const auto value = gguf.whole(prefix + s.gguf)) out[s.config] = *value;
  for (const auto& s : kNumbers)
    if (const auto value = gguf.number(prefix + s.gguf)) out[s.config] = *value;
  const nn::Tensor* embedding = find(gguf, "token_embd.weight");
  if (!embedding) throw Error(Code::Corrupt, gguf.what() + ": tensor 'token_embd.weight' is missing");
  out["vocab_size"] = embedding->rows();
  if (Json s = scaling(gguf, prefix); s.contains("type")) out["rope_scaling"] = std::move(s);
  // Only files of these two families have windows that the runtime is to honour; the layers' pattern is the family's.
  if (architecture->model_type == "llama") out.erase("sliding_window");
  // A part of each head turns: said by how many values do.
  const auto turned = gguf.whole(prefix + "rope.dimension_count");
  const auto heads = out.value("num_attention_heads", uint64_t{0}), width = out.value("hidden_size", uint64_t{0});
  const uint64_t head = out.value("head_dim", heads ? width / heads : 0);
  if (turned && head && *turned != head)
    out["partial_rotary_factor"] = static_cast<double>(*turned) / static_cast<double>(head);
  return Config(std::move(out), gguf.what());
}

text::Tokenizer gguf_tokenizer(const nn::Gguf& gguf) {
  const std::string p = "tokenizer.ggml.";
  const auto id = [&](const char* key) -> std::optional<int64_t> {
    const auto value = gguf.whole(p + key);
    return value ? std::optional<int64_t>(static_cast<int64_t>(*value)) : std::nullopt;
  };
  text::tokenizers::GgufVocabulary v;
  v.model = gguf.text(p + "model").value_or("");
  v.pre = gguf.text(p + "pre").value_or("");
  v.tokens = gguf.texts(p + "tokens");
  v.scores = gguf.floats(p + "scores");
  v.types = gguf.wholes(p + "token_type");
  v.merges = gguf.texts(p + "merges");
  v.bos = id("bos_token_id");
  v.eos = id("eos_token_id");
  v.unknown = id("unknown_token_id");
  v.separator = id("seperator_token_id");  // so spelled in the files
  v.cls = id("cls_token_id");
  v.add_bos = gguf.flag(p + "add_bos_token");
  v.add_eos = gguf.flag(p + "add_eos_token");
  v.add_space_prefix = gguf.flag(p + "add_space_prefix");
  v.blanks_after_control = gguf.text("general.architecture") != "phi3";
  return text::Tokenizer::parse(tokenizer_json(v, gguf.what()), gguf.what());
}

namespace {

// blk.N.NAME.weight -> model.layers.N.OTHER.weight
const std::map<std::string_view, std::string_view>& block_names() {
  static const std::map<std::string_view, std::string_view> names = {
      {"attn_norm", "input_layernorm"},
      {"attn_q", "self_attn.q_proj"},
      {"attn_k", "self_attn.k_proj"},
      {"attn_v", "self_attn.v_proj"},
      {"attn_qkv", "self_attn.qkv_proj"},
      {"attn_output", "self_attn.o_proj"},
      {"attn_q_norm", "self_attn.q_norm"},
      {"attn_k_norm", "self_attn.k_norm"},
      {"post_attention_norm", "post_attention_layernorm"},
      {"post_ffw_norm", "post_feedforward_layernorm"},
      {"ffn_gate", "mlp.gate_proj"},
      {"ffn_up", "mlp.up_proj"},
      {"ffn_down", "mlp.down_proj"},
      {"ffn_gate_inp", "mlp.gate"},
  };
  return names;
}

nn::Tensor named(const nn::Tensor& tensor, std::string name) {
  nn::Tensor out = tensor;
  out.name = std::move(name);
  return out;
}

// [experts, rows, columns] -> one [rows, columns] each.
std::vector<nn::Tensor> unstacked(const nn::Tensor& tensor, const std::string& before, const std::string& after) {
  std::vector<nn::Tensor> out;
  if (tensor.shape.size() != 3)
    throw Error(Code::Corrupt, "tensor '" + tensor.name + "': is " + describe(tensor) + ", expected three axes");
  const size_t experts = tensor.shape[0], bytes = tensor.bytes.size() / experts;
  for (size_t e = 0; e < experts; ++e) {
    nn::Tensor one = named(tensor, before + std::to_string(e) + after);
    one.shape = {tensor.shape[1], tensor.shape[2]};
    one.bytes = tensor.bytes.subspan(e * bytes, bytes);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::vector<nn::Tensor> renamed(const nn::Tensor& tensor, const std::string& model_type) {
  const std::string& name = tensor.name;
  if (name == "token_embd.weight") return {named(tensor, "model.embed_tokens.weight")};
  if (name == "output_norm.weight") return {named(tensor, "model.norm.weight")};
  if (name == "output.weight") return {named(tensor, "lm_head.weight")};
  if (!name.starts_with("blk.")) return {tensor};
  const size_t dot = name.find('.', 4), end = name.rfind('.');
  if (dot == std::string::npos || end <= dot) return {tensor};
  const std::string layer = "model.layers." + name.substr(4, dot - 4) + ".", tail = name.substr(end);
  const std::string_view inner = std::string_view(name).substr(dot + 1, end - dot - 1);
  if (inner.starts_with("ffn_") && inner.ends_with("_exps")) {
    const std::string part(inner.substr(4, inner.size() - 9));
    return unstacked(tensor, layer + "mlp.experts.", "." + part + "_proj" + tail);
  }
  const bool gemma = model_type.starts_with("gemma");
  if (inner == "ffn_norm")
    return {named(tensor, layer + (gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm") + tail)};
  if (inner == "ffn_up" && model_type == "phi3") return {named(tensor, layer + "mlp.gate_up_proj" + tail)};
  const auto found = block_names().find(inner);
  if (found == block_names().end()) return {tensor};
  return {named(tensor, layer + std::string(found->second) + tail)};
}

}  // namespace hanok::lm

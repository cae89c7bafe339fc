#include "lm/adapter.h"

#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "hanok/error.h"
#include "lm/config.h"
#include "lm/grammar/regex.h"

namespace hanok::lm {
namespace {

namespace fs = base::fs;
using base::Json;

// Names in adapter_config.json are regular expressions over the ends of modules' names.
bool names_end(const std::string& module, const std::string& pattern) {
  if (module == pattern || module.ends_with("." + pattern)) return true;
  if (pattern.find_first_of("*+?[](){}|^$\\") == std::string::npos) return false;
  return grammar::Language::of(*grammar::parse_regex("(.*\\.)?(" + pattern + ")")).contains(module);
}

struct Settings {
  size_t rank = 8;
  double alpha = 8;
  bool root = false;  // rsLoRA
  Json targets, excluded, rank_pattern, alpha_pattern, layers;
  std::vector<std::string> saved;

  /// 0 where the configuration gives no sensible one.
  size_t rank_of(const std::string& module) const {
    constexpr double kMost = 1 << 16;
    const double r = pattern(rank_pattern, module, static_cast<double>(rank));
    return r >= 1 && r <= kMost ? static_cast<size_t>(r) : 0;
  }
  float scale_of(const std::string& module) const {
    const auto r = static_cast<double>(rank_of(module));
    return static_cast<float>(pattern(alpha_pattern, module, alpha) / (root ? std::sqrt(r) : r));
  }
  bool wants(const std::string& module, size_t layer) const {
    const auto listed = [&](const Json& names) {
      if (names.is_string()) {
        const auto name = names.get<std::string>();
        if (name == "all-linear") return module != "lm_head";
        return grammar::Language::of(*grammar::parse_regex(name)).contains(module);
      }
      for (const auto& name : names)
        if (names_end(module, name.get<std::string>())) return true;
      return false;
    };
    if (!listed(targets) || (!excluded.is_null() && listed(excluded))) return false;
    if (layers.is_null()) return true;
    if (layers.is_number()) return layers == layer;
    return std::find(layers.begin(), layers.end(), layer) != layers.end();
  }

 private:
  static double pattern(const Json& patterns, const std::string& module, double otherwise) {
    for (const auto& [key, value] : patterns.items())
      if (names_end(module, key)) return value.get<double>();
    return otherwise;
  }
};

Settings read_settings(const Config& config) {
  const Json& json = config.json();
  const auto unsupported = [&](const std::string& what) {
    throw Error(Code::Unsupported, config.what() + ": " + what);
  };
  if (const auto type = config.text("peft_type", ""); type != "LORA")
    unsupported("peft_type is '" + type + "'; this version runs LORA");
  const auto set = [&](const char* key) {
    const auto at = json.find(key);
    return at != json.end() && !at->is_null() && *at != Json(false) && *at != Json::object() && *at != Json::array();
  };
  for (const char* key :
       {"use_dora", "lora_bias", "use_qalora", "use_bdlora", "fan_in_fan_out", "alora_invocation_tokens",
        "layer_replication", "trainable_token_indices", "target_parameters", "arrow_config"})
    if (set(key)) unsupported("\"" + std::string(key) + "\" is set; this version runs plain LoRA and rsLoRA");
  if (const auto bias = config.text("bias", "none"); bias != "none")
    unsupported("bias is '" + bias + "', expected 'none'");
  Settings out;
  out.rank = config.size("r", 8);
  out.alpha = config.number("lora_alpha", 8);
  out.root = config.flag("use_rslora", false);
  const auto value = [&](const char* key) { return set(key) ? json.at(key) : Json(); };
  const auto names = [&](const char* key) {
    Json v = value(key);
    if (v.is_null() || v.is_string()) return v;
    if (!v.is_array() || std::any_of(v.begin(), v.end(), [](const Json& n) { return !n.is_string(); }))
      config.fail(key, "a list of names");
    return v;
  };
  const auto numbers = [&](const char* key) {
    Json v = value(key);
    if (v.is_null()) return Json(Json::object());
    if (!v.is_object() || std::any_of(v.begin(), v.end(), [](const Json& n) { return !n.is_number(); }))
      config.fail(key, "an object of numbers");
    return v;
  };
  out.targets = names("target_modules");
  if (out.targets.is_null()) config.fail("target_modules", "the names of the modules that are adapted");
  out.excluded = names("exclude_modules");
  out.rank_pattern = numbers("rank_pattern");
  out.alpha_pattern = numbers("alpha_pattern");
  out.layers = value("layers_to_transform");
  const Json saved = names("modules_to_save");
  if (saved.is_array()) out.saved = saved.get<std::vector<std::string>>();
  return out;
}

}  // namespace

// Each tensor of the file is taken once; what is left at the end belongs to nothing.
struct Adapter::Loader {
  const DecoderPlan& plan;
  Settings settings;
  nn::Weights weights;
  std::string what;
  std::set<std::string, std::less<>> left;
  size_t parameters = 0;
  std::map<std::string, std::string> in_layers;  // "layers.0.mlp.up_proj" -> the name's beginning in the file

  Loader(const fs::path& folder, const DecoderPlan& p)
      : plan(p),
        settings(read_settings(Config::read(folder / "adapter_config.json"))),
        weights(open(folder)),
        what((folder / "adapter_model.safetensors").string()) {
    for (const auto& [name, tensor] : weights.tensors()) {
      left.insert(name);
      for (const std::string_view tail : {".lora_A.weight", ".lora_B.weight"})
        if (name.ends_with(tail)) {
          const std::string stem = name.substr(0, name.size() - tail.size());
          const size_t at = stem.find("layers.");
          if (at != std::string::npos) in_layers[stem.substr(at)] = stem;
        }
    }
  }
  static nn::Weights open(const fs::path& folder) {
    const fs::path file = folder / "adapter_model.safetensors";
    if (!fs::exists(file))
      throw Error(Code::NotFound, file.string() +
                                      ": no such file; PEFT's save_pretrained writes it (older versions "
                                      "write adapter_model.bin: save again with safe_serialization)");
    return nn::Weights::open_file(file);
  }
  [[noreturn]] void corrupt(const std::string& why) const { throw Error(Code::Corrupt, what + ": " + why); }

  const nn::Tensor& take(const std::string& name, const std::vector<size_t>& shape) {
    const nn::Tensor* found = weights.find(name);
    if (!found) corrupt("tensor '" + name + "' is missing, which adapter_config.json promises");
    left.erase(name);
    parameters += found->count();
    return weights.at(name, shape);
  }

  // The delta of a matrix [out, in], where the adapter has one. neighbours: the base's rows are in pairs, as GGUF's.
  std::optional<Delta> delta(const std::string& module, size_t layer, size_t first, size_t out, size_t in,
                             bool neighbours) {
    const size_t at = module.find("layers.");
    const auto there = at == std::string::npos ? in_layers.end() : in_layers.find(module.substr(at));
    const bool wanted = settings.wants(module, layer);
    if (!wanted && there == in_layers.end() && !weights.find("base_model.model." + module + ".lora_A.weight"))
      return std::nullopt;
    const std::string stem = there != in_layers.end() ? there->second : "base_model.model." + module;
    if (!wanted) corrupt("tensor '" + stem + ".lora_A.weight' is of a module that target_modules does not name");
    const size_t r = settings.rank_of(module);
    if (r == 0) corrupt("adapter_config.json gives " + module + " no rank above zero");
    const auto a = read_floats(take(stem + ".lora_A.weight", {r, in}));
    auto b = read_floats(take(stem + ".lora_B.weight", {out, r}));
    const float scale = settings.scale_of(module);
    for (float& v : b) v *= scale;
    if (neighbours) b = paired(b, out, r);
    const auto bytes = [](const std::vector<float>& v) { return reinterpret_cast<const std::byte*>(v.data()); };
    return Delta{.a = math::PackedWeights(math::WeightFormat::F32, bytes(a), r, in),
                 .b = math::PackedWeights(math::WeightFormat::F32, bytes(b), out, r),
                 .first = first};
  }

  // Rows of each head [2, d / 2] -> [d / 2, 2], as the converter lays queries and keys of Llama files out.
  std::vector<float> paired(const std::vector<float>& b, size_t out, size_t r) const {
    std::vector<float> to(b.size());
    const size_t d = plan.head_dim;
    for (size_t row = 0; row < out; ++row) {
      const size_t head = row / d, half = row % d / (d / 2), i = row % (d / 2);
      std::copy_n(b.data() + row * r, r, to.data() + (head * d + 2 * i + half) * r);
    }
    return to;
  }
};

Adapter Adapter::load(const fs::path& folder, const DecoderPlan& p) {
  if (!fs::exists(folder / "adapter_config.json"))
    throw Error(Code::NotFound, (folder / "adapter_config.json").string() +
                                    ": no such file; an adapter is a folder as PEFT "
                                    "writes it");
  Loader load(folder, p);
  for (const auto& name : load.settings.saved)
    if (name != "lm_head")
      throw Error(Code::Unsupported,
                  load.what + ": modules_to_save has '" + name + "'; this version takes lm_head alone");
  Adapter out;
  out.layers_.resize(p.layers);
  const size_t q = p.heads * p.head_dim, kv = p.kv_heads * p.head_dim;
  const bool pairs = !p.ropes.empty() && p.ropes[0].neighbours;
  for (size_t i = 0; i < p.layers; ++i) {
    const std::string l = "model.layers." + std::to_string(i) + ".";
    const auto add = [&](Part part, const std::string& name, size_t first, size_t rows, size_t in,
                         bool paired = false) {
      if (auto d = load.delta(l + name, i, first, rows, in, paired))
        out.layers_[i].parts[static_cast<size_t>(part)].push_back(std::move(*d));
    };
    if (p.fused_qkv) {
      add(Part::Qkv, "self_attn.qkv_proj", 0, q + 2 * kv, p.width);
    } else {
      add(Part::Qkv, "self_attn.q_proj", 0, q, p.width, pairs);
      add(Part::Qkv, "self_attn.k_proj", q, kv, p.width, pairs);
      add(Part::Qkv, "self_attn.v_proj", q + kv, kv, p.width);
    }
    add(Part::Out, "self_attn.o_proj", 0, p.width, q);
    if (p.layer[i].experts) continue;
    if (p.fused_gate_up) {
      add(Part::GateUp, "mlp.gate_up_proj", 0, 2 * p.inner, p.width);
    } else {
      add(Part::GateUp, "mlp.gate_proj", 0, p.inner, p.width);
      add(Part::GateUp, "mlp.up_proj", p.inner, p.inner, p.width);
    }
    add(Part::Down, "mlp.down_proj", 0, p.width, p.inner);
  }
  if (auto d = load.delta("lm_head", SIZE_MAX, 0, p.vocabulary, p.width, false)) out.head_.push_back(std::move(*d));
  if (!load.settings.saved.empty()) {
    const std::string head = "base_model.model.lm_head";
    load.take(head + ".weight", {p.vocabulary, p.width});
    out.output_ = nn::WeightLinear(load.weights, {head}, {p.vocabulary}, p.width, nn::Precision::Exact);
  }
  if (!load.left.empty())
    load.corrupt("tensor '" + *load.left.begin() + "' belongs to no matrix that this model can adapt (" +
                 std::to_string(load.left.size()) + " such tensors); is it an adapter of another model?");
  if (load.parameters == 0) load.corrupt("target_modules match nothing of this model");
  out.parameters_ = load.parameters;
  return out;
}

void Adapter::apply(const Delta& delta, const math::Activations& x, size_t m, float* y, size_t ldy,
                    AdapterMemory& memory) {
  const size_t r = delta.a.width();
  float* low = memory.low.reserve(m * r);
  product(x, delta.a, low, r);
  memory.inner.set(low, r, m, r, math::Arithmetic::Floats);
  product(memory.inner, delta.b, y + delta.first, ldy, {.accumulate = true});
}

void Adapter::add(size_t layer, Part part, const float* x, size_t ldx, size_t m, float* y, size_t ldy,
                  AdapterMemory& memory) const {
  const auto& deltas = layers_[layer].parts[static_cast<size_t>(part)];
  if (deltas.empty() || m == 0) return;
  memory.outer.set(x, ldx, m, deltas[0].a.depth(), math::Arithmetic::Floats);
  for (const Delta& d : deltas) apply(d, memory.outer, m, y, ldy, memory);
}

void Adapter::output(const float* x, size_t ldx, size_t m, float* y, size_t ldy, DecodeMemory& memory) const {
  if (m == 0) return;
  if (replaces_output()) output_(x, ldx, m, y, ldy, memory.linear);
  if (head_.empty()) return;
  memory.adapter.outer.set(x, ldx, m, head_[0].a.depth(), math::Arithmetic::Floats);
  for (const Delta& d : head_) apply(d, memory.adapter.outer, m, y, ldy, memory.adapter);
}

}  // namespace hanok::lm

#include "lm/arch/decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/threads.h"
#include "hanok/error.h"
#include "lm/adapter.h"
#include "lm/arch/encoder.h"
#include "math/rows.h"
#include "nn/cached_attention.h"

namespace hanok::lm {

struct Decoder::Layer {
  std::vector<float> before_attention, after_attention, before_mlp, after_mlp;  // empty where there is none
  std::vector<float> q_norm, k_norm;
  nn::WeightLinear qkv, out, gate_up, down;
  nn::WeightLinear router;
  std::vector<nn::WeightLinear> expert_gate_up, expert_down;
};

Decoder::Decoder(DecoderPlan plan, const nn::Weights& weights, std::string what, nn::Precision precision)
    : plan_(std::move(plan)), what_(std::move(what)), weights_(&weights) {
  size_t count = 0;
  for (const auto& [name, tensor] : weights.tensors()) count += tensor.count();
  if (precision == nn::Precision::Fast && count < kSmallModel) precision = nn::Precision::Floats;
  const auto& p = plan_;
  const std::string top = weights.prefix_of("embed_tokens.weight", {"model.", "", "language_model.model."});
  embedding_ = &weights.at(top + "embed_tokens.weight", {p.vocabulary, p.width});
  final_norm_ = gain(weights, top + "norm.weight", p.width);
  const auto linear = [&](const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in) {
    return nn::WeightLinear(weights, names, out, in, precision);
  };
  // What is packed need not be in memory twice: the file's pages are let go as it goes on, the largest matrix first.
  output_ = linear({p.tied ? top + "embed_tokens" : "lm_head"}, {p.vocabulary}, p.width);
  weights.let_go();
  const size_t q = p.heads * p.head_dim, kv = p.kv_heads * p.head_dim;
  for (size_t i = 0; i < p.layers; ++i) {
    const std::string l = top + "layers." + std::to_string(i) + ".", a = l + "self_attn.", m = l + "mlp.";
    auto made = std::make_shared<Layer>();
    Layer& layer = *made;
    if (p.norms != Norms::After) layer.before_attention = gain(weights, l + "input_layernorm.weight", p.width);
    if (p.norms != Norms::Before) layer.after_attention = gain(weights, l + "post_attention_layernorm.weight", p.width);
    if (p.norms == Norms::Before) layer.before_mlp = gain(weights, l + "post_attention_layernorm.weight", p.width);
    if (p.norms == Norms::Around) layer.before_mlp = gain(weights, l + "pre_feedforward_layernorm.weight", p.width);
    if (p.norms != Norms::Before) layer.after_mlp = gain(weights, l + "post_feedforward_layernorm.weight", p.width);
    if (p.head_norms) {
      layer.q_norm = gain(weights, a + "q_norm.weight", p.head_dim);
      layer.k_norm = gain(weights, a + "k_norm.weight", p.head_dim);
    }
    layer.qkv = p.fused_qkv ? linear({a + "qkv_proj"}, {q + 2 * kv}, p.width)
                            : linear({a + "q_proj", a + "k_proj", a + "v_proj"}, {q, kv, kv}, p.width);
    layer.out = linear({a + "o_proj"}, {p.width}, q);
    if (p.layer[i].experts) {
      const size_t inner = p.experts.inner;
      layer.router = linear({m + "gate"}, {p.experts.count}, p.width);
      for (size_t e = 0; e < p.experts.count; ++e) {
        const std::string x = m + "experts." + std::to_string(e) + ".";
        layer.expert_gate_up.push_back(linear({x + "gate_proj", x + "up_proj"}, {inner, inner}, p.width));
        layer.expert_down.push_back(linear({x + "down_proj"}, {p.width}, inner));
      }
    } else {
      layer.gate_up = p.fused_gate_up ? linear({m + "gate_up_proj"}, {2 * p.inner}, p.width)
                                      : linear({m + "gate_proj", m + "up_proj"}, {p.inner, p.inner}, p.width);
      layer.down = linear({m + "down_proj"}, {p.width}, p.inner);
    }
    layers_.push_back(std::move(made));
    weights.let_go();
  }
}

nn::KvShape Decoder::kv_shape(nn::KvType type) const {
  return {.layers = plan_.layers, .kv_heads = plan_.kv_heads, .head_dim = plan_.head_dim, .type = type};
}

std::vector<float> Decoder::gain(const nn::Weights& weights, const std::string& name, size_t width) const {
  auto out = read_floats(weights.at(name, {width}));
  for (float& x : out) x += plan_.norm_offset;
  return out;
}

namespace {

// Work on each of n tokens; threads share it where there are many.
template <class Work>
void for_tokens(size_t n, Work work) {
  constexpr size_t kFew = 16, kGrain = 8;
  base::parallel_for(
      n, kGrain,
      [&work](size_t begin, size_t end, size_t) {
        for (size_t t = begin; t < end; ++t) work(t);
      },
      n < kFew ? 1 : 0);
}

}  // namespace

void Decoder::normalise(const std::vector<float>& gain, size_t n, const float* x, float* to) const {
  for_tokens(n, [&](size_t t) {
    math::rows().rms_norm(x + t * plan_.width, plan_.width, gain.data(), plan_.eps, to + t * plan_.width);
  });
}

void Decoder::check(std::span<const DecodeStep> steps) const {
  for (const auto& step : steps) {
    for (const int32_t id : step.ids)
      if (id < 0 || static_cast<size_t>(id) >= plan_.vocabulary)
        throw Error(Code::Invalid, what_ + ": token id " + std::to_string(id) + " is outside the vocabulary of " +
                                       std::to_string(plan_.vocabulary) + "; the tokenizer belongs to another model");
    if (step.cache->length() + step.ids.size() > plan_.positions)
      throw Error(Code::Exhausted, what_ + ": " + std::to_string(step.cache->length() + step.ids.size()) +
                                       " tokens, the model's context has " + std::to_string(plan_.positions));
    if (step.logits > step.ids.size())
      throw Error(Code::Invalid, what_ + ": logits of " + std::to_string(step.logits) + " of " +
                                     std::to_string(step.ids.size()) + " tokens were asked for");
  }
}

namespace {

// Room in every cache, given back where one has none left.
class Extended {
 public:
  explicit Extended(std::span<const DecodeStep> steps) : steps_(steps) {
    try {
      for (; done_ < steps_.size(); ++done_) {
        before_.push_back(steps_[done_].cache->length());
        steps_[done_].cache->extend(steps_[done_].ids.size());
      }
    } catch (...) {
      undo();
      throw;
    }
  }
  void undo() {
    while (done_ > 0) {
      --done_;
      steps_[done_].cache->truncate(before_[done_]);
    }
  }

 private:
  std::span<const DecodeStep> steps_;
  std::vector<size_t> before_;
  size_t done_ = 0;
};

}  // namespace

// A row that is touched brings its neighbours of 64 KiB into memory, so that the whole matrix would be there in the
// end.
constexpr size_t kLookUpsKept = 64;

void Decoder::look_up(std::span<const DecodeStep> steps, float* x) const {
  const size_t w = plan_.width;
  size_t rows = 0;
  for (const auto& step : steps)
    for (const int32_t id : step.ids) {
      float* to = x + rows++ * w;
      read_floats(*embedding_, static_cast<size_t>(id) * w, w, to);
      if (plan_.embedding_scale != 1)
        for (size_t j = 0; j < w; ++j) to[j] *= plan_.embedding_scale;
    }
  if (looked_up_.fetch_add(rows, std::memory_order_relaxed) + rows < kLookUpsKept) return;
  looked_up_.store(0, std::memory_order_relaxed);
  weights_->let_go();
}

void Decoder::run(std::span<const DecodeStep> steps, DecodeMemory& memory, float* logits) const {
  check(steps);
  Extended extended(steps);
  size_t n = 0, longest = 0;
  for (const auto& step : steps) {
    n += step.ids.size();
    longest = std::max(longest, step.cache->length());
  }
  memory.angles.resize(plan_.ropes.size());
  for (size_t r = 0; r < plan_.ropes.size(); ++r) memory.angles[r].reserve(plan_.ropes[r], longest);
  memory.long_angles.resize(plan_.long_ropes.size());
  for (size_t r = 0; r < plan_.long_ropes.size(); ++r) memory.long_angles[r].reserve(plan_.long_ropes[r], longest);

  const size_t w = plan_.width;
  float* x = memory.x.reserve(n * w);
  float* normed = memory.normed.reserve(n * w);
  float* part = memory.part.reserve(n * w);
  look_up(steps, x);

  const auto block = [&](const std::vector<float>& before, const std::vector<float>& after, auto part_of) {
    const float* from = x;
    if (!before.empty()) {
      normalise(before, n, x, normed);
      from = normed;
    }
    part_of(from, part);
    if (!after.empty()) normalise(after, n, part, part);
    for_tokens(n, [&](size_t t) { math::rows().add(x + t * w, part + t * w, w); });
  };
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = *layers_[i];
    block(layer.before_attention, layer.after_attention,
          [&](const float* from, float* to) { attention(layer, i, steps, memory, from, n, to); });
    block(layer.before_mlp, layer.after_mlp, [&](const float* from, float* to) {
      if (plan_.layer[i].experts)
        experts(layer, memory, from, n, to);
      else
        mlp(layer, i, steps, memory, from, n, to);
    });
  }

  // Only the rows whose logits are wanted go through the output matrix.
  size_t wanted = 0, first = 0;
  for (const auto& step : steps) {
    for (size_t t = step.ids.size() - step.logits; t < step.ids.size(); ++t, ++wanted)
      math::rows().rms_norm(x + (first + t) * w, w, final_norm_.data(), plan_.eps, normed + wanted * w);
    first += step.ids.size();
  }
  if (wanted == 0) return;
  if (std::any_of(steps.begin(), steps.end(),
                  [](const auto& s) { return !s.adapter || !s.adapter->replaces_output(); }))
    output_(normed, w, wanted, logits, plan_.vocabulary, memory.linear);
  size_t row_of = 0;
  for (const auto& step : steps) {
    if (step.adapter)
      step.adapter->output(normed + row_of * w, w, step.logits, logits + row_of * plan_.vocabulary, plan_.vocabulary,
                           memory);
    row_of += step.logits;
  }
  if (plan_.logit_cap > 0)
    for (size_t i = 0; i < wanted * plan_.vocabulary; ++i)
      logits[i] = plan_.logit_cap * std::tanh(logits[i] / plan_.logit_cap);
}

namespace {

// What each sequence's adapter adds to a product.
void adapt(std::span<const DecodeStep> steps, size_t layer, Adapter::Part part, const float* x, size_t ldx, float* y,
           size_t ldy, DecodeMemory& memory) {
  size_t row = 0;
  for (const auto& step : steps) {
    if (step.adapter)
      step.adapter->add(layer, part, x + row * ldx, ldx, step.ids.size(), y + row * ldy, ldy, memory.adapter);
    row += step.ids.size();
  }
}

}  // namespace

void Decoder::attention(const Layer& layer, size_t index, std::span<const DecodeStep> steps, DecodeMemory& memory,
                        const float* from, size_t n, float* to) const {
  const auto& p = plan_;
  const size_t d = p.head_dim, q = p.heads * d, kv = p.kv_heads * d, stride = q + 2 * kv;
  float* qkv = memory.qkv.reserve(n * stride);
  float* context = memory.context.reserve(n * q);
  layer.qkv(from, p.width, n, qkv, stride, memory.linear);
  adapt(steps, index, Adapter::Part::Qkv, from, p.width, qkv, stride, memory);
  const nn::CachedAttention how{
      .heads = p.heads,
      .scale = p.attention_scale != 0 ? p.attention_scale : 1 / std::sqrt(static_cast<float>(d)),
      .window = p.layer[index].window,
      .soft_cap = p.score_cap};
  const int r = p.layer[index].rope;
  memory.rows.clear();
  for (size_t s = 0; s < steps.size(); ++s)
    for (size_t t = 0; t < steps[s].ids.size(); ++t) memory.rows.push_back({s, t});
  for_tokens(n, [&](size_t row) {
    const auto [s, t] = memory.rows[row];
    nn::KvSequence& cache = *steps[s].cache;
    const size_t position = cache.length() - steps[s].ids.size() + t;
    const bool far = p.long_from > 0 && cache.length() > p.long_from;
    float* x = qkv + row * stride;
    if (p.head_norms)
      for (size_t h = 0; h < p.heads + p.kv_heads; ++h)
        math::rows().rms_norm(x + h * d, d, (h < p.heads ? layer.q_norm : layer.k_norm).data(), p.eps, x + h * d);
    if (r >= 0)
      rotate(far ? p.long_ropes[r] : p.ropes[r], far ? memory.long_angles[r] : memory.angles[r], position, x,
             p.heads + p.kv_heads, d);
    cache.put_key(index, position, x + q);
    cache.put_value(index, position, x + q + kv);
  });
  std::vector<size_t>& starts = memory.starts;
  starts.clear();
  for (size_t s = 0, row = 0; s < steps.size(); row += steps[s++].ids.size()) starts.push_back(row);
  const auto attend_in = [&](size_t s) {
    const size_t count = steps[s].ids.size(), first = steps[s].cache->length() - count;
    attend(how, *steps[s].cache, index, first, count, qkv + starts[s] * stride, stride, context + starts[s] * q, q);
  };
  // Threads share the tokens of a long step; of many short ones each thread takes some.
  constexpr size_t kShort = 4;
  if (n > kShort * steps.size())
    for (size_t s = 0; s < steps.size(); ++s) attend_in(s);
  else
    base::parallel_for(steps.size(), 1, [&](size_t begin, size_t end, size_t) {
      for (size_t s = begin; s < end; ++s) attend_in(s);
    });
  layer.out(context, q, n, to, p.width, memory.linear);
  adapt(steps, index, Adapter::Part::Out, context, q, to, p.width, memory);
}

namespace {

// [gate, up] rows -> activation(gate) * up, in the first half of each row.
void gated(math::Activation activation, float* x, size_t n, size_t inner) {
  for_tokens(n, [=](size_t t) {
    float* row = x + t * 2 * inner;
    math::activate(activation, row, inner);
    math::rows().multiply(row, row + inner, inner);
  });
}

}  // namespace

void Decoder::mlp(const Layer& layer, size_t index, std::span<const DecodeStep> steps, DecodeMemory& memory,
                  const float* from, size_t n, float* to) const {
  const size_t w = plan_.width, stride = 2 * plan_.inner;
  float* inner = memory.inner.reserve(n * stride);
  layer.gate_up(from, w, n, inner, stride, memory.linear);
  adapt(steps, index, Adapter::Part::GateUp, from, w, inner, stride, memory);
  gated(plan_.activation, inner, n, plan_.inner);
  layer.down(inner, stride, n, to, w, memory.linear);
  adapt(steps, index, Adapter::Part::Down, inner, stride, to, w, memory);
}

// Tokens are gathered by expert, so that each expert's matrices are read once.
void Decoder::experts(const Layer& layer, DecodeMemory& memory, const float* from, size_t n, float* to) const {
  const Experts& e = plan_.experts;
  const size_t w = plan_.width;
  std::vector<float> scores(n * e.count);
  layer.router(from, w, n, scores.data(), e.count, memory.linear);
  struct Use {
    size_t token;
    float weight;
  };
  std::vector<std::vector<Use>> of(e.count);
  std::vector<size_t> order(e.count);
  for (size_t t = 0; t < n; ++t) {
    float* s = scores.data() + t * e.count;
    math::rows().softmax(s, e.count, 1);
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(e.used), order.end(),
                      [&](size_t a, size_t b) { return s[a] != s[b] ? s[a] > s[b] : a < b; });
    float sum = 0;
    for (size_t i = 0; i < e.used; ++i) sum += s[order[i]];
    for (size_t i = 0; i < e.used; ++i) of[order[i]].push_back({t, e.normalise ? s[order[i]] / sum : s[order[i]]});
  }
  std::fill_n(to, n * w, 0.0f);
  for (size_t i = 0; i < e.count; ++i) {  // always in the order of experts: a token's sum has one order
    const auto& uses = of[i];
    if (uses.empty()) continue;
    float* rows = memory.chosen.reserve(2 * uses.size() * w);
    float* inner = memory.inner.reserve(uses.size() * 2 * e.inner);
    for (size_t u = 0; u < uses.size(); ++u) std::memcpy(rows + u * w, from + uses[u].token * w, w * sizeof(float));
    float* result = rows + uses.size() * w;
    layer.expert_gate_up[i](rows, w, uses.size(), inner, 2 * e.inner, memory.linear);
    gated(plan_.activation, inner, uses.size(), e.inner);
    layer.expert_down[i](inner, 2 * e.inner, uses.size(), result, w, memory.linear);
    for (size_t u = 0; u < uses.size(); ++u)
      math::rows().add_scaled(to + uses[u].token * w, result + u * w, uses[u].weight, w);
  }
}

// ---- families ----

namespace {

struct Family {
  std::string_view model_type;
  DecoderPlan (*plan)(const Config&, const nn::Weights&);
};

constexpr std::array kFamilies{
    Family{"llama", plan_llama},        Family{"mistral", plan_mistral}, Family{"qwen2", plan_qwen2},
    Family{"qwen3", plan_qwen3},        Family{"qwen3_moe", plan_qwen3}, Family{"gemma2", plan_gemma2},
    Family{"gemma3_text", plan_gemma3}, Family{"gemma3", plan_gemma3},   Family{"phi3", plan_phi3},
    Family{"exaone4", plan_exaone4},    Family{"smollm3", plan_smollm3}};

}  // namespace

DecoderPlan plan_of(const Config& config, const nn::Weights& weights) {
  const std::string type = config.text("model_type", "");
  std::string known;
  for (const Family& family : kFamilies) {
    if (family.model_type == type) return family.plan(config, weights);
    known += (known.empty() ? "" : ", ") + std::string(family.model_type);
  }
  throw Error(Code::Unsupported, config.what() + ": model_type is '" + type +
                                     "', which is no language model that this " + "version runs; it runs " + known);
}

DecoderPlan usual_plan(const Config& config) {
  DecoderPlan p;
  p.width = config.size("hidden_size");
  p.layers = config.size("num_hidden_layers");
  p.heads = config.size("num_attention_heads");
  p.kv_heads = config.size("num_key_value_heads", p.heads);
  p.inner = config.size("intermediate_size");
  p.vocabulary = config.size("vocab_size");
  p.positions = config.size("max_position_embeddings");
  p.eps = static_cast<float>(config.number("rms_norm_eps", 1e-6));
  p.tied = config.flag("tie_word_embeddings", false);
  p.activation = activation_of(config, config.has("hidden_activation") ? "hidden_activation" : "hidden_act");
  if (p.heads == 0 || p.kv_heads == 0 || p.heads % p.kv_heads != 0)
    config.fail("num_key_value_heads", "a divisor of num_attention_heads");
  p.head_dim = config.size("head_dim", p.width / p.heads);
  if (p.head_dim == 0 || p.head_dim % 2 != 0) config.fail("head_dim", "an even number");
  if (p.layers == 0 || p.width == 0 || p.vocabulary == 0) config.fail("num_hidden_layers", "sizes above zero");
  p.layer.resize(p.layers);
  return p;
}

bool has_window(const Config& config, size_t layer, size_t every) {
  if (!config.has("layer_types")) return every == 0 || (layer + 1) % every != 0;
  const auto& types = config.json()["layer_types"];
  if (!types.is_array() || types.size() <= layer || !types[layer].is_string())
    config.fail("layer_types", "a type for every layer");
  return types[layer] == "sliding_attention";
}

double rope_base(const Config& config, double otherwise) {
  return config.object("rope_parameters").number("rope_theta", config.number("rope_theta", otherwise));
}

nn::Rope rope_of(const Config& config, size_t dim, double base, const nn::Weights* weights) {
  // transformers 5 writes rope_parameters, earlier ones rope_scaling; "type" is the older spelling of "rope_type".
  Config scaling = config.object("rope_parameters");
  if (!scaling.has("rope_type")) scaling = config.object("rope_scaling");
  const std::string type = scaling.text("rope_type", scaling.text("type", "default"));
  nn::Rope rope{.frequencies = nn::rope_frequencies(dim, base), .neighbours = config.flag("rope_neighbours", false)};
  const double length = static_cast<double>(config.size("max_position_embeddings"));
  const double original =
      scaling.number("original_max_position_embeddings", config.number("original_max_position_embeddings", length));
  const double factor = scaling.number("factor", 1);
  if (type == "linear") {
    for (float& f : rope.frequencies) f = static_cast<float>(f / factor);
  } else if (type == "dynamic") {
    // NTK scaling by the model's whole length: what the published program does beyond the original one.
    if (length > original) {
      const double n = static_cast<double>(dim);
      const double grown = base * std::pow(factor * length / original - (factor - 1), n / (n - 2));
      rope.frequencies = nn::rope_frequencies(dim, grown);
    }
  } else if (type == "yarn") {
    rope.magnitude = nn::scale_yarn(rope.frequencies, base, factor, scaling.number("beta_fast", 32),
                                    scaling.number("beta_slow", 1), original, scaling.flag("truncate", true));
    rope.magnitude = static_cast<float>(scaling.number("attention_factor", rope.magnitude));
  } else if (type == "llama3") {
    nn::scale_llama3(rope.frequencies, factor, scaling.number("low_freq_factor", 1),
                     scaling.number("high_freq_factor", 4), original);
  } else if (type != "default" && type != "longrope" && type != "su") {
    throw Error(Code::Unsupported, config.what() + ": rope_type is '" + type +
                                       "', this version runs default, linear, dynamic, yarn, llama3, longrope");
  }
  if (weights)
    if (weights->find("rope_freqs.weight")) {  // Llama 3's scaling as GGUF files have it
      const auto by = read_floats(weights->at("rope_freqs.weight", {rope.half()}));
      for (size_t i = 0; i < by.size(); ++i) rope.frequencies[i] /= by[i];
    }
  return rope;
}

}  // namespace hanok::lm

#include "lm/arch/encoder.h"

#include <array>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

struct Family {
  std::string_view model_type;
  std::unique_ptr<Encoder> (*make)(const Config&, const nn::Weights&, nn::LinearPrecision);
};

constexpr std::array kFamilies{Family{"bert", make_bert},           Family{"roberta", make_roberta},
                               Family{"xlm-roberta", make_roberta}, Family{"camembert", make_roberta},
                               Family{"mpnet", make_mpnet},         Family{"modernbert", make_modernbert},
                               Family{"qwen3", make_qwen3},         Family{"qwen2", make_qwen3}};

struct Named {
  std::string_view name;
  math::Activation activation;
};
constexpr std::array kActivations{Named{"gelu", math::Activation::Gelu},
                                  Named{"gelu_python", math::Activation::Gelu},
                                  Named{"gelu_new", math::Activation::GeluTanh},
                                  Named{"gelu_fast", math::Activation::GeluTanh},
                                  Named{"gelu_pytorch_tanh", math::Activation::GeluTanh},
                                  Named{"relu", math::Activation::Relu},
                                  Named{"silu", math::Activation::Silu},
                                  Named{"swish", math::Activation::Silu},
                                  Named{"tanh", math::Activation::Tanh}};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const Config& config, const nn::Weights& weights, nn::LinearPrecision precision) {
  const std::string type = config.text("model_type", "");
  std::string known;
  for (const Family& family : kFamilies) {
    if (family.model_type == type) return family.make(config, weights, precision);
    known += (known.empty() ? "" : ", ") + std::string(family.model_type);
  }
  throw Error(Code::Unsupported, config.what() + ": model_type is '" + type + "', this version runs " + known);
}

math::Activation activation_of(const Config& config, std::string_view key) {
  const std::string name = config.text(key, "gelu");
  for (const Named& known : kActivations)
    if (known.name == name) return known.activation;
  throw Error(Code::Unsupported,
              config.what() + ": " + std::string(key) + " is '" + name + "', which this version does not know");
}

void check_batch(const nn::Batch& batch, size_t vocabulary, size_t longest, const std::string& what) {
  for (const int32_t id : batch.ids)
    if (id < 0 || static_cast<size_t>(id) >= vocabulary)
      throw Error(Code::Invalid, what + ": token id " + std::to_string(id) + " is outside the vocabulary of " +
                                     std::to_string(vocabulary) + "; the tokenizer belongs to another model");
  if (batch.longest() > longest)
    throw Error(Code::Invalid, what + ": a text of " + std::to_string(batch.longest()) + " tokens, the model takes " +
                                   std::to_string(longest));
}

}  // namespace hanok::lm

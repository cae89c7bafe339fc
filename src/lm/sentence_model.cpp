#include "lm/sentence_model.h"

#include <array>

#include "hanok/error.h"
#include "lm/known_prompts.h"

namespace hanok::lm {
namespace {

std::string last_word(const std::string& dotted) { return dotted.substr(dotted.rfind('.') + 1); }

base::fs::path inside(const base::fs::path& folder, const std::string& path, const Config& config) {
  const base::fs::path relative(path);
  for (const auto& part : relative)
    if (part == "..") config.fail("path", "a folder inside the model's");
  if (relative.is_absolute()) config.fail("path", "a folder inside the model's");
  return path.empty() ? folder : folder / relative;
}

math::Activation dense_activation(const Config& config) {
  struct Named {
    std::string_view name;
    math::Activation activation;
  };
  static constexpr std::array kNames{Named{"Identity", math::Activation::None}, Named{"Tanh", math::Activation::Tanh},
                                     Named{"ReLU", math::Activation::Relu}, Named{"GELU", math::Activation::Gelu},
                                     Named{"SiLU", math::Activation::Silu}};
  const std::string name = last_word(config.text("activation_function", "torch.nn.modules.activation.Tanh"));
  for (const Named& known : kNames)
    if (known.name == name) return known.activation;
  throw Error(Code::Unsupported, config.what() + ": activation_function '" + name + "' is not one this version knows");
}

void read_lengths(SentenceModel& model) {
  for (const char* kind : {"bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"}) {
    const auto file = model.encoder_folder / ("sentence_" + std::string(kind) + "_config.json");
    if (!base::fs::exists(file)) continue;
    const Config config = Config::read(file);
    if (config.has("max_seq_length")) model.max_tokens = config.size("max_seq_length");
    if (model.max_tokens && *model.max_tokens < 3) config.fail("max_seq_length", "at least 3");
    model.lower_case = config.flag("do_lower_case", false);
    return;
  }
}

void read_prompts(SentenceModel& model, const Config& config) {
  const Config prompts = config.object("prompts");
  for (const auto& [name, text] : prompts.json().items()) model.prompts[name] = prompts.text(name, "");
  const std::string chosen = config.text("default_prompt_name", "");
  if (chosen.empty()) return;
  if (!model.prompts.count(chosen)) config.fail("default_prompt_name", "one of the names in prompts");
  model.default_prompt = model.prompts[chosen];
}

void add_module(SentenceModel& model, const base::fs::path& folder, const Config& entry) {
  const std::string type = last_word(entry.text("type", ""));
  const auto path = inside(folder, entry.text("path", ""), entry);
  if (type == "Transformer") {
    model.encoder_folder = path;
  } else if (type == "Pooling") {
    model.pooling = Pooling::read(Config::read(path / "config.json"));
  } else if (type == "Normalize") {
    model.normalize = true;
  } else if (type == "Dense") {
    const Config config = Config::read(path / "config.json");
    model.dense.push_back({path, config.size("in_features"), config.size("out_features"), dense_activation(config)});
  } else if (type != "Dropout") {  // does nothing when a model is used
    throw Error(Code::Unsupported,
                entry.what() + ": module '" + type + "', this version runs Transformer, Pooling, Dense and Normalize");
  }
  if (type != "Normalize" && model.normalize && type != "Dropout")
    throw Error(Code::Unsupported, entry.what() + ": module '" + type + "' after Normalize");
}

}  // namespace

std::string model_name(const base::fs::path& folder) {
  auto path = base::fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  for (const auto& part : path) {
    const std::string text = part.string();
    if (text.rfind("models--", 0) != 0) continue;
    const std::string rest = text.substr(8);
    const size_t cut = rest.find("--");
    return cut == std::string::npos ? rest : rest.substr(0, cut) + "/" + rest.substr(cut + 2);
  }
  return path.filename().string();
}

SentenceModel SentenceModel::read(const base::fs::path& folder) {
  SentenceModel model;
  model.name = model_name(folder);
  model.encoder_folder = folder;
  const auto modules = folder / "modules.json";
  if (base::fs::exists(modules)) {
    const base::Json list = base::parse_json(base::read_file(modules, 1 << 20), modules.string());
    if (!list.is_array()) throw Error(Code::Corrupt, modules.string() + ": expected a list of modules");
    for (const auto& entry : list) add_module(model, folder, Config(entry, modules.string()));
  }
  model.encoder = Config::read(model.encoder_folder / "config.json");
  read_lengths(model);
  read_prompts(model, Config::read_if_there(folder / "config_sentence_transformers.json"));
  return model;
}

namespace {

// The files' own prompt; tools write empty ones for models that state none, so those count as unstated.
std::string prompt(const SentenceModel& model, std::initializer_list<const char*> names, bool query) {
  bool stated = false;
  for (const auto& [name, text] : model.prompts) stated = stated || !text.empty();
  for (const char* name : names)
    if (const auto it = model.prompts.find(name); stated && it != model.prompts.end()) return it->second;
  if (stated) return "";
  const auto known = known_prompts(model.name + " " + model.encoder.text("_name_or_path", ""));
  return known ? std::string(query ? known->query : known->passage) : "";
}

}  // namespace

std::string SentenceModel::query_prompt() const { return prompt(*this, {"query", "search_query", "q"}, true); }
std::string SentenceModel::passage_prompt() const {
  return prompt(*this, {"passage", "document", "search_document", "corpus"}, false);
}

}  // namespace hanok::lm

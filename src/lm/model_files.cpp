#include "lm/model_files.h"

#include <algorithm>
#include <set>

#include "hanok/error.h"
#include "lm/gguf_model.h"
#include "lm/llama2c.h"
#include "lm/sentence_model.h"

namespace hanok::lm {
namespace {

namespace fs = base::fs;
using base::Json;

// Tokens that end a text whatever the settings say, by how they are written.
constexpr std::string_view kEnds[] = {
    "<|eot_id|>",    "<|im_end|>", "<|end|>",     "<|return|>",    "<|call|>",        "<end_of_turn>",
    "<|endoftext|>", "</s>",       "<|eom_id|>",  "<EOT>",         "<|end_of_text|>", "<end_of_utterance>",
    "[|endofturn|]", "<reponame>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"};

std::vector<int32_t> end_ids(const text::Tokenizer& tokenizer, std::set<int32_t> stated) {
  for (const auto name : kEnds)
    if (const auto id = tokenizer.token_id(name)) stated.insert(*id);
  return {stated.begin(), stated.end()};
}

std::string text_under(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// tokenizer_config.json has one template, or a list of named ones; newer folders a file of their own.
std::string folder_template(const fs::path& folder) {
  if (fs::exists(folder / "chat_template.jinja")) return base::read_file(folder / "chat_template.jinja", 4 << 20);
  const Config config = Config::read_if_there(folder / "tokenizer_config.json");
  const auto at = config.json().find("chat_template");
  if (at == config.json().end()) return {};
  if (at->is_string()) return at->get<std::string>();
  if (!at->is_array()) return {};
  std::string first;
  for (const auto& one : *at) {
    if (!one.is_object()) continue;
    if (text_under(one, "name") == "default") return text_under(one, "template");
    if (first.empty()) first = text_under(one, "template");
  }
  return first;
}

// eos_token_id: a number or a list, in generation_config.json or config.json.
void add_ids(const Json& json, const char* key, std::set<int32_t>& to) {
  const auto at = json.find(key);
  if (at == json.end()) return;
  for (const auto& id : at->is_array() ? *at : Json::array({*at}))
    if (id.is_number_integer() && id.get<int64_t>() >= 0 && id.get<int64_t>() < INT32_MAX) to.insert(id.get<int32_t>());
}

ModelFiles read_folder(const fs::path& folder) {
  Config config = Config::read(folder / "config.json");
  // A model that sees and reads keeps its language half's configuration inside.
  if (config.has("text_config")) {
    const Config inner = config.object("text_config");
    config = Config(inner.json(), config.what());
  }
  std::set<int32_t> ends;
  const Config generation = Config::read_if_there(folder / "generation_config.json");
  add_ids(config.json(), "eos_token_id", ends);
  add_ids(generation.json(), "eos_token_id", ends);
  text::Tokenizer tokenizer = text::Tokenizer::load(folder);
  const auto special = tokenizer.special();
  if (special.eos) ends.insert(*special.eos);
  auto all = end_ids(tokenizer, ends);
  return {.name = model_name(folder),
          .config = std::move(config),
          .weights = nn::Weights::open(folder),
          .tokenizer = std::move(tokenizer),
          .chat_template = folder_template(folder),
          .end_ids = std::move(all),
          .bos = special.bos,
          .eos = special.eos};
}

ModelFiles read_gguf_file(const fs::path& file) {
  nn::Gguf gguf = nn::Gguf::open(file);
  Config config = gguf_config(gguf);
  text::Tokenizer tokenizer = gguf_tokenizer(gguf);
  std::set<int32_t> ends;
  const auto id = [&](const char* key) -> std::optional<int32_t> {
    const auto value = gguf.whole(std::string("tokenizer.ggml.") + key);
    return value ? std::optional<int32_t>(static_cast<int32_t>(*value)) : std::nullopt;
  };
  for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"})
    if (const auto end = id(key)) ends.insert(*end);
  const auto bos = id("bos_token_id"), eos = id("eos_token_id");
  const std::string type = config.text("model_type", "");
  std::string name(gguf.text("general.name").value_or(""));
  if (name.empty()) name = file.stem().string();
  std::string chat(gguf.text("tokenizer.chat_template").value_or(""));
  auto all = end_ids(tokenizer, ends);
  return {.name = std::move(name),
          .config = std::move(config),
          .weights = nn::Weights::take(std::move(gguf), [&](const nn::Tensor& t) { return renamed(t, type); }),
          .tokenizer = std::move(tokenizer),
          .chat_template = std::move(chat),
          .end_ids = std::move(all),
          .bos = bos,
          .eos = eos};
}

}  // namespace

ModelFiles read_model_files(const fs::path& path) {
  if (!fs::exists(path)) throw Error(Code::NotFound, path.string() + ": no such file or folder");
  if (!fs::is_directory(path)) return is_llama2c(path) ? read_llama2c_files(path) : read_gguf_file(path);
  if (fs::exists(path / "config.json")) return read_folder(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".gguf") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty()) throw Error(Code::NotFound, path.string() + ": has neither config.json nor a .gguf file");
  if (files.size() > 1 && files[0].filename().string().find("-00001-of-") == std::string::npos)
    throw Error(Code::Invalid, path.string() + ": has several .gguf files; name one of them");
  return read_gguf_file(files[0]);
}

}  // namespace hanok::lm

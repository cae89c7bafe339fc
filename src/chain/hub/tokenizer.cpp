#include "chain/hub/tokenizer.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace hanok::chain::hub {
namespace {

constexpr char kFile[] = "tokenizer.json";

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// "q4_k_m", "iq3", "bf16": how weights are stored, which no tokenizer depends on.
bool names_a_quantisation(std::string_view word) {
  constexpr std::string_view kWords[] = {"f16",  "bf16", "f32",  "fp16", "fp8",  "fp32",  "int8",
                                         "int4", "4bit", "8bit", "awq",  "gptq", "mxfp4", "gguf"};
  if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return true;
  if (word.starts_with('i')) word.remove_prefix(1);
  return word.size() >= 2 && word[0] == 'q' && digit(word[1]);
}

/// Cuts "-q4_k_m" and the like from the end; names a model before the cut, or nothing is cut.
void cut_quantisation(std::string& name) {
  for (size_t at = name.find_last_of("-.:"); at != std::string::npos && at > 0; at = name.find_last_of("-.:")) {
    if (!names_a_quantisation(std::string_view(name).substr(at + 1))) return;
    name.resize(at);
  }
}

std::optional<TokenizerFile> in_model(const Model& model) {
  std::error_code ignored;
  if (!fs::is_regular_file(model.folder / kFile, ignored)) return std::nullopt;
  return TokenizerFile{model.name, model.folder / kFile};
}

}  // namespace

std::string plain_model_name(std::string_view served_name) {
  std::string name = base::lower(served_name);
  // "ORG/NAME:file.gguf": the repository says more than the file.
  if (const size_t colon = name.find(':'); colon != std::string::npos && name.ends_with(".gguf")) name.resize(colon);
  name.erase(0, name.find_last_of("/\\") + 1);
  if (const size_t at = name.find('@'); at != std::string::npos) name.resize(at);
  cut_quantisation(name);
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
}

TokenizerFile resolve_tokenizer(const Settings& settings, const std::string& name) {
  std::error_code ignored;
  if (fs::is_regular_file(name, ignored)) return {name, name};
  if (fs::is_regular_file(fs::path(name) / kFile, ignored)) return {name, fs::path(name) / kFile};
  const bool may_be_cached = std::count(name.begin(), name.end(), '/') == 1 && !name.starts_with('/') &&
                             !name.starts_with('.') && !name.starts_with('~') && !name.ends_with('/');
  if (may_be_cached)
    if (const auto model = find_model(settings, name))
      if (auto found = in_model(*model)) return *found;
  throw Error(Code::NotFound, "tokenizer " + name +
                                  ": a tokenizer.json, a folder that holds one, or the ORG/NAME of a model in " +
                                  settings.cache.string() + " was expected" +
                                  (may_be_cached ? "; fetch it with: hanok models pull " + name : ""));
}

std::optional<TokenizerFile> tokenizer_of(const Settings& settings, std::string_view served_name) {
  const std::string plain = plain_model_name(served_name);
  const std::string_view exact = served_name.substr(0, served_name.find_first_of("@:"));
  std::optional<TokenizerFile> only;
  bool several = false;
  if (plain.empty()) return std::nullopt;
  for (const Model& model : list_models(settings)) {
    const auto found = in_model(model);
    if (!found) continue;
    if (model.name == exact) return found;
    if (plain_model_name(model.name) != plain) continue;
    several = only.has_value();
    only = found;
  }
  return several ? std::nullopt : only;
}

}  // namespace hanok::chain::hub

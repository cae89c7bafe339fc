#include "nn/vision_run.h"

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"

namespace hanok::nn {
namespace {

constexpr const char* kFormat = "hanok-vision-1";
constexpr size_t kMostBytes = 16 << 20;  // of model.json: a hundred thousand classes with long names
constexpr size_t kMostSide = 1 << 14, kMostChannels = 1 << 10;

[[noreturn]] void corrupt(const std::string& file, const std::string& what) {
  throw Error(Code::Corrupt, file + ": " + what + " (docs/formats/vision-run.md)");
}

const base::Json& at(const base::Json& json, const std::string& key, const std::string& file) {
  const auto found = json.find(key);
  if (found == json.end()) corrupt(file, "key '" + key + "' is missing");
  return *found;
}

std::string text_of(const base::Json& json, const std::string& key, const std::string& file) {
  const base::Json& value = at(json, key, file);
  if (!value.is_string()) corrupt(file, "'" + key + "': a text was expected, found " + base::dump_json(value));
  return value.get<std::string>();
}

size_t size_of(const base::Json& json, const std::string& key, size_t least, size_t most, const std::string& file) {
  const base::Json& value = at(json, key, file);
  if (!value.is_number_unsigned() || value.get<size_t>() < least || value.get<size_t>() > most)
    corrupt(file, "'" + key + "': a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                      " was expected, found " + base::dump_json(value));
  return value.get<size_t>();
}

std::vector<float> floats_of(const base::Json& json, const std::string& key, size_t n, const std::string& file) {
  const base::Json& value = at(json, key, file);
  std::vector<float> out;
  if (value.is_array())
    for (const auto& v : value)
      if (v.is_number()) out.push_back(v.get<float>());
  if (out.size() != n || value.size() != n)
    corrupt(file, "'" + key + "': " + std::to_string(n) + " numbers were expected, one a channel");
  return out;
}

}  // namespace

VisionRun read_vision_run(const std::filesystem::path& folder) {
  const std::string file = (folder / "model.json").string();
  if (!base::fs::exists(file))
    throw Error(Code::NotFound, folder.string() +
                                    ": is no run folder, for it has no model.json; `hanok vision train --out " +
                                    "FOLDER` makes one");
  const base::Json json = base::parse_json(base::read_file(file, kMostBytes), file);
  if (!json.is_object()) corrupt(file, "an object was expected");
  if (const std::string format = text_of(json, "format", file); format != kFormat)
    throw Error(Code::Unsupported, file + ": format '" + format + "', expected '" + kFormat +
                                       "'; train it again, or use the hanok that made it");
  VisionRun run;
  run.model = text_of(json, "model", file);
  run.variant = text_of(json, "variant", file);
  if (run.variant != "imagenet" && run.variant != "cifar")
    corrupt(file, "'variant': 'imagenet' or 'cifar' was expected, found '" + run.variant + "'");
  const base::Json& names = at(json, "class_names", file);
  if (!names.is_array()) corrupt(file, "'class_names': a list was expected");
  for (const auto& name : names) {
    if (!name.is_string()) corrupt(file, "'class_names': texts were expected");
    run.class_names.push_back(name.get<std::string>());
  }
  if (const size_t classes = size_of(json, "classes", 1, 1 << 20, file); classes != run.class_names.size())
    corrupt(file, "'classes' is " + std::to_string(classes) + ", and there are " +
                      std::to_string(run.class_names.size()) + " 'class_names'");
  const base::Json& input = at(json, "input", file);
  if (!input.is_object()) corrupt(file, "'input': an object was expected");
  run.channels = size_of(input, "channels", 1, kMostChannels, file);
  run.height = size_of(input, "height", 1, kMostSide, file);
  run.width = size_of(input, "width", 1, kMostSide, file);
  run.mean = floats_of(json, "mean", run.channels, file);
  run.std = floats_of(json, "std", run.channels, file);
  for (const float m : run.mean)
    if (!std::isfinite(m)) corrupt(file, "'mean': numbers that fit 32-bit floats were expected");
  for (const float s : run.std)
    if (!(s > 0) || !std::isfinite(s)) corrupt(file, "'std': numbers above 0 were expected");
  run.parameters = size_of(json, "parameters", 0, size_t{1} << 50, file);
  return run;
}

void write_vision_run(const std::filesystem::path& folder, const VisionRun& run) {
  const base::OrderedJson json = {{"format", kFormat},
                                  {"model", run.model},
                                  {"variant", run.variant},
                                  {"classes", run.class_names.size()},
                                  {"class_names", run.class_names},
                                  {"input", {{"channels", run.channels}, {"height", run.height}, {"width", run.width}}},
                                  {"mean", run.mean},
                                  {"std", run.std},
                                  {"parameters", run.parameters}};
  base::write_file_atomic(folder / "model.json", base::dump_json(json, 2) + "\n");
}

}  // namespace hanok::nn

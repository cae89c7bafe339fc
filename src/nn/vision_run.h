// What a trained net for pictures is: model.json of a run folder (docs/formats/vision-run.md). Its weights lie beside
// it in model.safetensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hanok::nn {

struct VisionRun {
  std::string model;                     // "lenet", "resnet18", ...
  std::string variant = "imagenet";      // "imagenet": as published; "cifar": for pictures of 32x32
  std::vector<std::string> class_names;  // one for each logit
  size_t channels = 3, height = 0, width = 0;
  std::vector<float> mean, std;  // one a channel, of values in [0, 1]: the net sees (value - mean) / std
  size_t parameters = 0;         // numbers that are learned
};

/// Reads FOLDER/model.json. Throws NotFound where there is none, Corrupt where a key is missing or has a wrong value,
/// Unsupported for a format of another version.
VisionRun read_vision_run(const std::filesystem::path& folder);
/// Writes FOLDER/model.json, whole or not at all.
void write_vision_run(const std::filesystem::path& folder, const VisionRun& run);

}  // namespace hanok::nn

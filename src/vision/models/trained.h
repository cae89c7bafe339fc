// Nets with their weights: from a run folder, from the files of others, and back.
#pragma once

#include <filesystem>
#include <memory>

#include "nn/vision_run.h"
#include "nn/weights.h"
#include "vision/models/models.h"

namespace hanok::vision {

/// A trained net, ready to be asked: in evaluation mode, its weights in float32.
struct TrainedNet {
  nn::VisionRun run;
  std::shared_ptr<Net> net;
};

/// A run folder (docs/formats/vision-run.md). Throws NotFound, Corrupt, Unsupported; Corrupt also where the weights do
/// not fit the net that model.json names.
TrainedNet open_run(const std::filesystem::path& folder);

/// The options that make the net which `run` describes. Throws NotFound for a model that there is not.
ModelOptions options_of(const nn::VisionRun& run);

/// Copies weights and buffers into the net, float16 and bfloat16 widened. Every tensor must be there with its shape
/// and none may be left over; num_batches_tracked may be missing, and a "module." that stands before all names
/// (DataParallel) is passed over. Throws Corrupt, naming file and tensor.
void load_weights(torch::nn::Module& net, const nn::Weights& weights);

/// All that state_dict() lists as safetensors, whole or not at all. Written in row-major order whatever the memory
/// format.
void save_weights(const std::filesystem::path& file, const torch::nn::Module& net);

}  // namespace hanok::vision

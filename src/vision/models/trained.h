// Nets with their weights: from a run folder, from the files of others, and back.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

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

/// A net of this name with weights that others trained: safetensors or torch.save's, as torchvision publishes them. How
/// many classes and channels it has is read off the weights. side: of the pictures, 0 as published. class_names: empty
/// for "0", "1", ... Normalised as torchvision's weights expect (mean .485 .456 .406, std .229 .224 .225), gray ones
/// as MNIST (.1307, .3081). Throws as load_weights does, and Invalid for a wrong number of names.
TrainedNet adopt_weights(const std::string& model, bool small_input, const std::filesystem::path& file, size_t side = 0,
                         std::vector<std::string> class_names = {});

/// Writes a run folder of the net: model.json and model.safetensors. Throws Unavailable where it cannot be written.
void save_run(const std::filesystem::path& folder, const TrainedNet& trained);

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

// Training a net to sort pictures into classes, and trying it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "nn/vision_run.h"
#include "train/machine.h"
#include "train/run_folder.h"
#include "vision/data/pictures.h"
#include "vision/eval/ask.h"
#include "vision/eval/report.h"
#include "vision/recipe.h"

namespace hanok::train {
class Parallel;
}

namespace hanok::vision {

struct Net;
struct TrainedNet;

struct ClassifierOptions {
  std::string model = "lenet";
  std::filesystem::path out;  // the run folder (docs/formats/vision-run.md)
  Recipe recipe;
  double minutes = 0, target = 0;
  size_t accumulate = 1, patience = 0;
  bool keep_best = false, resume = false;
  bool balanced = false;  // the loss of a picture is divided by how frequent its class is
  double checkpoint_seconds = 60;
  uint64_t seed = 0;
  std::string precision = "auto";
  c10::Device device = c10::DeviceType::CPU;
  train::Parallel* parallel = nullptr;  // processes that share the work; nullptr: this one alone
  std::function<void(const train::Event&)> tell;
};

struct ClassifierReport {
  std::string model;
  size_t parameters = 0;
  double epochs = 0, seconds = 0, train_loss = 0, test_accuracy = 0, images_per_second = 0;
  uint64_t peak_rss_bytes = 0;
};

/// Throws as train::train does, and Invalid for options that do not fit the data.
ClassifierReport train_classifier(const DataSet& set, const ClassifierOptions& options);

/// What the net says of all `pictures`, normalised as `run` says: logits [N, classes] in float32, computed in
/// `precision`, where the net is. Throws Invalid where the pictures are not those that the net takes.
std::vector<float> logits_of(Net& net, const nn::VisionRun& run, const Pictures& pictures, TestTime test_time,
                             train::Precision precision);

struct EvalReport {
  double seconds = 0, images_per_second = 0;
  Report report;  // everything else
};
/// On set.test. worst: wrong answers to keep, the surest first. Throws Invalid where the classes or the pictures are
/// not those that the net was trained on.
EvalReport evaluate_run(const TrainedNet& run, const DataSet& set, TestTime test_time = TestTime::None,
                        const std::string& precision = "float32", size_t worst = 25,
                        const c10::Device& device = c10::DeviceType::CPU);

}  // namespace hanok::vision

// The one training loop. What is learned is a Task; the loop has the optimizer, the schedule, checkpoints, and what is
// told.
//
// A run that is killed and goes on ends with the same bytes as one that was not: all that is random in a step follows
// from (seed, step), a checkpoint has everything else, and it is written whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "train/optimizer.h"
#include "train/parallel.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/torch.h"

namespace hanok::train {

/// What one step of a task computed.
struct StepResult {
  torch::Tensor loss;  // a scalar, to be differentiated
  double examples = 0, correct = 0;
  double loss_sum = 0;  // over the examples, for the mean that is shown
};
struct Evaluation {
  double loss = 0, accuracy = 0;
};

class Task {
 public:
  virtual ~Task() = default;
  virtual torch::nn::Module& module() = 0;
  virtual std::vector<ParameterGroup> groups() = 0;
  virtual size_t steps_per_epoch() const = 0;
  /// Both count from 0. Steps of an epoch may begin in its middle, where a run goes on. progress: how much of the run
  /// is done, 0 to 1.
  virtual StepResult step(size_t epoch, size_t step, double progress) = 0;
  /// last: of the run, not only of an epoch. The same in every process.
  virtual Evaluation evaluate(bool last) = 0;
  /// Writes what is needed to use the model.
  virtual void save(const std::filesystem::path& folder) = 0;
};

/// Weights that follow those that learn, and are used in their place when the model is tried or kept.
struct Averaging {
  /// none
  /// ema        average = decay average + (1 - decay) weights, after every `every` steps
  /// lookahead  the same, and the weights become the average (Zhang et al. 2019)
  std::string kind = "none";
  double decay = 0.999;
  size_t every = 1;
  /// The first averages are of few steps: after t of them decay is at most (1 + t) / (10 + t), so that what the net was
  /// before it learned anything is soon forgotten.
  bool warms_up = false;
};

struct TrainOptions {
  std::filesystem::path folder;  // of the run
  double epochs = 10;            // need not be whole
  double minutes = 0;            // above 0: the schedule follows the clock, and the run is over after so many
  double target = 0;             // above 0: over as soon as the test's accuracy reaches it
  Schedule schedule;
  Averaging averaging;
  size_t accumulate = 1;   // batches whose gradients are added up for one step of the optimizer
  double clip = 0;         // above 0: the longest that the gradient of all parameters together may be
  size_t patience = 0;     // above 0: over after so many epochs without a better accuracy
  bool keep_best = false;  // what is kept is the best epoch by the test's accuracy; otherwise the last
  double checkpoint_seconds = 60;
  bool resume = false;
  Parallel* parallel = nullptr;  // processes that share every batch; gradients are summed over them
  uint64_t seed = 0;
  std::string fingerprint;                 // of everything that decides the result: a run goes on only with the same
  std::function<void(const Event&)> tell;  // may be empty
};

struct TrainResult {
  double epochs = 0, seconds = 0, train_loss = 0, images_per_second = 0;
  Evaluation test;       // of what was kept
  bool reached = false;  // the target
};

/// Throws Cancelled when the context ends, after a checkpoint; Invalid where the loss is no number; Exhausted where
/// memory runs out: the last checkpoint stays good in all three. NotFound where there is nothing to resume, Invalid
/// where the run was started with other options.
TrainResult train(Task& task, const TrainOptions& options);

/// What a run in this folder computes in when it goes on: `asked`, but for "auto" what its checkpoint was computed in,
/// since a measurement may say something else today. The fingerprint must have the precision's name as a word.
std::string precision_to_resume(const std::string& asked, const std::filesystem::path& folder);

/// The number that libtorch's generator gets before step `step`.
uint64_t step_seed(uint64_t seed, uint64_t step);

}  // namespace hanok::train

// Steps of a net on empty pictures, for what they take: memory and time, said before a run begins.
//
//   Trial trial(*net, {.channels = 3, .height = 32, .width = 32}, precision);
//   train::check_memory(trial.memory(1024).whole + remembered, ...);
#pragma once

#include <cstdint>
#include <vector>

#include "train/machine.h"
#include "vision/models/models.h"

namespace hanok::vision {

struct StepMemory {
  uint64_t whole = 0, fixed = 0;  // bytes; fixed: what does not depend on the batch
};

/// The net is as it was when this is gone, but for its mode, which is that of training.
class Trial {
 public:
  Trial(Net& net, const ImageShape& shape, train::Precision precision);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// Forward, and where `back` is true the way back of a cross entropy.
  void step(int64_t pictures, bool back = true);
  /// What a step of so many pictures will take on this thread, from two small ones.
  StepMemory memory(uint64_t pictures, bool back = true);

 private:
  Net& net_;
  ImageShape shape_;
  train::Precision precision_;
  std::vector<torch::Tensor> before_;
};

}  // namespace hanok::vision

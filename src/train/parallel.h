// Several processes that train one model, each on its part of every batch: data parallel over c10d's Gloo between CPUs
// and NCCL between GPUs, with the environment that torchrun sets (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, and
// LOCAL_RANK, which chooses the GPU).
#pragma once

#include <memory>
#include <vector>

#include "train/torch.h"

namespace hanok::train {

class Parallel {
 public:
  /// Nothing where WORLD_SIZE is not set or 1. Throws Invalid for variables that make no sense, Unsupported where this
  /// libtorch has nothing that sums on such a device, Unavailable where the others do not come within a minute.
  static std::unique_ptr<Parallel> from_environment(const c10::Device& device = c10::DeviceType::CPU);
  ~Parallel();
  size_t rank() const { return rank_; }
  size_t size() const { return size_; }
  /// Each tensor becomes the sum over all processes; the same bytes in each. Throws Unavailable where another is gone.
  void sum(const std::vector<torch::Tensor>& tensors);
  /// Parameters and buffers become those of the first process.
  void share_first(torch::nn::Module& module);

 private:
  struct Group;
  Parallel() = default;
  std::unique_ptr<Group> group_;
  size_t rank_ = 0, size_ = 1;
};

}  // namespace hanok::train

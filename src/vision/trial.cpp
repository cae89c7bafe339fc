#include "vision/trial.h"

#include "train/device.h"
#include "train/loss.h"
#include "train/memory.h"

namespace hanok::vision {

Trial::Trial(Net& net, const ImageShape& shape, train::Precision precision)
    : net_(net), shape_(shape), precision_(precision) {
  for (const auto& buffer : net.buffers()) before_.push_back(buffer.clone());
  net.train();
}

Trial::~Trial() {
  const torch::NoGradGuard no_grad;
  auto buffers = net_.buffers();
  for (size_t i = 0; i < buffers.size(); ++i) buffers[i].copy_(before_[i]);
  for (auto& p : net_.parameters()) p.mutable_grad() = torch::Tensor();
}

void Trial::step(int64_t pictures, bool back) {
  const torch::AutoGradMode grad(back);
  const c10::Device device = device_of(net_);
  const auto x = torch::zeros({pictures, shape_.channels, shape_.height, shape_.width})
                     .contiguous(torch::MemoryFormat::ChannelsLast)
                     .to(device);
  for (auto& p : net_.parameters()) p.mutable_grad() = torch::Tensor();
  const train::Autocast autocast(precision_ == train::Precision::BFloat16, device);
  const torch::Tensor logits = net_.forward(x).to(torch::kFloat);
  if (back) train::cross_entropy(logits, torch::zeros({pictures}, torch::kLong).to(device), {}).backward();
}

StepMemory Trial::memory(uint64_t pictures, bool back) {
  const auto peak = [&](int64_t n) { return train::peak_of([&] { step(n, back); }); };
  peak(2);  // makes what is made once: that would hide what a picture takes
  const uint64_t two = peak(2), six = peak(6);
  return {train::predict(two, six, pictures), train::predict(two, six, 0)};
}

}  // namespace hanok::vision

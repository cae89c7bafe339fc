#include "vision/eval/ask.h"

#include <torch/types.h>

#include <algorithm>

#include "hanok/error.h"
#include "vision/models/models.h"

namespace hanok::vision {
namespace {

// Pictures at once: enough to keep every core busy; the first maps of ResNet-50 at 224 take 0.8 GB.
constexpr int64_t kBatch = 256;

torch::Tensor mirrored(Net& net, const torch::Tensor& x) { return (net.forward(x) + net.forward(x.flip(3))) / 2; }

// Moved by (rows, columns), each -1 to 1; what comes in at the edge is its mirror image.
torch::Tensor shifted(const torch::Tensor& padded, int64_t rows, int64_t columns) {
  return padded.slice(2, 1 - rows, padded.size(2) - 1 - rows).slice(3, 1 - columns, padded.size(3) - 1 - columns);
}

torch::Tensor ask(Net& net, const torch::Tensor& x, TestTime test_time) {
  if (test_time == TestTime::None) return net.forward(x);
  if (test_time == TestTime::Mirror) return mirrored(net, x);
  const torch::Tensor padded = at::reflection_pad2d(x, {1, 1, 1, 1});
  return mirrored(net, x) / 2 + (mirrored(net, shifted(padded, -1, -1)) + mirrored(net, shifted(padded, 1, 1))) / 4;
}

}  // namespace

std::vector<float> logits(Net& net, const nn::VisionRun& run, std::span<const float> x, TestTime test_time) {
  const size_t each = run.channels * run.height * run.width;
  if (x.size() % each != 0)
    throw Error(Code::Invalid, run.model + ": " + std::to_string(x.size()) + " numbers are no whole pictures of " +
                                   std::to_string(each));
  const torch::NoGradGuard guard;
  net.eval();
  const auto n = static_cast<int64_t>(x.size() / each), h = static_cast<int64_t>(run.height),
             w = static_cast<int64_t>(run.width), c = static_cast<int64_t>(run.channels);
  // [N, H, W, C] is how channels_last lies in memory.
  const torch::Tensor all =
      torch::from_blob(const_cast<float*>(x.data()), {n, h, w, c}, torch::kFloat32).permute({0, 3, 1, 2});
  const c10::Device device = device_of(net);
  std::vector<float> out;
  for (int64_t at = 0; at < n; at += kBatch) {
    const torch::Tensor y = ask(net, all.slice(0, at, std::min(n, at + kBatch)).to(device), test_time)
                                .to(torch::kFloat32)
                                .to(torch::kCPU)
                                .contiguous();
    out.insert(out.end(), y.data_ptr<float>(), y.data_ptr<float>() + y.numel());
  }
  return out;
}

}  // namespace hanok::vision

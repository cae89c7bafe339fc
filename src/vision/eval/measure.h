// How fast a net is on this machine, forward and training, and what memory it takes.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "vision/models/models.h"

namespace hanok::vision {

struct MeasureOptions {
  size_t batch = 64;
  double seconds = 2;              // of each of both, at least; one step more than fits
  std::string precision = "auto";  // as in training
  bool train = true;
  c10::Device device = c10::DeviceType::CPU;
};
struct Speed {
  size_t batch = 0;
  std::string precision;
  double forward_images_per_second = 0;
  double train_images_per_second = 0;  // forward, backward and a step of SGD with momentum
  uint64_t peak_rss_bytes = 0;         // of this process, after both
  /// 10^9 operations a second of convolutions and linear layers: two for a multiply-add, and three times as many to
  /// train on a picture as to look at it. peak: of a product of large matrices in the same precision, beside them.
  double forward_gflops = 0, train_gflops = 0, peak_gflops = 0;
};
/// Operations a second of a product of two large square matrices, in 10^9.
double peak_gflops(bool bf16, const c10::Device& device);
/// On random pictures; channels_last; forward with norms folded into convolutions. One step of each is not counted: it
/// makes what libraries keep. Throws as make_model does.
Speed measure(const ModelOptions& model, const MeasureOptions& options);

}  // namespace hanok::vision

// How fast a net is on this machine, forward and training, and what memory it takes.
#pragma once

#include <cstdint>
#include <string>

#include "vision/models/models.h"

namespace hanok::vision {

struct MeasureOptions {
  size_t batch = 64;
  double seconds = 2;              // of each of both, at least; one step more than fits
  std::string precision = "auto";  // as in training
  bool train = true;
};
struct Speed {
  size_t batch = 0;
  std::string precision;
  double forward_images_per_second = 0;
  double train_images_per_second = 0;  // forward, backward and a step of SGD with momentum
  uint64_t peak_rss_bytes = 0;         // of this process, after both
};
/// On random pictures; channels_last; forward with norms folded into convolutions. One step of each is not counted: it
/// makes what libraries keep. Throws as make_model does.
Speed measure(const ModelOptions& model, const MeasureOptions& options);

}  // namespace hanok::vision

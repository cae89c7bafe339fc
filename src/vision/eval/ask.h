// Asking a trained net, without the rest of libtorch in sight of whoever asks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/vision_run.h"

namespace hanok::vision {

struct Net;

/// Test-time augmentation: what the logits are the mean of (Jordan 2024, arXiv 2404.00498, section 3.5).
enum class TestTime {
  None,
  Mirror,         // the picture and its mirror image
  MirrorAndShift  // both, half of the weight; and both shifted by a pixel up and left, and down and right
};

/// x [N, H, W, C], normalised pictures of the net's size. Logits [N, classes]. The net is set to evaluation mode.
/// Throws Invalid for numbers that are no whole pictures.
std::vector<float> logits(Net& net, const nn::VisionRun& run, std::span<const float> x,
                          TestTime test_time = TestTime::None);

}  // namespace hanok::vision

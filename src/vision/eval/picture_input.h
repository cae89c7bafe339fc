// From a picture of any size to what a trained net takes. No libtorch.
#pragma once

#include <vector>

#include "hanok/image.h"
#include "nn/vision_run.h"

namespace hanok::vision {

/// The part of the picture that the net sees: gray or RGB as it was trained, the largest part of its ratio around the
/// centre, resized with antialiasing. Throws Unsupported for a net of other than 1 or 3 channels.
image::Image fitted(const nn::VisionRun& run, const image::Image& picture);

/// (value / 255 - mean) / std of a fitted picture.  [H, W, C]
std::vector<float> normalised(const nn::VisionRun& run, const image::Image& fitted);

}  // namespace hanok::vision

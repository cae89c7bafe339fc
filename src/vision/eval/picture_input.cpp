#include "vision/eval/picture_input.h"

#include <string>

#include "hanok/error.h"

namespace hanok::vision {

image::Image fitted(const nn::VisionRun& run, const image::Image& picture) {
  if (run.channels != 1 && run.channels != 3)
    throw Error(Code::Unsupported, run.model + ": takes pictures of " + std::to_string(run.channels) +
                                       " channels; picture files have 1 or 3");
  const image::Image coloured = run.channels == 1 ? image::to_gray(picture) : image::to_rgb(picture);
  return image::resize(image::crop_to_ratio(coloured, run.width, run.height), run.width, run.height);
}

std::vector<float> normalised(const nn::VisionRun& run, const image::Image& fitted) {
  std::vector<float> out;
  out.reserve(fitted.pixels.size());
  for (size_t i = 0; i < fitted.pixels.size(); ++i) {
    const size_t c = i % run.channels;
    out.push_back((static_cast<float>(fitted.pixels[i]) / 255 - run.mean[c]) / run.std[c]);
  }
  return out;
}

}  // namespace hanok::vision

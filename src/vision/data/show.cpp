#include "vision/data/show.h"

#include <algorithm>
#include <cmath>

namespace hanok::vision {
namespace {

size_t shown_channels(const Pictures& p) { return p.channels == 3 ? 3 : 1; }

}  // namespace

image::Image picture_of(const Pictures& pictures, size_t i) {
  const size_t places = pictures.height * pictures.width;
  image::Image out{pictures.width, pictures.height, shown_channels(pictures), {}};
  for (size_t at = 0; at < places; ++at)
    for (size_t c = 0; c < out.channels; ++c) out.pixels.push_back(pictures.at(i)[c * places + at]);
  return out;
}

image::Image picture_of(const Batch& batch, const DataSet& set, size_t i) {
  const Pictures& shape = set.train;
  image::Image out{shape.width, shape.height, shown_channels(shape), {}};
  const float* x = batch.x.data() + i * shape.bytes_each();
  for (size_t at = 0; at < shape.height * shape.width; ++at)
    for (size_t c = 0; c < out.channels; ++c) {
      const float value = x[at * shape.channels + c] * set.std[c] + set.mean[c];
      out.pixels.push_back(static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.f, 1.f))));
    }
  return out;
}

}  // namespace hanok::vision

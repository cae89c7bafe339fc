// Any bytes: read gives a picture within the limits, or an Error.
#include <cstdint>

#include "hanok/error.h"
#include "hanok/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const hanok::image::ReadLimits limits{.max_pixels = 1 << 20};
  try {
    const auto picture = hanok::image::read({reinterpret_cast<const char*>(data), size}, "fuzz", limits);
    const size_t pixels = picture.width * picture.height;
    if (pixels == 0 || pixels > limits.max_pixels || picture.pixels.size() != pixels * picture.channels)
      __builtin_trap();
    (void)hanok::image::to_gray(picture);
  } catch (const hanok::Error&) {
  }
  return 0;
}

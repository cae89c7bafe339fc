// The one field of EXIF that changes what a picture looks like.
//
//   bytes 0..1   "II" (little endian) or "MM"; then u16 42, u32 offset of the first folder
//   folder       u16 number of entries; each 12 bytes: u16 tag, u16 type, u32 count, 4 bytes of value or an offset
//   orientation  tag 0x0112, type 3 (u16): where the first row and column stand, 1 to 8 (EXIF 2.32, 4.6.5)
#include <algorithm>
#include <optional>

#include "image/formats.h"

namespace hanok::image {
namespace {

// Reads numbers; nullopt outside of the bytes.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), big_(bytes.substr(0, 2) == "MM") {}

  std::optional<uint32_t> number(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return std::nullopt;
    uint32_t out = 0;
    for (size_t i = 0; i < size; ++i)
      out = out << 8 | static_cast<unsigned char>(bytes_[at + (big_ ? i : size - 1 - i)]);
    return out;
  }

 private:
  std::string_view bytes_;
  bool big_;
};

constexpr uint32_t kOrientation = 0x0112, kShort = 3;

}  // namespace

int exif_orientation(std::string_view bytes) {
  if (bytes.substr(0, 2) != "II" && bytes.substr(0, 2) != "MM") return 1;
  const Tiff tiff(bytes);
  if (tiff.number(2, 2) != 42u) return 1;
  const auto folder = tiff.number(4, 4);
  const auto entries = folder ? tiff.number(*folder, 2) : std::nullopt;
  for (size_t i = 0; entries && i < *entries; ++i) {
    const size_t at = size_t{*folder} + 2 + 12 * i;
    const auto tag = tiff.number(at, 2);
    if (!tag) return 1;
    if (*tag != kOrientation) continue;
    const auto value = tiff.number(at + 8, 2);
    return tiff.number(at + 2, 2) == kShort && value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

Image turned(Image picture, int orientation) {
  if (orientation == 1) return picture;
  const bool transposed = orientation >= 5;  // rows of the file are columns of what is seen
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image out{picture.width, picture.height, picture.channels, std::vector<uint8_t>(picture.pixels.size())};
  if (transposed) std::swap(out.width, out.height);
  for (size_t y = 0; y < picture.height; ++y)
    for (size_t x = 0; x < picture.width; ++x) {
      size_t to_x = transposed ? y : x, to_y = transposed ? x : y;
      if (mirror_x) to_x = out.width - 1 - to_x;
      if (mirror_y) to_y = out.height - 1 - to_y;
      std::copy_n(picture.pixels.data() + picture.at(x, y), picture.channels, out.pixels.data() + out.at(to_x, to_y));
    }
  return out;
}

}  // namespace hanok::image

#include "vision/explain/sheets.h"

#include <algorithm>

namespace hanok::vision {
namespace {

constexpr size_t kMostMaps = 64;
constexpr size_t kSmallest = 160;  // pixels of a side that is seen well

size_t scale_to(size_t side, size_t wanted) { return std::max<size_t>(1, wanted / std::max<size_t>(side, 1)); }

// Red, green and blue of one kernel share a scale, so a gray kernel stays gray.
image::Image coloured_kernel(std::span<const Map> channels) {
  Map all{channels[0].height, channels[0].width, {}};
  for (size_t i = 0; i < channels[0].values.size(); ++i)
    for (const Map& m : channels) all.values.push_back(m.values[i]);
  image::Image out = gray(all);
  out.width = all.width;
  out.height = all.height;
  out.channels = 3;
  return out;
}

}  // namespace

image::Image class_map_sheet(const image::Image& fitted, const ClassMap& found) {
  const image::Image hot = heat(found.map);
  const std::vector<image::Image> row{image::to_rgb(fitted), hot, blend(fitted, hot)};
  return image::sheet(row, {.columns = 3, .gap = 4, .scale = scale_to(fitted.height, kSmallest)});
}

image::Image maps_sheet(const LayerMaps& layer) {
  std::vector<image::Image> pictures;
  for (size_t i = 0; i < std::min(layer.maps.size(), kMostMaps); ++i) pictures.push_back(gray(layer.maps[i]));
  return image::sheet(pictures, {.gap = 2, .scale = scale_to(layer.maps[0].height, kSmallest / 2)});
}

image::Image filters_sheet(const Filters& filters) {
  std::vector<image::Image> pictures;
  for (size_t o = 0; o < filters.out; ++o) {
    const auto kernel = std::span(filters.maps).subspan(o * filters.in, filters.in);
    if (filters.in == 3)
      pictures.push_back(coloured_kernel(kernel));
    else
      for (const Map& m : kernel) pictures.push_back(signed_colours(m));
  }
  pictures.resize(std::min(pictures.size(), 4 * kMostMaps));
  return image::sheet(pictures, {.gap = 4, .scale = scale_to(pictures[0].height, kSmallest / 4)});
}

}  // namespace hanok::vision

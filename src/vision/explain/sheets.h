// The pictures of `hanok vision explain`, made of what explain.h found. No libtorch.
#pragma once

#include "hanok/image.h"
#include "vision/explain/explain.h"

namespace hanok::vision {

/// The picture, the heat of the map, and both over one another, side by side.
image::Image class_map_sheet(const image::Image& fitted, const ClassMap& found);
/// All maps of a layer in gray, at most 64 of them (the first).
image::Image maps_sheet(const LayerMaps& layer);
/// Kernels: as colours where they have three channels, else red for positive and blue for negative weights.
image::Image filters_sheet(const Filters& filters);

}  // namespace hanok::vision

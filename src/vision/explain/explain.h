// What a net looks at and what it makes of a picture: Grad-CAM, filters, feature maps. Numbers only; colours.h makes
// pictures of them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/vision_run.h"
#include "vision/explain/colours.h"

namespace hanok::vision {

struct Net;

struct ClassMap {
  Map map;            // of the picture's size, 0 to 1: 1 where the picture speaks most for the class
  std::string layer;  // whose maps were weighted
};
/// Grad-CAM (Selvaraju et al. 2017): the maps of the last layer that still has more than one place are weighted by the
/// mean gradient of the class's logit, added, and cut at 0; then enlarged to the picture's size.
/// x [H, W, C], normalised. Throws Invalid for a class that there is not, and where no layer has maps.
ClassMap grad_cam(Net& net, const nn::VisionRun& run, std::span<const float> x, size_t target);

struct LayerMaps {
  std::string name;       // "conv1", "layer1.0.conv1"
  std::string kind;       // "conv", "relu", ...
  std::vector<Map> maps;  // one a channel
};
/// What every layer gives for one picture, as far as it has maps.
std::vector<LayerMaps> feature_maps(Net& net, const nn::VisionRun& run, std::span<const float> x);

/// The kernels of the first convolution. [out, in] maps; three input channels are red, green and blue.
struct Filters {
  std::string layer;
  size_t out = 0, in = 0;
  std::vector<Map> maps;
};
Filters first_filters(const Net& net);

}  // namespace hanok::vision

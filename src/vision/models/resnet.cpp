// ResNet-18, 34, 50, 101 and 152. He, Zhang, Ren, Sun 2015, "Deep Residual Learning for Image Recognition", table 1,
// with the stride on the 3x3 convolution of a bottleneck ("v1.5") and torchvision's names. Parameters for 1,000
// classes: 11,689,512, 21,797,672, 25,557,032, 44,549,160 and 60,192,808.
//
//   [B, 3, 224, 224]  conv 64@7x7 stride 2  norm  relu  max 3x3 stride 2     [B, 64, 56, 56]
//                     blocks of width 64                                     [B, 64 or 256, 56, 56]
//                     blocks of width 128, the first with stride 2           [B, 128 or 512, 28, 28]
//                     blocks of width 256, the first with stride 2           [B, 256 or 1024, 14, 14]
//                     blocks of width 512, the first with stride 2           [B, 512 or 2048, 7, 7]
//                     mean over the map  linear -classes
//
// The variant for 32x32 begins with conv 64@3x3, stride 1, and no pool, as is usual for CIFAR-10: 11,173,962,
// 21,282,122, 23,520,842, 42,512,970 and 58,156,618 parameters for ten classes.
#include "vision/models/residual.h"

namespace hanok::vision {
namespace {

std::shared_ptr<Net> resnet(const ModelOptions& o, std::vector<int> blocks, bool bottleneck) {
  return std::make_shared<ResNet>(o, ResNetShape{std::move(blocks), {64, 128, 256, 512}, bottleneck, o.small_input});
}

}  // namespace

std::shared_ptr<Net> make_resnet18(const ModelOptions& o) { return resnet(o, {2, 2, 2, 2}, false); }
std::shared_ptr<Net> make_resnet34(const ModelOptions& o) { return resnet(o, {3, 4, 6, 3}, false); }
std::shared_ptr<Net> make_resnet50(const ModelOptions& o) { return resnet(o, {3, 4, 6, 3}, true); }
std::shared_ptr<Net> make_resnet101(const ModelOptions& o) { return resnet(o, {3, 4, 23, 3}, true); }
std::shared_ptr<Net> make_resnet152(const ModelOptions& o) { return resnet(o, {3, 8, 36, 3}, true); }

}  // namespace hanok::vision

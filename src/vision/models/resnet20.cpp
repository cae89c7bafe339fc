// ResNet-20 for CIFAR-10. He, Zhang, Ren, Sun 2015, "Deep Residual Learning for Image Recognition", section 4.2, n = 3.
//
//   [B, 3, 32, 32]  conv 16@3x3  norm  relu                                  [B, 16, 32, 32]
//                   3 blocks of width 16                                     [B, 16, 32, 32]
//                   3 blocks of width 32, the first with stride 2            [B, 32, 16, 16]
//                   3 blocks of width 64, the first with stride 2            [B, 64, 8, 8]
//                   mean over the map  linear 64-classes
//
// Different from the paper: shortcuts that change the width are 1x1 convolutions (option B), not zero padding (A):
// 272,474 parameters for ten classes instead of 269,722.
#include "vision/models/residual.h"

namespace hanok::vision {

std::shared_ptr<Net> make_resnet20(const ModelOptions& o) {
  return std::make_shared<ResNet>(
      o, ResNetShape{.blocks = {3, 3, 3}, .widths = {16, 32, 64}, .bottleneck = false, .small_stem = true});
}

}  // namespace hanok::vision

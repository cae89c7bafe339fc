// Kernels of layers that learn: layer_kernels.h says what each does.
#pragma once

#include "math/kernels.h"
#include "math/layer_kernels.h"

namespace hanok::math {

/// The table for features().
inline const LayerKernels& layer_kernels() { return kernels<LayerKernels>(); }

}  // namespace hanok::math

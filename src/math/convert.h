// Conversions between float32 and its 16-bit forms: one number in half.h, a row here.
#pragma once

#include "math/convert_kernels.h"
#include "math/kernels.h"

namespace hanok::math {

/// The table for features().
inline const ConvertKernels& convert() { return kernels<ConvertKernels>(); }

}  // namespace hanok::math

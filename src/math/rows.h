// Kernels on one row of float32 activations: row_kernels.h says what each does.
#pragma once

#include "math/kernels.h"
#include "math/row_kernels.h"

namespace hanok::math {

/// The table for features().
inline const RowKernels& rows() { return kernels<RowKernels>(); }

}  // namespace hanok::math

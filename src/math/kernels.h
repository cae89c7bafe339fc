// The registry of kernels: every table of kernels (a struct of function pointers, NAME_kernels.h) has versions, each
// for some features of the CPU, and is put together once from those that the CPU can run.
//
//   const auto& kernel = hanok::math::kernels<hanok::math::DistanceKernels>();
//
// A version is one function in one file: fill_distance_avx2 in distance_avx2.cpp. Such files alone get CPU flags, and
// include only their own header and the intrinsics: shared inline code compiled there would leak into callers built for
// any CPU, by link order. A new version is one file and one line in kernels.cpp.
#pragma once

#include "math/cpu.h"

namespace hanok::math {

/// The table for features(), filled at the first call. Known tables: those listed in kernels.cpp.
template <typename Table>
const Table& kernels();

/// The table for a set that this CPU has: one of testable_features(), or a part of them.
template <typename Table>
Table kernels(Features features);

}  // namespace hanok::math

// The CPU level, found once at start; every kernel table is filled from it.
#pragma once

#include <string_view>
#include <vector>

namespace hanok::math {

/// On x86-64 each level includes the ones before it; Avx2 means AVX2 + FMA + F16C; Avx512 means F, BW, DQ, VL, CD.
/// 64-bit ARM has Scalar and Neon.
enum class Level { Scalar, Avx2, Avx512, Vnni, Bf16, Amx, Neon };

std::string_view level_name(Level level);  // "scalar", "avx2", "avx512", "vnni", "bf16", "amx", "neon"
/// What this CPU and its operating system offer.
Level detected_level();
/// The level in use: detected_level(), or a lower one named by HANOK_CPU. Fixed at the first call.
Level level();
/// Every level this machine can run, from Scalar up: tests run each one.
std::vector<Level> testable_levels();

}  // namespace hanok::math

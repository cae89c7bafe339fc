// What the CPU can do, found once at start; every table of kernels is filled from it (math/kernels.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::math {

/// Features do not stand on one ladder: a CPU may have AVX-VNNI without AVX-512, and AVX-512 VNNI without AVX-VNNI.
enum class Feature : uint8_t {
  Avx2,     // AVX2, FMA and F16C
  AvxVnni,  // vpdpbusd on 256-bit registers, in VEX encoding
  Avx512,   // F, BW, DQ, VL and CD
  Vnni,     // AVX-512 VNNI
  Bf16,     // AVX-512 BF16
  Amx,      // tiles of int8 and of bf16
  Neon,     // every 64-bit ARM
  I8mm,     // products of 2 x 8 and 8 x 2 bytes
};

/// A set of features.
class Features {
 public:
  constexpr Features() = default;  // none: the scalar kernels
  constexpr bool has(Feature f) const { return bits_ >> static_cast<int>(f) & 1; }
  constexpr bool include(Features other) const { return (bits_ & other.bits_) == other.bits_; }
  constexpr Features with(Feature f) const { return Features(bits_ | 1u << static_cast<int>(f)); }
  constexpr Features operator|(Features other) const { return Features(bits_ | other.bits_); }
  constexpr Features operator&(Features other) const { return Features(bits_ & other.bits_); }
  constexpr bool operator==(const Features&) const = default;

 private:
  constexpr explicit Features(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

/// A feature and those that its kernels use besides: every CPU that was ever sold with the one has the others.
constexpr Features needs(Feature f) {
  switch (f) {
    case Feature::AvxVnni:
    case Feature::Avx512:
      return needs(Feature::Avx2).with(f);
    case Feature::Vnni:
      return needs(Feature::Avx512).with(f);
    case Feature::Bf16:
      return needs(Feature::Vnni).with(f);
    case Feature::Amx:
      return needs(Feature::Bf16).with(f);
    case Feature::I8mm:
      return needs(Feature::Neon).with(f);
    default:
      return Features().with(f);
  }
}

/// Tiles without what every CPU that has them has besides: no CPU, but kernels on tiles whose instructions are
/// emulated, so that tests run them anywhere.
constexpr Features kEmulatedTiles = Features().with(Feature::Amx);

/// "scalar", or the names of all of them: "avx2+avx512+vnni".
std::string features_name(Features features);
/// What this CPU and its operating system offer.
Features detected_features();
/// Of AMX: whether the CPU has it, the system lets this process use it, and its products came out right when tried.
struct TileState {
  bool there = false, allowed = false, right = false;
};
/// Found once, with detected_features(), which have Feature::Amx where all is well.
TileState tile_state();
/// Why a CPU's tiles are not used; empty where they are, or where there are none.
std::string tile_problem(TileState state);
/// What the kernels use: detected_features(), or fewer of them, named by HANOK_CPU: "scalar", or features joined by
/// '+', each with what it needs. Fixed at the first call.
Features features();
/// Every set that this machine can run and that one name stands for, from none up, and last all it has: tests run each.
std::vector<Features> testable_features();

}  // namespace hanok::math

#include "math/cpu.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/log.h"

namespace hanok::math {
namespace {

constexpr std::array<std::string_view, 7> kNames{"scalar", "avx2", "avx512", "vnni", "bf16", "amx", "neon"};

#if defined(__x86_64__)
// clang 14's __builtin_cpu_supports does not know these two, so the bits are read here (Intel SDM, CPUID leaves 1 and
// 7).
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 29);
}

bool has_amx() {
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25, kAll = kBf16 | kTile | kInt8;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & kAll) == kAll;
}

bool amx_allowed() {
#if defined(__linux__)
  // Linux 5.16+ hands out the tile registers only on request (arch_prctl ARCH_REQ_XCOMP_PERM, component 18).
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return has_amx() && ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Level detect() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c()) return Level::Scalar;
  for (const bool has : {__builtin_cpu_supports("avx512f") != 0, __builtin_cpu_supports("avx512bw") != 0,
                         __builtin_cpu_supports("avx512dq") != 0, __builtin_cpu_supports("avx512vl") != 0,
                         __builtin_cpu_supports("avx512cd") != 0})
    if (!has) return Level::Avx2;
  if (!__builtin_cpu_supports("avx512vnni")) return Level::Avx512;
  if (!__builtin_cpu_supports("avx512bf16")) return Level::Vnni;
  return amx_allowed() ? Level::Amx : Level::Bf16;
}
#elif defined(__aarch64__)
Level detect() { return Level::Neon; }
#else
Level detect() { return Level::Scalar; }
#endif

Level choose() {
  const Level found = detected_level();
  const char* wanted = std::getenv("HANOK_CPU");
  if (!wanted) return found;
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == wanted) {
      const auto offered = testable_levels();
      if (std::find(offered.begin(), offered.end(), static_cast<Level>(i)) != offered.end())
        return static_cast<Level>(i);
      base::warn_once("HANOK_CPU=" + std::string(wanted) + " is more than this CPU has; using " +
                      std::string(level_name(found)));
      return found;
    }
  base::warn_once("HANOK_CPU=" + std::string(wanted) + " is not one of scalar avx2 avx512 vnni bf16 amx neon; ignored");
  return found;
}

}  // namespace

std::string_view level_name(Level level) { return kNames[static_cast<size_t>(level)]; }

Level detected_level() {
  static const Level found = detect();
  return found;
}

Level level() {
  static const Level chosen = choose();
  return chosen;
}

std::vector<Level> testable_levels() {
  if (detected_level() == Level::Neon) return {Level::Scalar, Level::Neon};
  std::vector<Level> out;
  for (int i = 0; i <= static_cast<int>(detected_level()); ++i) out.push_back(static_cast<Level>(i));
  return out;
}

}  // namespace hanok::math

#include "math/cpu.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "base/log.h"
#include "math/tile_kernels.h"

namespace hanok::math {
namespace {

constexpr std::array<std::pair<std::string_view, Feature>, 8> kNames{{{"avx2", Feature::Avx2},
                                                                      {"avxvnni", Feature::AvxVnni},
                                                                      {"avx512", Feature::Avx512},
                                                                      {"vnni", Feature::Vnni},
                                                                      {"bf16", Feature::Bf16},
                                                                      {"amx", Feature::Amx},
                                                                      {"neon", Feature::Neon},
                                                                      {"i8mm", Feature::I8mm}}};

#if defined(__x86_64__)
// clang 14's __builtin_cpu_supports does not know these, so the bits are read here (Intel SDM, CPUID leaves 1 and 7).
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 29);
}

bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4);
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
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

TileState find_tiles() {
  TileState out;
  out.there = has_amx();
  out.allowed = out.there && amx_allowed();
  out.right = out.allowed && tiles_multiply_right_amx();
  return out;
}

Features detect() {
  __builtin_cpu_init();
  Features found;
  const auto add = [&](Feature f, bool there) {
    if (there && found.with(f).include(needs(f))) found = found.with(f);
  };
  add(Feature::Avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c());
  add(Feature::AvxVnni, has_avx_vnni());
  add(Feature::Avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512cd"));
  add(Feature::Vnni, __builtin_cpu_supports("avx512vnni"));
  add(Feature::Bf16, __builtin_cpu_supports("avx512bf16"));
  add(Feature::Amx, found.has(Feature::Bf16) && tile_state().right);
  return found;
}
#elif defined(__aarch64__)
TileState find_tiles() { return {}; }
Features detect() {
  Features found = needs(Feature::Neon);
#if defined(__linux__)
  constexpr unsigned long kI8mm = 1ul << 13;  // HWCAP2_I8MM
  if (::getauxval(AT_HWCAP2) & kI8mm) found = found.with(Feature::I8mm);
#endif
  return found;
}
#else
TileState find_tiles() { return {}; }
Features detect() { return {}; }
#endif

// "avx512+avxvnni"; nothing if a name is not one.
std::optional<Features> read_features(std::string_view text) {
  if (text == "scalar") return Features();
  Features out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('+', at), text.size());
    const auto found = std::find_if(kNames.begin(), kNames.end(),
                                    [&](const auto& name) { return name.first == text.substr(at, end - at); });
    if (found == kNames.end()) return std::nullopt;
    out = out | needs(found->second);
    at = end + 1;
  }
  return out;
}

Features choose() {
  const Features found = detected_features();
  const char* wanted = std::getenv("HANOK_CPU");
  if (!wanted) return found;
  const auto chosen = read_features(wanted);
  if (chosen && found.include(*chosen)) return *chosen;
  base::warn_once("HANOK_CPU=" + std::string(wanted) +
                  (chosen ? " is more than this CPU has"
                          : " is neither scalar nor made of avx2 avxvnni avx512 vnni bf16 amx neon i8mm joined by +") +
                  "; using " + features_name(found));
  return found;
}

}  // namespace

std::string features_name(Features features) {
  std::string out;
  for (const auto& [name, feature] : kNames)
    if (features.has(feature)) out += (out.empty() ? "" : "+") + std::string(name);
  return out.empty() ? "scalar" : out;
}

TileState tile_state() {
  static const TileState found = find_tiles();
  return found;
}

std::string tile_problem(TileState state) {
  if (!state.there || state.right) return {};
  if (!state.allowed)
    return "the CPU has AMX, which the system does not let this process use (Linux 5.16 and newer do, where a virtual "
           "machine passes it on)";
  return "the CPU says that it has AMX, but its products came out wrong when tried: AMX is not used";
}

Features detected_features() {
  static const Features found = detect();
  return found;
}

Features features() {
  static const Features chosen = choose();
  return chosen;
}

std::vector<Features> testable_features() {
  const Features all = detected_features();
  std::vector<Features> out{Features()};
  for (const auto& [name, feature] : kNames)
    if (all.has(feature)) out.push_back(needs(feature));
  if (out.back() != all) out.push_back(all);
  return out;
}

}  // namespace hanok::math

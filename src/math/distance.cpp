#include "math/distance.h"

namespace hanok::math {

DistanceKernels distance_at(Level level) {
  DistanceKernels table{};
  fill_distance_scalar(table);
#if defined(__x86_64__)
  if (level >= Level::Avx2) fill_distance_avx2(table), fill_codes_avx2(table);
  if (level >= Level::Avx512) fill_distance_avx512(table);
  if (level >= Level::Vnni) fill_distance_vnni(table), fill_codes_vnni(table);
#elif defined(__aarch64__)
  if (level == Level::Neon) fill_distance_neon(table);
#endif
  return table;
}

const DistanceKernels& distance() {
  static const DistanceKernels table = distance_at(level());
  return table;
}

}  // namespace hanok::math

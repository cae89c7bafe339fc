// For tests with a set of CPU features as their parameter.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "math/cpu.h"

namespace hanok::math {

/// "avx2_avx512": gtest takes letters, digits and underscores.
inline std::string name_of_features(const testing::TestParamInfo<Features>& info) {
  std::string name = features_name(info.param);
  std::replace(name.begin(), name.end(), '+', '_');
  return name;
}

}  // namespace hanok::math

#include "hanok/lm.h"

#include <cmath>

namespace hanok {

float cosine(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size())
    throw Error(Code::Invalid, "cosine: vectors of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " values");
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa > 0 && bb > 0 ? static_cast<float>(dot / std::sqrt(aa * bb)) : 0;
}

}  // namespace hanok

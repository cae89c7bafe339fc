#include "train/schedule.h"

#include <algorithm>
#include <cmath>

#include "hanok/error.h"

namespace hanok::train {
namespace {

double plain(const Schedule& s, double p) {
  if (s.kind == "constant") return 1;
  if (s.kind == "linear") return 1 + (s.end - 1) * p;
  if (s.kind == "step")
    return std::pow(s.gamma, std::min(std::floor(p * static_cast<double>(s.steps)), static_cast<double>(s.steps) - 1));
  if (s.kind == "cosine") return s.end + (1 - s.end) * 0.5 * (1 + std::cos(3.14159265358979323846 * p));
  if (s.kind == "one-cycle")
    return p < s.peak ? s.start + (1 - s.start) * p / s.peak : 1 + (s.end - 1) * (p - s.peak) / (1 - s.peak);
  throw Error(Code::Invalid,
              "there is no schedule '" + s.kind + "'; there are: constant, linear, step, cosine, one-cycle");
}

}  // namespace

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names = {"constant", "linear", "step", "cosine", "one-cycle"};
  return names;
}

double factor_at(const Schedule& schedule, double progress) {
  const double p = std::clamp(progress, 0.0, 1.0);
  const double factor = plain(schedule, p);
  return p < schedule.warm_up ? factor * p / schedule.warm_up : factor;
}

}  // namespace hanok::train

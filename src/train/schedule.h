// What the learning rate is multiplied by while a run goes on.
#pragma once

#include <string>
#include <vector>

namespace hanok::train {

struct Schedule {
  /// constant   1
  /// linear     from 1 down to `end`
  /// step       times `gamma` after each of `steps` equal parts (steps = 3, gamma = 0.1: 1, 0.1, 0.01)
  /// cosine     from 1 down to `end` along half a cosine (Loshchilov and Hutter 2017)
  /// one-cycle  from `start` up to 1 at `peak`, then down to `end`, both straight (Smith 2018): also called triangular
  std::string kind = "cosine";
  double warm_up = 0;  // the share of the run in which the factor rises from 0 to what the schedule says
  double start = 0.2, peak = 0.25, end = 0;
  size_t steps = 3;
  double gamma = 0.1;
};

const std::vector<std::string>& schedule_names();
/// progress  0 at the first step, 1 when the run is over; outside of it the nearest end holds.
/// Throws Invalid for a kind that there is not.
double factor_at(const Schedule& schedule, double progress);

}  // namespace hanok::train

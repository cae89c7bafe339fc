// From scores to the next token: penalties, filters and a draw, in the order that llama.cpp's users know.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "hanok/generate.h"

namespace hanok::lm {

/// A token that may still be chosen.
struct Candidate {
  int32_t id = 0;
  float logit = 0;
};

/// Throws Invalid, naming the setting, its value and its range.
void check(const Sampling& sampling);

// The steps. Candidates are in the order of ids at first; a step may leave them sorted by logit.
/// Of candidates in the order of ids.
void apply_bias(std::vector<Candidate>& candidates, std::span<const std::pair<int32_t, float>> bias);
void apply_penalties(std::vector<Candidate>& candidates, const Penalties& penalties, std::span<const int32_t> history);
void apply_dry(std::vector<Candidate>& candidates, const Dry& dry, std::span<const int32_t> history);
void keep_top_k(std::vector<Candidate>& candidates, int k);
void keep_top_p(std::vector<Candidate>& candidates, float p);
void keep_min_p(std::vector<Candidate>& candidates, float p);
void keep_typical(std::vector<Candidate>& candidates, float p);
void keep_top_n_sigma(std::vector<Candidate>& candidates, float n);
void apply_temperature(std::vector<Candidate>& candidates, float temperature);
/// Softmax of the candidates' logits, in their order.
std::vector<double> probabilities(std::span<const Candidate> candidates);

/// One sequence's draws: its random numbers are its own, so what is generated beside it changes nothing.
class Sampler {
 public:
  /// Throws Invalid as check() does.
  explicit Sampler(Sampling sampling);
  /// The next token. `allowed`: bit i says whether token i may come (constrained decoding); empty: all may. Throws
  /// Invalid when none may.
  int32_t next(std::span<const float> logits, std::span<const int32_t> history, std::span<const uint64_t> allowed = {});
  const Sampling& sampling() const { return sampling_; }

 private:
  Sampling sampling_;
  base::Random random_;
  std::vector<Candidate> candidates_;
};

}  // namespace hanok::lm

// From scores to the next token: penalties, filters and a draw, in the order that llama.cpp's users know.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"

namespace hanok::lm {

/// A token that may still be chosen.
struct Candidate {
  int32_t id = 0;
  float logit = 0;
};

/// Repetition penalty (Keskar et al. 2019), and OpenAI's: logit - frequency * count - presence * (count > 0), over the
/// last last_n tokens (0: none, -1: all).
struct Penalties {
  float repeat = 1, frequency = 0, presence = 0;
  int last_n = 64;
};

/// "Don't repeat yourself": a token that would lengthen a repetition of `n` tokens loses multiplier * base^(n -
/// allowed).
struct Dry {
  float multiplier = 0, base = 1.75f;
  int allowed_length = 2, last_n = -1;
  std::vector<int32_t> breakers;  // tokens that no repetition reaches over
};

struct Sampling {
  float temperature = 0.8f;  // 0: always the most likely token (the lowest id on a tie)
  int top_k = 40;            // 0: all
  float top_p = 0.95f;       // 1: all (Holtzman et al. 2020)
  float min_p = 0.05f;       // 0: all (Nguyen et al. 2024)
  float typical = 1;         // 1: all (Meister et al. 2022)
  float top_n_sigma = 0;     // 0: all (Tang et al. 2024)
  Penalties penalties;
  Dry dry;
  std::vector<std::pair<int32_t, float>> logit_bias;  // -100 and less: never
  uint64_t seed = 0;
};

/// Throws Invalid, naming the setting, its value and its range.
void check(const Sampling& sampling);

// The steps. Candidates are in the order of ids at first; a step may leave them sorted by logit.
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

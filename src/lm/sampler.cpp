#include "lm/sampler.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

bool higher(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; }

void sort_by_logit(std::vector<Candidate>& candidates) {
  if (!std::is_sorted(candidates.begin(), candidates.end(), higher))
    std::sort(candidates.begin(), candidates.end(), higher);
}

std::span<const int32_t> recent(std::span<const int32_t> history, int last_n) {
  if (last_n < 0 || history.size() <= static_cast<size_t>(last_n)) return history;
  return history.last(static_cast<size_t>(last_n));
}

void range(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw Error(Code::Invalid, std::string("sampling: ") + name + " is " + std::to_string(value) + ", expected " +
                                 std::to_string(low) + " to " + std::to_string(high));
}

}  // namespace

void check(const Sampling& s) {
  range("temperature", s.temperature, 0, 100);
  range("top_k", s.top_k, 0, 1e9);
  range("top_p", s.top_p, 0, 1);
  range("min_p", s.min_p, 0, 1);
  range("typical", s.typical, 0, 1);
  range("top_n_sigma", s.top_n_sigma, 0, 1e6);
  range("repeat_penalty", s.penalties.repeat, 1e-3, 1e3);
  range("frequency_penalty", s.penalties.frequency, -100, 100);
  range("presence_penalty", s.penalties.presence, -100, 100);
  range("dry_multiplier", s.dry.multiplier, 0, 100);
  range("dry_base", s.dry.base, 1, 100);
  for (const auto& bias : s.logit_bias)
    if (std::isnan(bias.second)) throw Error(Code::Invalid, "sampling: a logit_bias is not a number");
}

void apply_bias(std::vector<Candidate>& candidates, std::span<const std::pair<int32_t, float>> bias) {
  constexpr float kNever = -100;
  for (const auto& [id, add] : bias) {
    const auto at = std::lower_bound(candidates.begin(), candidates.end(), id,
                                     [](const Candidate& c, int32_t wanted) { return c.id < wanted; });
    if (at != candidates.end() && at->id == id) at->logit += add <= kNever ? std::min(add, -1e4f) : add;
  }
}

void apply_penalties(std::vector<Candidate>& candidates, const Penalties& p, std::span<const int32_t> history) {
  if (p.last_n == 0 || (p.repeat == 1 && p.frequency == 0 && p.presence == 0)) return;
  std::unordered_map<int32_t, int> counts;
  for (const int32_t id : recent(history, p.last_n)) ++counts[id];
  for (Candidate& c : candidates) {
    const auto at = counts.find(c.id);
    if (at == counts.end()) continue;
    c.logit = c.logit <= 0 ? c.logit * p.repeat : c.logit / p.repeat;
    c.logit -= static_cast<float>(at->second) * p.frequency + p.presence;
  }
}

void apply_dry(std::vector<Candidate>& candidates, const Dry& dry, std::span<const int32_t> history) {
  history = recent(history, dry.last_n);
  if (dry.multiplier == 0 || history.size() < 2) return;
  const auto breaks = [&](int32_t id) {
    return std::find(dry.breakers.begin(), dry.breakers.end(), id) != dry.breakers.end();
  };
  constexpr size_t kLongest = 64;  // beyond, base^n has no bound worth computing
  const size_t end = history.size();
  std::unordered_map<int32_t, size_t> longest;  // token -> tokens that it would repeat
  for (size_t j = 0; j + 1 < end; ++j) {        // what stands behind j followed the same tokens before
    size_t n = 0;
    while (n <= j && n < kLongest && history[j - n] == history[end - 1 - n] && !breaks(history[j - n])) ++n;
    if (n >= static_cast<size_t>(std::max(dry.allowed_length, 1))) {
      size_t& most = longest[history[j + 1]];
      most = std::max(most, n);
    }
  }
  for (Candidate& c : candidates)
    if (const auto at = longest.find(c.id); at != longest.end())
      c.logit -=
          dry.multiplier * std::pow(dry.base, static_cast<float>(at->second) - static_cast<float>(dry.allowed_length));
}

void keep_top_k(std::vector<Candidate>& candidates, int k) {
  if (k <= 0) return;
  const auto keep = std::min(candidates.size(), static_cast<size_t>(k));
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(keep), candidates.end(), higher);
  candidates.resize(keep);
}

std::vector<double> probabilities(std::span<const Candidate> candidates) {
  float most = -INFINITY;
  for (const auto& c : candidates) most = std::max(most, c.logit);
  std::vector<double> out;
  double sum = 0;
  for (const auto& c : candidates) sum += out.emplace_back(std::exp(static_cast<double>(c.logit) - most));
  for (double& p : out) p /= sum;
  return out;
}

void keep_top_p(std::vector<Candidate>& candidates, float p) {
  if (p >= 1) return;
  sort_by_logit(candidates);
  const auto share = probabilities(candidates);
  double sum = 0;
  for (size_t i = 0; i < share.size(); ++i)
    if ((sum += share[i]) >= static_cast<double>(p)) return candidates.resize(i + 1);
}

void keep_min_p(std::vector<Candidate>& candidates, float p) {
  if (p <= 0) return;
  float most = -INFINITY;
  for (const auto& c : candidates) most = std::max(most, c.logit);
  const float least = most + std::log(p);
  std::erase_if(candidates, [&](const Candidate& c) { return c.logit < least; });
}

void keep_typical(std::vector<Candidate>& candidates, float p) {
  if (p >= 1) return;
  sort_by_logit(candidates);
  const auto share = probabilities(candidates);
  double entropy = 0;
  for (const double x : share)
    if (x > 0) entropy -= x * std::log(x);
  std::vector<size_t> order(candidates.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto surprise = [&](size_t i) { return std::fabs(-std::log(share[i]) - entropy); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return surprise(a) < surprise(b); });
  std::vector<Candidate> kept;
  double sum = 0;
  for (const size_t i : order) {
    kept.push_back(candidates[i]);
    if ((sum += share[i]) > static_cast<double>(p)) break;
  }
  candidates = std::move(kept);
}

void keep_top_n_sigma(std::vector<Candidate>& candidates, float n) {
  if (n <= 0 || candidates.empty()) return;
  double sum = 0, squares = 0;
  float most = -INFINITY;
  size_t count = 0;
  for (const auto& c : candidates) {
    if (!std::isfinite(c.logit)) continue;
    sum += c.logit;
    most = std::max(most, c.logit);
    ++count;
  }
  const double mean = sum / static_cast<double>(std::max<size_t>(count, 1));
  for (const auto& c : candidates)
    if (std::isfinite(c.logit)) squares += (c.logit - mean) * (c.logit - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(std::max<size_t>(count, 1)));
  std::erase_if(candidates, [&](const Candidate& c) { return c.logit < most - n * deviation; });
}

void apply_temperature(std::vector<Candidate>& candidates, float temperature) {
  if (temperature <= 0) return keep_top_k(candidates, 1);
  for (Candidate& c : candidates) c.logit /= temperature;
}

Sampler::Sampler(Sampling sampling) : sampling_(std::move(sampling)), random_(sampling_.seed) { check(sampling_); }

int32_t Sampler::next(std::span<const float> logits, std::span<const int32_t> history,
                      std::span<const uint64_t> allowed) {
  auto& c = candidates_;
  c.clear();
  for (size_t i = 0; i < logits.size(); ++i)
    if (allowed.empty() || (allowed[i / 64] >> (i % 64) & 1)) c.push_back({static_cast<int32_t>(i), logits[i]});
  if (c.empty()) throw Error(Code::Invalid, "sampling: no token is allowed here");
  apply_bias(c, sampling_.logit_bias);
  apply_penalties(c, sampling_.penalties, history);
  apply_dry(c, sampling_.dry, history);
  if (sampling_.temperature == 0) return std::min_element(c.begin(), c.end(), higher)->id;
  keep_top_n_sigma(c, sampling_.top_n_sigma);
  keep_top_k(c, sampling_.top_k);
  keep_typical(c, sampling_.typical);
  keep_top_p(c, sampling_.top_p);
  keep_min_p(c, sampling_.min_p);
  apply_temperature(c, sampling_.temperature);
  std::sort(c.begin(), c.end(), higher);  // the draw depends on what is left and not on how it was found
  const auto share = probabilities(c);
  double at = random_.uniform();
  for (size_t i = 0; i + 1 < share.size(); ++i)
    if ((at -= share[i]) < 0) return c[i].id;
  return c.back().id;
}

}  // namespace hanok::lm

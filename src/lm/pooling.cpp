#include "lm/pooling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

struct Spelling {
  Pool kind;
  std::string_view name, old_key;
};
constexpr std::array kSpellings{
    Spelling{Pool::Cls, "cls", "pooling_mode_cls_token"},
    Spelling{Pool::Max, "max", "pooling_mode_max_tokens"},
    Spelling{Pool::Mean, "mean", "pooling_mode_mean_tokens"},
    Spelling{Pool::MeanSqrtLen, "mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"},
    Spelling{Pool::WeightedMean, "weightedmean", "pooling_mode_weightedmean_tokens"},
    Spelling{Pool::LastToken, "lasttoken", "pooling_mode_lasttoken"}};

void add_named(const Config& config, const base::Json& value, std::vector<Pool>& out) {
  for (const Spelling& s : kSpellings)
    if (value.is_string() && (value == s.name || (s.kind == Pool::MeanSqrtLen && value == "mean_sqrt_len")))
      return out.push_back(s.kind);
  config.fail("pooling_mode", "cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken");
}

// out = scale * sum over tokens [first, n) of weight(i) * hidden[i]
template <class Weight>
void weighted_sum(const float* hidden, size_t first, size_t n, size_t width, Weight weight, float scale, float* out) {
  std::fill(out, out + width, 0.0f);
  for (size_t i = first; i < n; ++i) {
    const float w = weight(i);
    for (size_t j = 0; j < width; ++j) out[j] += w * hidden[i * width + j];
  }
  for (size_t j = 0; j < width; ++j) out[j] *= scale;
}

}  // namespace

std::string_view name(Pool kind) { return kSpellings[static_cast<size_t>(kind)].name; }

Pooling Pooling::read(const Config& config) {
  Pooling out{.kinds = {}, .include_prompt = config.flag("include_prompt", true)};
  if (config.has("pooling_mode")) {
    const base::Json& mode = config.json()["pooling_mode"];
    if (mode.is_array())
      for (const auto& one : mode) add_named(config, one, out.kinds);
    else
      add_named(config, mode, out.kinds);
  } else {
    for (const Spelling& s : kSpellings)
      if (config.flag(s.old_key, false)) out.kinds.push_back(s.kind);
  }
  if (out.kinds.empty()) config.fail("pooling_mode", "at least one kind of pooling");
  return out;
}

void pool(Pool kind, const float* hidden, size_t n, size_t width, size_t skip, float* out) {
  const size_t first = std::min(skip, n), count = n - first;
  const auto one = [](size_t) { return 1.0f; };
  switch (kind) {
    case Pool::Cls:
      std::copy_n(hidden, width, out);
      return;
    case Pool::LastToken:
      std::copy_n(hidden + (n - 1) * width, width, out);
      return;
    case Pool::Max:
      std::fill(out, out + width, std::numeric_limits<float>::lowest());
      for (size_t i = count ? first : 0; i < n; ++i)
        for (size_t j = 0; j < width; ++j) out[j] = std::max(out[j], hidden[i * width + j]);
      return;
    case Pool::Mean:
      return weighted_sum(hidden, first, n, width, one, count ? 1 / static_cast<float>(count) : 0, out);
    case Pool::MeanSqrtLen:
      return weighted_sum(hidden, first, n, width, one, count ? 1 / std::sqrt(static_cast<float>(count)) : 0, out);
    case Pool::WeightedMean: {
      float total = 0;
      for (size_t i = first; i < n; ++i) total += static_cast<float>(i + 1);
      return weighted_sum(
          hidden, first, n, width, [](size_t i) { return static_cast<float>(i + 1); }, count ? 1 / total : 0, out);
    }
  }
}

}  // namespace hanok::lm

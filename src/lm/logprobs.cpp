#include "lm/logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hanok::lm {

TokenLogprob token_logprob(std::span<const float> scores, int32_t id, size_t top, const text::Tokenizer& tokenizer,
                           const grammar::TokenBytes& bytes) {
  const float most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const float s : scores) sum += std::exp(static_cast<double>(s) - most);
  const double all = most + std::log(sum);
  const auto likely = [&](int32_t of) {
    LikelyToken out{.id = of, .bytes = bytes.of(of), .logprob = scores[static_cast<size_t>(of)] - all};
    if (out.bytes.empty()) out.bytes = tokenizer.token(of).value_or("");
    return out;
  };
  TokenLogprob out{.chosen = likely(id), .top = {}};
  if (top == 0) return out;
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto middle = order.begin() + static_cast<ptrdiff_t>(std::min(top, order.size()));
  std::partial_sort(order.begin(), middle, order.end(), [&](int32_t a, int32_t b) {
    const float x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (auto at = order.begin(); at != middle; ++at) out.top.push_back(likely(*at));
  return out;
}

}  // namespace hanok::lm

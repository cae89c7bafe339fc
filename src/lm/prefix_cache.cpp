#include "lm/prefix_cache.h"

#include <algorithm>

namespace hanok::lm {

size_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(n), b.begin()).first -
                             a.begin());
}

const PrefixCache::Kept* PrefixCache::find(std::span<const int32_t> ids, const Adapter* adapter) const {
  const Kept* best = nullptr;
  size_t most = kLeastShared - 1;
  for (const Kept& k : kept_) {
    const size_t n = k.adapter == adapter ? common_prefix(k.ids, ids) : 0;
    if (n > most) best = &k, most = n;
  }
  return best;
}

void PrefixCache::used(const Kept* kept) {
  const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return &k == kept; });
  if (at != kept_.end()) std::rotate(kept_.begin(), at, at + 1);
}

void PrefixCache::keep(std::vector<int32_t> ids, const Adapter* adapter, nn::KvSequence cache) {
  ids.resize(cache.length());
  if (ids.size() < kLeastShared) return;
  for (const Kept& k : kept_)
    if (k.adapter == adapter && common_prefix(k.ids, ids) == ids.size()) return used(&k);
  std::erase_if(kept_,
                [&](const Kept& k) { return k.adapter == adapter && common_prefix(k.ids, ids) == k.ids.size(); });
  kept_.push_front({adapter, std::move(ids), std::move(cache)});
  size_t tokens = 0;
  for (size_t i = 0; i < kept_.size(); ++i) {
    tokens += kept_[i].ids.size();
    if (i == 0 || (i < kMost && tokens <= most_tokens_)) continue;
    kept_.erase(kept_.begin() + static_cast<ptrdiff_t>(i), kept_.end());
    return;
  }
}

bool PrefixCache::drop_oldest() {
  if (kept_.empty()) return false;
  kept_.pop_back();
  return true;
}

}  // namespace hanok::lm

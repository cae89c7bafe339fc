// The k best of a stream.
//
//   base::TopK<Match, decltype(&better)> top(10, better);
//   for (const Match& m : all) top.offer(m);
//   auto best = top.take();                            // best first
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace hanok::base {

/// better(a, b): a comes before b in the result. Where it is a total order, the result does not depend on the order of
/// the stream.
template <typename T, typename Better = std::less<T>>
class TopK {
 public:
  explicit TopK(size_t k, Better better = {}) : k_(k), better_(std::move(better)) {}

  size_t k() const { return k_; }
  bool full() const { return heap_.size() == k_; }
  /// The k-th so far; only where full() and k > 0.
  const T& worst() const { return heap_.front(); }
  /// False for what cannot be among the k best any more.
  bool open_to(const T& item) const { return heap_.size() < k_ || (k_ > 0 && better_(item, heap_.front())); }
  void offer(const T& item) {
    if (!open_to(item)) return;
    if (full()) return replace_worst(item);
    heap_.push_back(item);
    std::push_heap(heap_.begin(), heap_.end(), better_);
  }
  /// In no order.
  const std::vector<T>& found() const { return heap_; }
  /// Best first; nothing is left.
  std::vector<T> take() {
    std::sort_heap(heap_.begin(), heap_.end(), better_);
    return std::exchange(heap_, {});
  }

 private:
  // One way down instead of pop_heap and push_heap's two.
  void replace_worst(const T& item) {
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
      if (child + 1 < heap_.size() && better_(heap_[child], heap_[child + 1])) ++child;
      if (!better_(item, heap_[child])) break;
      heap_[at] = heap_[child];
    }
    heap_[at] = item;
  }

  size_t k_;
  Better better_;
  std::vector<T> heap_;  // the worst in front
};

}  // namespace hanok::base

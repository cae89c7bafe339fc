#include <algorithm>

#include "hanok/index.h"

namespace hanok::index {

IdFilter IdFilter::of(std::vector<Id> ids) {
  IdFilter out;
  out.listed_ = true;
  if (!std::is_sorted(ids.begin(), ids.end())) std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  out.ids_ = std::move(ids);
  return out;
}

IdFilter IdFilter::when(Predicate predicate, std::optional<uint64_t> matches) {
  IdFilter out;
  out.predicate_ = std::move(predicate);
  out.matches_ = matches;
  return out;
}

IdFilter IdFilter::narrowed(Predicate predicate) const {
  IdFilter out = *this;
  if (!predicate) return out;
  out.matches_.reset();
  if (predicate_)
    out.predicate_ = [first = predicate_, then = std::move(predicate)](Id id) { return first(id) && then(id); };
  else
    out.predicate_ = std::move(predicate);
  return out;
}

}  // namespace hanok::index

// What the door does in terms of its own functions, for every kind.
#include <algorithm>

#include "hanok/index.h"

namespace hanok::index {

std::vector<Id> Index::ids() const { throw Error(Code::Unsupported, "index '" + kind() + "' cannot list its ids"); }

void Index::set_search_defaults(const SearchOptions&) {}

void merge(Index& into, const Index& from) {
  if (into.options().dim != from.options().dim || into.options().metric != from.options().metric)
    throw Error(Code::Invalid, "merge: dimension " + std::to_string(from.options().dim) + " into " +
                                   std::to_string(into.options().dim) + ", or another metric; both must be the same");
  std::vector<Id> ids;
  std::vector<float> rows;
  for (const Id id : from.ids())
    if (const auto row = from.reconstruct(id)) {
      ids.push_back(id);
      rows.insert(rows.end(), row->begin(), row->end());
    }
  into.add(ids, rows);
}

Neighbours::Neighbours(const Index& index, std::span<const float> query, const SearchOptions& options)
    : index_(index), query_(query.begin(), query.end()), options_(options) {}

std::vector<Match> Neighbours::next(size_t n) {
  if (found_.size() < n) {
    const size_t wanted = std::max(2 * seen_.size(), seen_.size() + found_.size() + n);
    SearchOptions wider = options_;
    if (wider.ef) wider.ef = std::max(wider.ef, wanted);
    if (wider.rerank) wider.rerank = std::max(wider.rerank, wanted);
    found_ = index_.search(query_, wanted, wider);
    std::erase_if(found_, [&](const Match& m) { return std::binary_search(seen_.begin(), seen_.end(), m.id); });
  }
  std::vector<Match> out(found_.begin(), found_.begin() + static_cast<ptrdiff_t>(std::min(n, found_.size())));
  found_.erase(found_.begin(), found_.begin() + static_cast<ptrdiff_t>(out.size()));
  for (const Match& m : out) seen_.insert(std::upper_bound(seen_.begin(), seen_.end(), m.id), m.id);
  return out;
}

}  // namespace hanok::index

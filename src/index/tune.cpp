#include "index/tune.h"

#include <algorithm>

#include "hanok/context.h"
#include "index/auto.h"
#include "index/kinds.h"

namespace hanok::index {
namespace {

constexpr size_t kUnseen = 1000;

// What auto chose, or the index itself.
std::shared_ptr<const Index> plain(const Index& index) {
  if (const auto* chosen = dynamic_cast<const Auto*>(&index)) return chosen->chosen_index();
  return {std::shared_ptr<const Index>(), &index};
}

void copy_some(const Index& from, std::span<const Id> ids, Index& to) {
  constexpr size_t kAtOnce = 1 << 16;
  std::vector<float> rows;
  for (size_t at = 0; at < ids.size(); at += kAtOnce) {
    const auto some = ids.subspan(at, std::min(kAtOnce, ids.size() - at));
    rows.clear();
    for (const Id id : some) {
      const auto row = *from.reconstruct(id);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    to.add(some, rows);
  }
}

Tuned tuned_on(const Index& index, const std::vector<Trial>& trials, double recall, size_t k, size_t threads) {
  return tune(
      trials, recall, efforts(index.kind(), k, index.size()), ask_index(index, threads),
      [&](Id id, float* out) { std::copy_n(index.reconstruct(id)->data(), index.options().dim, out); }, index.size());
}

// On an index of the same kind that lacks them.
Tuned tuned_on_unseen(const Index& index, double recall, size_t k, uint64_t seed, size_t threads) {
  if (index.kind() == "disk")  // the one without them would be in memory, and another kind of walk
    throw Error(
        Code::Unsupported,
        "tune: an index of kind 'disk' is not built once more to ask for vectors that it lacks; give questions");
  Options options = index.options();
  options.threads = threads;
  const size_t dim = options.dim;
  auto ids = index.ids();
  const auto places = left_out(ids.size(), kUnseen, seed);
  if (places.empty())
    throw Error(Code::Invalid,
                "tune: of " + std::to_string(ids.size()) + " vectors none can be left out to ask for; give questions");
  std::vector<float> unseen;
  for (size_t u = places.size(), end = ids.size(); u-- > 0;) {
    const auto row = *index.reconstruct(ids[places[u]]);
    unseen.insert(unseen.end(), row.begin(), row.end());
    std::swap(ids[places[u]], ids[--end]);
  }
  ids.resize(ids.size() - places.size());
  const auto without = make_chosen(index.kind(), options);
  copy_some(index, ids, *without);
  std::vector<Trial> trials;
  auto away = moved_away(unseen, dim, options.metric, seed);
  trials.emplace_back(kUnseenName, dim, options.metric, std::move(unseen), k);
  trials.emplace_back(kAwayName, dim, options.metric, std::move(away), k);
  for (Trial& trial : trials) see_index(trial, *without, threads);
  return tuned_on(*without, trials, recall, k, threads);
}

}  // namespace

Tuned tune_index(const Index& index, double recall, size_t k, std::span<const float> questions, uint64_t seed,
                 size_t threads) {
  const auto own = plain(index);
  const Options& options = own->options();
  if (own->size() < 2)
    throw Error(Code::Invalid, "tune: the index has fewer than two vectors; there is nothing to tune");
  if (questions.size() % options.dim)
    throw Error(Code::Invalid, "tune: " + std::to_string(questions.size()) + " numbers are no whole questions of " +
                                   std::to_string(options.dim));
  if (efforts(own->kind(), k, own->size()).empty()) return {{recall, k, own->size(), "", {}}, {}};
  const Context::Scope quietly(Context::current().with_progress({}));
  if (questions.empty()) return tuned_on_unseen(*own, recall, k, seed, threads);
  std::vector<Trial> trials;
  trials.emplace_back("questions given", options.dim, options.metric,
                      std::vector<float>(questions.begin(), questions.end()), k);
  see_index(trials[0], *own, threads);
  return tuned_on(*own, trials, recall, k, threads);
}

void keep_tuned(Index& index, const Tuned& tuned) {
  if (auto* chosen = dynamic_cast<Auto*>(&index)) return chosen->keep_tuned(tuned);
  index.set_search_defaults(tuned.options);
  if (auto* base = dynamic_cast<BaseIndex*>(&index)) base->note(kPromiseKey, tuned.promise.json());
}

std::optional<Promise> promise_of(const Index& index) {
  if (const auto* chosen = dynamic_cast<const Auto*>(&index)) return chosen->promise();
  const auto& set = index.options().set;
  const auto text = set.find(kPromiseKey);
  if (text == set.end()) return std::nullopt;
  return Promise::from_json(text->second);
}

}  // namespace hanok::index

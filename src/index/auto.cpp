#include "index/auto.h"

#include <algorithm>
#include <exception>
#include <unordered_set>

#include "base/json.h"
#include "base/log.h"
#include "index/choose.h"
#include "index/kinds.h"

namespace hanok::index {
namespace {

constexpr size_t kChooseAgain = 8;  // times the size of the last choice; hnsw learns its codes anew at the same growth
constexpr size_t kLeastExact = 1024;  // no other kind leaves off scanning earlier
constexpr size_t kNeighbours = 10;
constexpr size_t kMostUnseen = 1000, kFewUnseen = 400;  // a recall of .99 is then known to some .0015 and .0025
constexpr size_t kManyVectors = 400'000;                // from here on the fewer: each is compared with all
constexpr size_t kLeastUnseen = 64;                     // fewer say nothing
constexpr size_t kGrown = 8;  // an eighth more than were measured: the promise is looked after again

size_t unseen_of(size_t vectors) { return vectors > kManyVectors ? kFewUnseen : kMostUnseen; }

// {"recall": ..., "ef": ...}
base::Json json_of(const Tuned& tuned) {
  return {{"promise", base::parse_json(tuned.promise.json(), "promise")},
          {"ef", tuned.options.ef},
          {"nprobe", tuned.options.nprobe},
          {"rerank", tuned.options.rerank}};
}

Tuned tuned_from(const base::Json& json) {
  Tuned out;
  out.promise = Promise::from_json(base::dump_json(json.at("promise")));
  out.options.ef = json.at("ef").get<size_t>();
  out.options.nprobe = json.at("nprobe").get<size_t>();
  out.options.rerank = json.at("rerank").get<size_t>();
  return out;
}

// What finds as much among `times` as many: a graph of many clusters needs a pool that grows like the set (measured),
// and cells a share of them.
SearchOptions wider(SearchOptions options, double times) {
  for (size_t* value : {&options.ef, &options.nprobe, &options.rerank})
    *value = static_cast<size_t>(std::ceil(static_cast<double>(*value) * times));
  return options;
}

bool lossless(const Index& index) {
  const auto statistics = index.statistics();
  const auto at = statistics.find("storage");
  return at != statistics.end() && (at->second == "f32" || at->second == "u8");
}

}  // namespace

Auto::Auto(const Options& options) : BaseIndex(options) {
  read_keys();
  keep(chosen(0, nullptr));
}

Auto::Auto(std::unique_ptr<Index> saved, const FileReader& file) : BaseIndex(saved->options()) {
  try {
    const auto json = base::parse_json(options_.set.at(kAutoKey), kAutoKey);
    options_.set = json.at("set").get<std::map<std::string, std::string>>();
    chosen_.at = json.at("at").get<size_t>();
    chosen_.why = json.at("why").get<std::string>();
    if (json.contains("tuned")) chosen_.tuned = tuned_from(json.at("tuned"));
    read_keys();
  } catch (const std::exception& e) {
    file.corrupt("section 'options': key '" + std::string(kAutoKey) + "': " + e.what());
  }
  chosen_.index = std::move(saved);
}

void Auto::read_keys() {
  Keys keys("auto", options_);
  keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"});
  const size_t asked = keys.integer("exact_below", 0, 0, size_t{1} << 31);
  exact_below_ = asked ? std::max(asked, kLeastExact) : scanned_fast(dim());
  recall_ = keys.real("recall", 0.99, 0.5, 1);
  small_ = keys.choice("memory", {"fast", "small"}) == "small";
  tunes_ = keys.choice("tune", {"yes", "no"}) == "yes";
  keys.done();
}

Auto::Chosen Auto::now() const {
  Gate::Reader reader(gate_);
  return chosen_;
}

std::shared_ptr<Index> Auto::index() const {
  Gate::Reader reader(gate_);
  return chosen_.index;
}

Options Auto::plain_options() const {
  Options out = options_;
  out.set.clear();
  if (const auto storage = options_.set.find("storage"); storage != options_.set.end()) out.set.insert(*storage);
  return out;
}

// An empty index of the kind that is best for n vectors.
Auto::Chosen Auto::chosen(size_t n, const std::function<void(size_t, float*)>& row) const {
  Options options = plain_options();
  const Choice choice = choose({options, n, exact_below_, recall_, small_, row});
  for (const auto& [key, value] : choice.set) options.set[key] = value;
  return {make_chosen(choice.kind, options), n, choice.why, {}};
}

// From now on searches go to it. Why it was chosen and what it was tuned to is noted in the index, so that it is saved.
void Auto::keep(Chosen next) {
  base::Json json{{"set", options_.set}, {"at", next.at}, {"why", next.why}};
  if (next.tuned.promise.vectors) json["tuned"] = json_of(next.tuned);
  dynamic_cast<BaseIndex&>(*next.index).note(kAutoKey, base::dump_json(json));
  Gate::Writer writer(gate_);
  std::swap(chosen_, next);
}

// unseen: vectors that the index does not have; see shows a trial those that it has, row gives one of them.
Tuned Auto::measured(const Index& index, std::vector<float> unseen, const std::function<void(Trial&)>& see,
                     const Trial::Row& row) const {
  std::vector<Trial> trials;
  auto away = moved_away(unseen, dim(), metric(), options_.seed);
  trials.emplace_back(kUnseenName, dim(), metric(), std::move(unseen), kNeighbours);
  trials.emplace_back(kAwayName, dim(), metric(), std::move(away), kNeighbours);
  for (Trial& trial : trials) see(trial);
  return tune(trials, recall_, efforts(index.kind(), kNeighbours, index.size()), ask_index(index, options_.threads),
              row, index.size());
}

// Adds all of [n, dim], the last ones after what is tuned on them.
void Auto::fill(Chosen& next, std::vector<Id> ids, std::vector<float> rows) const {
  const auto unseen = left_out(ids.size(), unseen_of(ids.size()), options_.seed);
  if (!tunes_ || next.index->kind() == "flat" || unseen.size() < kLeastUnseen) return next.index->add(ids, rows);
  for (size_t u = unseen.size(), end = ids.size(); u-- > 0;) {  // to the end
    --end;
    std::swap(ids[unseen[u]], ids[end]);
    std::swap_ranges(&rows[unseen[u] * dim()], &rows[unseen[u] * dim()] + dim(), &rows[end * dim()]);
  }
  const size_t seen = ids.size() - unseen.size();
  const std::span all_ids(ids), first_ids = all_ids.first(seen);
  const std::span<const float> all(rows), first = all.first(seen * dim());
  next.index->add(first_ids, first);
  std::vector<std::pair<Id, size_t>> where(seen);
  for (size_t i = 0; i < seen; ++i) where[i] = {ids[i], i};
  std::sort(where.begin(), where.end());
  next.tuned = measured(
      *next.index, {first.end(), all.end()}, [&](Trial& trial) { trial.see(first, options_.threads); },
      [&](Id id, float* out) {
        const auto at = std::lower_bound(where.begin(), where.end(), std::pair<Id, size_t>{id, 0});
        std::copy_n(&rows[at->second * dim()], dim(), out);
      });
  next.index->set_search_defaults(next.tuned.options);
  next.index->add(all_ids.subspan(seen), all.subspan(seen * dim()));
  scan_if_better(next, all_ids, all);
}

// What the choice expected of a sample may not come true of all. What looks at much of the set is timed beside a scan
// of it; where the promise is not kept, a scan keeps it.
void Auto::scan_if_better(Chosen& next, std::span<const Id> ids, std::span<const float> rows) const {
  constexpr size_t kWalkShare = 64;  // a walk that expands more than such a part of the set
  constexpr size_t kTimed = 48;      // queries; as one batch they have the scan make its codes
  constexpr double kMustWin = 1.1;
  const size_t n = ids.size();
  const auto& [promise, setting] = next.tuned;
  const bool much = setting.ef * kWalkShare > n || setting.nprobe * setting.nprobe * 4 > n;  // half of the cells
  // Where few are more than `exact_below`, that is what was asked for.
  if (small_ || (promise.kept() && (!much || n <= scanned_fast(dim())))) return;
  const std::shared_ptr<Index> scan = make_chosen("flat", plain_options());
  scan->add(ids, rows);
  const auto queries = rows.last(std::min(kTimed, n) * dim());
  scan->search_batch(queries, kNeighbours, {.threads = options_.threads});
  const double own_us = search_us(*next.index, queries, kNeighbours, {}),
               scan_us = search_us(*scan, queries, kNeighbours, {});
  if (promise.kept() && own_us < scan_us * kMustWin) return;
  next.why += "; of all of them " + next.index->kind() + " reaches " + short_number(promise.least()) + " in " +
              short_number(own_us) + " us, and a scan is exact in " + short_number(scan_us) + " us";
  next.index = scan;
  next.tuned = {};
}

// As wide as the set has grown since it was measured.
void Auto::widen(const Chosen& chosen) const {
  const size_t before = chosen.tuned.promise.vectors, after = chosen.index->size();
  if (before == 0 || after < before + before / kGrown) return;
  chosen.index->set_search_defaults(
      wider(chosen.tuned.options, static_cast<double>(after) / static_cast<double>(before)));
}

// An index that is not outgrown gets more; the promise is kept up with them. All or nothing.
void Auto::grow(Chosen next, std::span<const Id> ids, std::span<const float> vectors) {
  Index& index = *next.index;
  const size_t n = ids.size(), before = next.tuned.promise.vectors, after = index.size() + n;
  if (before == 0 || after < before + before / kGrown) return index.add(ids, vectors);
  const auto unseen = left_out(n, unseen_of(after), options_.seed);
  if (unseen.size() < kLeastUnseen || !lossless(index)) {
    index.add(ids, vectors);
    return widen(next);
  }
  check_add(ids, vectors);
  std::vector<Id> first_ids, last_ids;
  std::vector<float> first, last;
  for (size_t i = 0; i < n; ++i) {
    const bool later = std::binary_search(unseen.begin(), unseen.end(), i);
    (later ? last_ids : first_ids).push_back(ids[i]);
    auto& to = later ? last : first;
    to.insert(to.end(), vectors.begin() + static_cast<ptrdiff_t>(i * dim()),
              vectors.begin() + static_cast<ptrdiff_t>((i + 1) * dim()));
  }
  index.add(first_ids, first);
  try {
    next.tuned = measured(
        index, last, [&](Trial& trial) { see_index(trial, index, options_.threads); },
        [&](Id id, float* out) { std::copy_n(index.reconstruct(id)->data(), dim(), out); });
    index.add(last_ids, last);
  } catch (...) {
    index.remove(first_ids);
    throw;
  }
  index.set_search_defaults(next.tuned.options);
  keep(std::move(next));
}

// The given vectors and all there are that they do not replace; the old index is only read, and stays if anything
// fails.
void Auto::move_into_new(std::span<const Id> ids, std::span<const float> vectors) {
  const Chosen old = now();
  auto all = old.index->ids();
  const std::unordered_set<Id> replaced(ids.begin(), ids.end());
  std::erase_if(all, [&](Id id) { return replaced.count(id) > 0; });
  std::vector<float> rows;
  rows.reserve((all.size() + ids.size()) * dim());
  for (const Id id : all) {
    const auto row = old.index->reconstruct(id);
    rows.insert(rows.end(), row->begin(), row->end());
  }
  all.insert(all.end(), ids.begin(), ids.end());
  rows.insert(rows.end(), vectors.begin(), vectors.end());
  Chosen next = chosen(all.size(), [&](size_t i, float* out) { std::copy_n(&rows[i * dim()], dim(), out); });
  fill(next, std::move(all), std::move(rows));
  keep(std::move(next));
}

void Auto::train(std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  index()->train(vectors);
}

void Auto::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  const Chosen old = now();
  if (!outgrown(old, old.index->size() + ids.size()) || ids.empty()) return grow(old, ids, vectors);
  check_add(ids, vectors);
  move_into_new(ids, vectors);
}

void Auto::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  const Chosen old = now();
  const auto fresh = static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](Id id) { return !has(id); }));
  if (!outgrown(old, old.index->size() + fresh) || ids.empty()) {
    old.index->update(ids, vectors);
    return widen(old);
  }
  check_update(ids, vectors);
  move_into_new(ids, vectors);
}

bool Auto::outgrown(const Chosen& chosen, size_t n) const {
  const bool is_small = chosen.index->kind() == "flat" && chosen.at <= exact_below_;
  return is_small ? n > exact_below_ : n / kChooseAgain >= std::max(chosen.at, exact_below_);
}

size_t Auto::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  const Chosen old = now();
  const size_t gone = old.index->remove(ids);
  if (gone == 0 || old.index->kind() == "flat" || old.index->size() > exact_below_ / 2) return gone;
  try {
    move_into_new({}, {});
  } catch (const std::exception& e) {  // what was removed stays removed
    base::log().warn("index: not made flat after removals ({}); it stays {}", e.what(), old.index->kind());
  }
  return gone;
}

std::vector<Match> Auto::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  return index()->search(query, k, options);
}

std::vector<std::vector<Match>> Auto::search_batch(std::span<const float> queries, size_t k,
                                                   const SearchOptions& options) const {
  return index()->search_batch(queries, k, options);
}

std::vector<Match> Auto::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  return index()->range_search(query, radius, options);
}

std::map<std::string, std::string> Auto::statistics() const {
  const Chosen chosen = now();
  auto out = chosen.index->statistics();
  out["chosen_by"] = "auto";
  out["why"] = chosen.why;
  if (chosen.tuned.promise.vectors) out["promise"] = chosen.tuned.promise.json();
  return out;
}

void Auto::save(const std::filesystem::path& file) const { index()->save(file); }

void Auto::set_search_defaults(const SearchOptions& defaults) { keep_tuned({{}, defaults}); }

void Auto::keep_tuned(const Tuned& tuned) {
  std::lock_guard writing(writer_);
  Chosen next = now();
  next.index->set_search_defaults(tuned.options);
  next.tuned = tuned;
  keep(std::move(next));
}

std::optional<Promise> Auto::promise() const {
  const Chosen chosen = now();
  if (chosen.tuned.promise.vectors == 0) return std::nullopt;
  return chosen.tuned.promise;
}

}  // namespace hanok::index

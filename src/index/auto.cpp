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

}  // namespace

Auto::Auto(const Options& options) : BaseIndex(options) {
  read_keys();
  chosen_ = chosen(0, nullptr);
}

Auto::Auto(std::unique_ptr<Index> saved, const FileReader& file) : BaseIndex(saved->options()) {
  try {
    const auto json = base::parse_json(options_.set.at(kAutoKey), kAutoKey);
    options_.set = json.at("set").get<std::map<std::string, std::string>>();
    chosen_.at = json.at("at").get<size_t>();
    chosen_.why = json.at("why").get<std::string>();
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

// An empty index of the kind that is best for n vectors.
Auto::Chosen Auto::chosen(size_t n, const std::function<void(size_t, float*)>& row) const {
  Options options = options_;
  options.set.clear();
  if (const auto storage = options_.set.find("storage"); storage != options_.set.end()) options.set.insert(*storage);
  const Choice choice = choose({options, n, exact_below_, recall_, small_, row});
  for (const auto& [key, value] : choice.set) options.set[key] = value;
  options.set[kAutoKey] = base::dump_json(base::Json{{"set", options_.set}, {"at", n}, {"why", choice.why}});
  return {make_chosen(choice.kind, options), n, choice.why};
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
  next.index->add(all, rows);
  Gate::Writer writer(gate_);
  std::swap(chosen_, next);
}

void Auto::train(std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  index()->train(vectors);
}

void Auto::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  const Chosen old = now();
  if (!outgrown(old, old.index->size() + ids.size()) || ids.empty()) return old.index->add(ids, vectors);
  check_add(ids, vectors);
  move_into_new(ids, vectors);
}

void Auto::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  const Chosen old = now();
  const auto fresh = static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](Id id) { return !has(id); }));
  if (!outgrown(old, old.index->size() + fresh) || ids.empty()) return old.index->update(ids, vectors);
  check_update(ids, vectors);
  move_into_new(ids, vectors);
}

bool Auto::outgrown(const Chosen& chosen, size_t n) const {
  return chosen.index->kind() == "flat" ? n > exact_below_ : n / kChooseAgain >= std::max(chosen.at, exact_below_);
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
  return out;
}

void Auto::save(const std::filesystem::path& file) const { index()->save(file); }

void Auto::set_search_defaults(const SearchOptions& defaults) {
  std::lock_guard writing(writer_);
  index()->set_search_defaults(defaults);
}

}  // namespace hanok::index

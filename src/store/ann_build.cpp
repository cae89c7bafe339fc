#include "store/ann_build.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "base/json.h"
#include "base/log.h"
#include "base/thread_time.h"
#include "base/threads.h"
#include "hanok/context.h"

namespace hanok::store {
namespace {

constexpr size_t kScanFloats = 10'000'000;       // 40 MB: some 3 ms on one core, far below what embedding a query takes
constexpr size_t kRecordScanFloats = 8'000'000;  // where the vector is given, the scan is all that is waited for
constexpr size_t kRecordListFloats = 1'000'000;  // read row by row here and there: some .3 ms
constexpr size_t kLeastScanned = 1'000, kMostScanned = 50'000;  // per row there is work of its own
constexpr size_t kTailShare = 16;   // rows that came later, in the index's: then it is extended, which writes all of it
constexpr size_t kTailOfExact = 4;  // and not before a scan of them takes a quarter of what is scanned without an index
constexpr size_t kStaleShare = 8;   // stale rows in those of the index: each costs a search some of its candidates
constexpr size_t kAddedAtOnce = 4096;
constexpr size_t kSeenAtOnce = 16384;
constexpr double kStrayShare = 0.02;  // of a graph: more than this, and it suits these vectors badly

constexpr double kRecall = 0.99;  // of few and of many neighbours, promised (index/trial.h)
constexpr size_t kUnseen = 512;   // vectors that are added after the index was measured on them
constexpr size_t kLeastUnseen = 64;
constexpr size_t kTimed = 64;     // questions of each trial that tell what a search takes
constexpr size_t kScanHolds = 2;  // where scans won, an index is tried again when there are half as many vectors more

void check_type(const std::string& type) {
  const std::array types{"auto", "flat", "hnsw", "ivf"};
  if (std::find(types.begin(), types.end(), type) == types.end())
    throw Error(Code::Invalid, "settings: index.type must be one of auto, flat, hnsw, ivf, found '" + type + "'");
}

bool is_count(const Json& value) {
  return value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() <= UINT32_MAX;
}

index::Options options_for(const AnnPlan& plan, const std::string& type) {
  index::Options out;
  out.dim = plan.vectors->dim();
  out.metric = index_metric(plan.vectors->metric());
  out.threads = plan.threads;
  out.set["storage"] = "sq8";  // exact rows are at hand: what the index finds is ranked by them
  const size_t least = plan.settings.records ? scanned_exactly(out.dim, true) : 0;
  const size_t exact = plan.settings.exact_below ? plan.settings.exact_below : least;
  if (type == "auto") out.set["tune"] = "no";  // it is measured here, on what Ann::near() brings
  if (exact && type != "ivf") out.set["exact_below"] = std::to_string(std::max<size_t>(exact, 2));
  return out;
}

bool is_zero(std::span<const float> row) {
  return std::all_of(row.begin(), row.end(), [](float x) { return x == 0; });
}

// Rows gathered for one call of Index::add.
struct Gathered {
  std::vector<index::Id> ids;
  std::vector<float> values;
  void add(ChunkId id, std::span<const float> row) {
    ids.push_back(id);
    values.insert(values.end(), row.begin(), row.end());
  }
};

// Ids to be added and their vectors, some of which are left out until the index was measured on them.
struct Unseen {
  Gathered rows;
  explicit Unseen(Gathered& all, size_t dim) {
    const auto places = index::left_out(all.ids.size(), kUnseen, 1);
    if (places.size() < kLeastUnseen) return;
    for (size_t u = places.size(); u-- > 0;) {
      const size_t at = places[u], end = all.ids.size() - 1;
      const float* row = &all.values[at * dim];
      rows.add(static_cast<ChunkId>(all.ids[at]), {row, dim});
      std::copy_n(&all.values[end * dim], dim, &all.values[at * dim]);
      all.ids[at] = all.ids[end];
      all.ids.pop_back();
      all.values.resize(end * dim);
    }
  }
};

std::vector<index::Effort> efforts(const std::string& kind, size_t k, size_t rows) {
  std::vector<index::Effort> out;
  for (auto& effort : index::efforts(kind, k, rows))  // of an ivf: each number of cells once
    if (out.empty() || effort.options.nprobe > out.back().options.nprobe || effort.options.ef > out.back().options.ef) {
      if (kind == "hnsw" && effort.options.ef < 2 * candidates(k)) continue;  // so wide every walk is
      if (kind == "ivf") effort.text = "nprobe=" + std::to_string(effort.options.nprobe);
      out.push_back(std::move(effort));
    }
  return out;
}

size_t effort_of(const index::SearchOptions& options) { return std::max(options.ef, options.nprobe); }

// Questions for k neighbours: vectors that the index does not have, and them moved away as questions lie.
std::vector<index::Trial> trials_of(const Unseen& unseen, const DenseIndex& vectors, size_t k) {
  const auto metric = index_metric(vectors.metric());
  const size_t dim = vectors.dim();
  std::vector<index::Trial> out;
  out.emplace_back(index::kUnseenName, dim, metric, unseen.rows.values, k);
  out.emplace_back(index::kAwayName, dim, metric, index::moved_away(unseen.rows.values, dim, metric, 1), k);
  return out;
}

// What an index that lacks some vectors does for questions like them.
class Measured {
 public:
  Measured(const AnnPlan& plan, const Unseen& unseen, const BuiltAnn& built)
      : plan_(plan),
        built_(built),
        few_(trials_of(unseen, *plan.vectors, kFewNeighbours)),
        many_(trials_of(unseen, *plan.vectors, kManyNeighbours)) {
    Gathered some;
    const auto see = [&] {
      for (auto* trials : {&few_, &many_})
        for (auto& trial : *trials) trial.see(some.values, plan.threads);
      some = {};
    };
    plan.vectors->each([&](ChunkId id, std::span<const float> row) {
      if (!built.covered.contains(id)) return;
      some.add(id, row);
      if (some.ids.size() == kSeenAtOnce) see();
    });
    see();
  }

  index::Tuned few() const { return tuned(few_); }
  index::Tuned many() const { return tuned(many_); }

  // On one thread. The index is asked as Vectors::search() asks it; a scan, by its codes, which are made before.
  std::optional<ScanWins> cheaper_scan(const Efforts& efforts) const {
    const Context::Scope alone(Context::current().with_threads(1));
    const Ann ann(built_.index, efforts);
    plan_.vectors->code();
    const double scan =
        microseconds([&](std::span<const float> query, size_t k) { plan_.vectors->search(query, k, nullptr); });
    const double index = microseconds([&](std::span<const float> query, size_t k) {
      plan_.vectors->scores(query, ann.near(query, k, built_.covered, true));
    });
    const std::string why = "a question takes " + std::to_string(std::lround(index)) + " us of a core by " +
                            built_.index->kind() + ", " + std::to_string(std::lround(scan)) + " us by a scan";
    base::log().info("{} vectors: {}", plan_.vectors->rows(), why);
    if (scan >= index) return std::nullopt;
    return ScanWins{plan_.vectors->rows(), why};
  }

 private:
  index::Tuned tuned(const std::vector<index::Trial>& trials) const {
    const auto ask = [&](const index::Trial& trial, const index::SearchOptions& options) {
      const size_t effort = effort_of(options);
      const Ann ann(built_.index, {effort, effort});
      std::vector<std::vector<index::Id>> found(trial.size());
      base::parallel_for(
          trial.size(), 16,
          [&](size_t begin, size_t end, size_t) {
            for (size_t q = begin; q < end; ++q) {
              const auto near = ann.near(trial.query(q), trial.k(), built_.covered, true);
              found[q].assign(near.begin(), near.end());
            }
          },
          plan_.threads);
      return found;
    };
    const auto row = [&](index::Id id, float* to) { plan_.vectors->row(static_cast<ChunkId>(id), to); };
    const size_t rows = built_.index->size();
    return index::tune(trials, kRecall, efforts(built_.index->kind(), trials.front().k(), rows), ask, row, rows);
  }

  template <class Search>
  double microseconds(Search search) const {
    size_t asked = 0;
    const double begin = base::thread_seconds();
    for (const auto* trials : {&few_, &many_})
      for (const auto& trial : *trials)
        for (size_t q = 0; q < std::min(kTimed, trial.size()); ++q, ++asked) search(trial.query(q), trial.k());
    return 1e6 * (base::thread_seconds() - begin) / static_cast<double>(asked);
  }

  const AnnPlan& plan_;
  const BuiltAnn& built_;
  std::vector<index::Trial> few_, many_;
};

// The least efforts that keep the promise, and whether a scan is faster; then the vectors that were left out are added.
// Where they are too few to tell, out.effort stays, or is the least where it is 0.
void tune(const AnnPlan& plan, const Unseen& unseen, BuiltAnn& out) {
  const std::string kind = out.index->kind();
  const size_t rows = out.index->size();
  const AnnSettings& settings = plan.settings;
  const bool may_scan = settings.type == "auto" && settings.exact_below == 0 && settings.ef == 0;
  out.scan.reset();
  if (efforts(kind, kManyNeighbours, rows).empty()) {
    out.effort = {};
    const auto about = out.index->statistics();
    if (const auto why = about.find("why"); may_scan && why != about.end())
      out.scan = ScanWins{plan.vectors->rows(), why->second};
  } else if (unseen.rows.ids.empty()) {
    if (out.effort == Efforts())
      out.effort = {effort_of(efforts(kind, kFewNeighbours, rows).front().options),
                    effort_of(efforts(kind, kManyNeighbours, rows).front().options)};
  } else {
    const Measured measured(plan, unseen, out);
    const auto few = measured.few(), many = measured.many();
    out.effort = {effort_of(few.options), effort_of(many.options)};
    out.promises = BuiltAnn::Promises{few.promise, many.promise};
    if (may_scan) out.scan = measured.cheaper_scan(out.effort);
  }
  out.index->add(unseen.rows.ids, unseen.rows.values);
  for (const auto id : unseen.rows.ids) out.covered.add(static_cast<ChunkId>(id));
}

void build(const AnnPlan& plan, const std::string& type, BuiltAnn& out) {
  out.index = index::make(type, options_for(plan, type));
  Gathered all;
  all.ids.reserve(plan.vectors->rows());
  all.values.reserve(plan.vectors->rows() * plan.vectors->dim());
  plan.vectors->each([&](ChunkId id, std::span<const float> row) {
    if (is_zero(row))
      ++out.skipped;
    else
      all.add(id, row);
  });
  const Unseen unseen(all, plan.vectors->dim());
  out.index->add(all.ids, all.values);
  for (const auto id : all.ids) out.covered.add(static_cast<ChunkId>(id));
  all = {};
  tune(plan, unseen, out);
}

void extend(const AnnPlan& plan, const IndexFolder& folder, BuiltAnn& out) {
  const AnnRow& have = *plan.have;
  out.index = index::open(folder.path(have.file));  // a copy of its own: what is mapped elsewhere must not change
  const Bitmap gone = have.covered & have.stale;
  const std::vector<index::Id> gone_ids(gone.begin(), gone.end());
  out.removed = static_cast<size_t>(have.removed) + out.index->remove(gone_ids);
  out.covered = have.covered - gone;
  out.effort = plan.have_efforts;
  Gathered fresh;
  plan.vectors->each([&](ChunkId id, std::span<const float> row) {
    if (out.covered.contains(id)) return;
    if (is_zero(row))
      ++out.skipped;
    else
      fresh.add(id, row);
  });
  const Unseen unseen(fresh, plan.vectors->dim());
  const size_t dim = plan.vectors->dim();
  for (size_t at = 0; at < fresh.ids.size(); at += kAddedAtOnce) {
    const size_t n = std::min(kAddedAtOnce, fresh.ids.size() - at);
    const auto ids = std::span(fresh.ids).subspan(at, n);
    out.index->add(ids, std::span(fresh.values).subspan(at * dim, n * dim));
    for (const auto id : ids) out.covered.add(static_cast<ChunkId>(id));
    Context::current().tell({out.covered.cardinality(), plan.vectors->rows(), "index"});
  }
  fresh = {};
  tune(plan, unseen, out);
}

// A graph may hold vectors that no walk comes to; cells hold theirs always.
Bitmap strays(const AnnPlan& plan, const BuiltAnn& built) {
  Bitmap out;
  if (!plan.settings.records || built.index->kind() != "hnsw") return out;
  const Ann ann(built.index, built.effort);
  std::vector<ChunkId> ids;
  std::vector<const float*> rows;
  plan.vectors->each([&](ChunkId id, std::span<const float> row) {
    if (built.covered.contains(id)) ids.push_back(id), rows.push_back(row.data());
  });
  std::vector<char> found(ids.size());
  base::parallel_for(
      ids.size(), 64,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          const auto near = ann.near({rows[i], plan.vectors->dim()}, 1, built.covered, true);
          found[i] = std::find(near.begin(), near.end(), ids[i]) != near.end();
        }
      },
      plan.threads);
  for (size_t i = 0; i < ids.size(); ++i)
    if (!found[i]) out.add(ids[i]);
  return out;
}

void measure(const AnnPlan& plan, BuiltAnn& out) {
  out.stray = strays(plan, out);
  out.skipped += out.stray.cardinality();
}

bool strays_are_many(const BuiltAnn& built) {
  return static_cast<double>(built.stray.cardinality()) >
         kStrayShare * static_cast<double>(built.covered.cardinality());
}

}  // namespace

AnnSettings ann_settings(const Json& settings) {
  AnnSettings out;
  const auto at = settings.find("index");
  if (at == settings.end()) return out;
  if (!at->is_object())
    throw Error(Code::Invalid, "settings: index must be an object {\"type\": ..., \"exact_below\": ..., \"ef\": ...}");
  for (const auto& [key, value] : at->items()) {
    if (key == "type" && value.is_string()) {
      out.type = value.get<std::string>();
      check_type(out.type);
    } else if (key == "exact_below" && is_count(value)) {
      out.exact_below = value.get<size_t>();
    } else if (key == "ef" && is_count(value)) {
      out.ef = value.get<size_t>();
    } else {
      throw Error(Code::Invalid, "settings: index." + key + " is " + base::dump_json(value) +
                                     "; expected type (auto, flat, hnsw, ivf), exact_below (a whole number, 0: by "
                                     "dimension) and ef (a whole number, 0: as measured)");
    }
  }
  return out;
}

AnnSettings stored_ann_settings(Database& db, int64_t collection) {
  Rows row = db.query("SELECT settings, documents, records FROM collection WHERE id = ?1", collection);
  if (!row.next()) return {};
  AnnSettings out = ann_settings(base::parse_json(row.bytes(0), "stored settings"));
  out.records = row.integer(1) == 0 && row.integer(2) > 0;
  if (const auto wins = scan_wins(db, collection)) out.scan_won_up_to = wins->vectors + wins->vectors / kScanHolds;
  return out;
}

size_t scanned_exactly(size_t dim, bool records) {
  return std::clamp((records ? kRecordScanFloats : kScanFloats) / dim, kLeastScanned, kMostScanned);
}

size_t scanned_under_condition(const AnnSettings& settings, size_t dim) {
  const size_t exact = scanned_exactly(settings, dim);
  if (settings.exact_below || !settings.records) return exact;
  return std::clamp(kRecordListFloats / dim, kLeastScanned, exact);
}

AnnStep ann_step(const AnnSettings& settings, size_t dim, size_t vectors, const AnnRow* have) {
  const size_t exact = scanned_exactly(settings, dim);
  if (settings.type == "flat") return have ? AnnStep::Drop : AnnStep::None;
  if (!have) return vectors > exact ? AnnStep::Build : AnnStep::None;
  if (vectors <= exact / 2) return AnnStep::Drop;
  if (settings.type != "auto" && settings.type != have->kind) return AnnStep::Build;
  const size_t covered = have->covered.cardinality(), stale = have->covered.and_cardinality(have->stale);
  const size_t scanned = covered - stale + static_cast<size_t>(have->skipped);
  const size_t tail = vectors > scanned ? vectors - scanned : 0;
  if (tail > covered / 2) return AnnStep::Build;
  if (stale > covered / kStaleShare || tail > std::max(exact / kTailOfExact, covered / kTailShare))
    return AnnStep::Extend;
  return AnnStep::None;
}

BuiltAnn build_ann(const AnnPlan& plan, const IndexFolder& folder) {
  try {
    BuiltAnn out;
    if (plan.step == AnnStep::Extend)
      extend(plan, folder, out);
    else
      build(plan, plan.settings.type, out);
    if (out.scan) return out;
    measure(plan, out);
    if (plan.settings.type == "auto" && strays_are_many(out)) {
      base::log().info("{} of {} vectors lie where no walk through a graph comes: cells take its place",
                       out.stray.cardinality(), out.covered.cardinality());
      out = {};
      build(plan, "ivf", out);
      if (!out.scan) measure(plan, out);
    }
    return out;
  } catch (const std::bad_alloc&) {
    throw Error(Code::Exhausted, "no memory to index " + std::to_string(plan.vectors->rows()) + " vectors of " +
                                     std::to_string(plan.vectors->dim()) + " numbers");
  }
}

}  // namespace hanok::store

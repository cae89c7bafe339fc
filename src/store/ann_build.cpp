#include "store/ann_build.h"

#include <algorithm>
#include <array>
#include <new>

#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
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
constexpr double kStrayShare = 0.02;  // of a graph: more than this, and it suits these vectors badly

constexpr size_t kQueries = 64, kNeighbours = 50;  // what hybrid search asks for
constexpr double kRecall = 0.995;                  // of those, measured when an index was built

void check_type(const std::string& type) {
  const std::array types{"auto", "flat", "hnsw", "ivf"};
  if (std::find(types.begin(), types.end(), type) == types.end())
    throw Error(Code::Invalid, "settings: index.type must be one of auto, flat, hnsw, ivf, found '" + type + "'");
}

index::Options options_for(const AnnPlan& plan, const std::string& type) {
  index::Options out;
  out.dim = plan.vectors->dim();
  out.metric = index_metric(plan.vectors->metric());
  out.threads = plan.threads;
  out.set["storage"] = "sq8";  // exact rows are at hand: what the index finds is ranked by them
  const size_t exact = plan.settings.records ? scanned_exactly(plan.settings, out.dim) : plan.settings.exact_below;
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

void build(const AnnPlan& plan, const std::string& type, BuiltAnn& out) {
  out.index = index::make(type, options_for(plan, type));
  Gathered all;
  all.ids.reserve(plan.vectors->rows());
  all.values.reserve(plan.vectors->rows() * plan.vectors->dim());
  plan.vectors->each([&](ChunkId id, std::span<const float> row) {
    if (is_zero(row))
      ++out.skipped;
    else
      all.add(id, row), out.covered.add(id);
  });
  out.index->add(all.ids, all.values);
}

void extend(const AnnPlan& plan, const IndexFolder& folder, BuiltAnn& out) {
  const AnnRow& have = *plan.have;
  out.index = index::open(folder.path(have.file));  // a copy of its own: what is mapped elsewhere must not change
  const Bitmap gone = have.covered & have.stale;
  const std::vector<index::Id> gone_ids(gone.begin(), gone.end());
  out.removed = static_cast<size_t>(have.removed) + out.index->remove(gone_ids);
  out.covered = have.covered - gone;
  Gathered some;
  uint64_t added = 0;
  const auto flush = [&] {
    out.index->add(some.ids, some.values);
    for (const auto id : some.ids) out.covered.add(static_cast<ChunkId>(id));
    added += some.ids.size();
    some = {};
    Context::current().tell({out.covered.cardinality(), plan.vectors->rows(), "index"});
  };
  plan.vectors->each([&](ChunkId id, std::span<const float> row) {
    if (out.covered.contains(id)) return;
    if (is_zero(row)) {
      ++out.skipped;
      return;
    }
    some.add(id, row);
    if (some.ids.size() == kAddedAtOnce) flush();
  });
  flush();
}

// Points between two stored vectors: nearer to none of them than a question is to its passage.
std::vector<float> between(const DenseIndex& vectors, std::vector<size_t> picked) {
  std::vector<float> out(kQueries * vectors.dim(), 0);
  size_t at = 0;
  std::vector<std::pair<size_t, size_t>> order;  // row number, place
  for (size_t i = 0; i < picked.size(); ++i) order.emplace_back(picked[i], i);
  std::sort(order.begin(), order.end());
  auto next = order.begin();
  vectors.each([&](ChunkId, std::span<const float> row) {
    for (; next != order.end() && next->first == at; ++next) {
      float* query = &out[next->second / 2 * vectors.dim()];
      const float weight = next->second % 2 ? 1.0f / 3 : 2.0f / 3;
      for (size_t j = 0; j < row.size(); ++j) query[j] += weight * row[j];
    }
    ++at;
  });
  return out;
}

// The least effort that finds kRecall of the neighbours.
size_t tuned(const AnnPlan& plan, const BuiltAnn& built) {
  const std::string kind = built.index->kind();
  const size_t dim = plan.vectors->dim(), rows = plan.vectors->rows();
  std::vector<size_t> ladder;
  if (kind == "hnsw") ladder = {64, 96, 128, 192, 256, 384, 512, 768};
  if (kind == "ivf") ladder = {4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};
  if (ladder.empty()) return 0;
  base::Random random(1);
  std::vector<size_t> picked(2 * kQueries);
  for (auto& p : picked) p = random.below(rows);
  const auto queries = between(*plan.vectors, picked);
  std::vector<Bitmap> truth(kQueries);
  size_t wanted = 0;
  for (size_t i = 0; i < kQueries; ++i) {
    const auto query = std::span(queries).subspan(i * dim, dim);
    if (is_zero(query)) continue;
    for (const auto& m : plan.vectors->search(query, kNeighbours, &built.covered)) truth[i].add(m.chunk);
    wanted += truth[i].cardinality();
  }
  for (const size_t effort : ladder) {
    const Ann ann(built.index, effort);
    size_t found = 0;
    for (size_t i = 0; i < kQueries; ++i) {
      if (truth[i].isEmpty()) continue;
      for (const ChunkId id : ann.near(std::span(queries).subspan(i * dim, dim), kNeighbours, built.covered, true))
        found += truth[i].contains(id);
    }
    if (static_cast<double>(found) >= kRecall * static_cast<double>(wanted)) return effort;
  }
  return ladder.back();
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
  out.effort = tuned(plan, out);
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
    throw Error(Code::Invalid, "settings: index must be an object {\"type\": ..., \"exact_below\": ...}");
  for (const auto& [key, value] : at->items()) {
    if (key == "type" && value.is_string()) {
      out.type = value.get<std::string>();
      check_type(out.type);
    } else if (key == "exact_below" && value.is_number_integer() && value.get<int64_t>() >= 0 &&
               value.get<int64_t>() <= UINT32_MAX) {
      out.exact_below = value.get<size_t>();
    } else {
      throw Error(Code::Invalid, "settings: index." + key + " is " + base::dump_json(value) +
                                     "; expected type (auto, flat, hnsw, ivf) and exact_below (a whole number, 0: by "
                                     "dimension)");
    }
  }
  return out;
}

AnnSettings stored_ann_settings(Database& db, int64_t collection) {
  Rows row = db.query("SELECT settings, documents, records FROM collection WHERE id = ?1", collection);
  if (!row.next()) return {};
  AnnSettings out = ann_settings(base::parse_json(row.bytes(0), "stored settings"));
  out.records = row.integer(1) == 0 && row.integer(2) > 0;
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
    measure(plan, out);
    if (plan.settings.type == "auto" && strays_are_many(out)) {
      base::log().info("{} of {} vectors lie where no walk through a graph comes: cells take its place",
                       out.stray.cardinality(), out.covered.cardinality());
      out = {};
      build(plan, "ivf", out);
      measure(plan, out);
    }
    return out;
  } catch (const std::bad_alloc&) {
    throw Error(Code::Exhausted, "no memory to index " + std::to_string(plan.vectors->rows()) + " vectors of " +
                                     std::to_string(plan.vectors->dim()) + " numbers");
  }
}

}  // namespace hanok::store

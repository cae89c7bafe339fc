#include "index/graph/hnsw.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/random.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "index/flat/row_store.h"
#include "index/graph/growth.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kMaxSlots = size_t{1} << 31;  // a pool entry keeps 31 bits for the node

// Walks pass over numbers that are no nodes; linking does not, so a mapped file is checked before it is changed.
void check_rows(const Graph& graph) {
  for (size_t i = 0; i < graph.size * graph.degree; ++i)
    if (graph.rows[i] >= graph.size && graph.rows[i] != kNoNode)
      throw Error(Code::Corrupt, "index file: node " + std::to_string(i / graph.degree) + " has a neighbour " +
                                     std::to_string(graph.rows[i]) + ", there are " + std::to_string(graph.size) +
                                     "; the index must be built again from its vectors");
}

}  // namespace

HnswKeys::HnswKeys(const Options& options) {
  Keys keys("hnsw", options);
  const size_t m = keys.integer("M", 0, 2, 128);  // hnswlib's word: its ground layer has 2 M neighbours
  degree = keys.integer("degree", 2 * m, 0, 256);
  if (degree > 0 && degree < 4)
    throw Error(Code::Invalid,
                "hnsw: degree is from 4 to 256, or 0 for a choice by the data; found " + std::to_string(degree));
  ef_construction = keys.integer("ef_construction", 0, 0, 65536);
  if (ef_construction > 0 && ef_construction < 4)
    throw Error(Code::Invalid, "hnsw: ef_construction is from 4 to 65536, or 0 for a choice by the data; found " +
                                   std::to_string(ef_construction));
  alpha = static_cast<float>(keys.real("alpha", 1.2, 1, 4));
  code_lines = keys.integer("code_lines", 0, 0, Projection::kMostLines);
  exact_below = keys.integer("exact_below", 1000, 2, kMaxSlots);
  storage = storage_from(keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"}));
  keys.done();
}

Hnsw::Hnsw(const Options& options) : BaseIndex(options), keys_(options) {
  state_ = std::make_unique<HnswState>(Vectors(dim(), metric(), keys_.storage.value_or(Storage::F32)));
}

std::unique_ptr<Index> Hnsw::make(const Options& options) { return std::make_unique<Hnsw>(options); }

size_t Hnsw::size() const {
  Gate::Reader reader(gate_);
  return state_->live();
}

// Filled at the first need, so that opening a large file does not wait for it. Caller holds writer_ or a Gate::Reader.
const IdMap& Hnsw::map() const {
  std::lock_guard lock(map_mutex_);
  if (map_ready_) return map_;
  IdMap fresh;
  const std::span<const Id> ids(state_->ids.data(), state_->slots());
  fresh.reserve(ids.size(), ids);
  for (uint32_t slot = 0; slot < ids.size(); ++slot) {
    if (state_->dead[slot]) continue;
    if (fresh.find(ids[slot], ids) != IdMap::kNone)
      throw Error(Code::Corrupt, "index file: id " + std::to_string(ids[slot]) +
                                     " comes twice; the index must be built again from its vectors");
    fresh.insert(slot, ids);
  }
  map_ = std::move(fresh);
  map_ready_ = true;
  return map_;
}

size_t Hnsw::map_bytes() const {
  std::lock_guard lock(map_mutex_);
  return map_.bytes();
}

bool Hnsw::has(Id id) const { return map().find(id, known_ids()) != IdMap::kNone; }

bool Hnsw::contains(Id id) const {
  Gate::Reader reader(gate_);
  return has(id);
}

std::optional<std::vector<float>> Hnsw::reconstruct(Id id) const {
  Gate::Reader reader(gate_);
  const uint32_t slot = map().find(id, known_ids());
  if (slot == IdMap::kNone) return std::nullopt;
  std::vector<float> out(dim());
  state_->vectors.decode(slot, out.data());
  return out;
}

std::vector<Id> Hnsw::ids() const {
  Gate::Reader reader(gate_);
  std::vector<Id> out;
  out.reserve(state_->live());
  for (size_t slot = 0; slot < state_->slots(); ++slot)
    if (!state_->dead[slot]) out.push_back(state_->ids[slot]);
  return out;
}

void Hnsw::set_search_defaults(const SearchOptions& defaults) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  forget_promise();
  ef_ = defaults.ef;
  rerank_ = defaults.rerank;
}

// The projection is learnt from the vectors themselves when the graph is built: there is nothing to do ahead of them.
void Hnsw::train(std::span<const float> vectors) { check_vectors(vectors); }

Storage Hnsw::storage_for(std::span<const float> vectors) const {
  if (keys_.storage) return *keys_.storage;
  return (state_->live() == 0 || state_->vectors.storage() == Storage::U8) && all_bytes(vectors) ? Storage::U8
                                                                                                 : Storage::F32;
}

// Where the number of neighbours grows fast with distance, a walk needs more ways on, and it takes a wider search to
// find the right ones. 32 neighbours out of 96 candidates reach .999 of ten on Fashion-MNIST (local dimension 12) and
// on windows of text by MiniLM (14); out of 150 they answer 1.2 and 1.4 times as many queries there, for 1.25 times the
// time to build. On
// 40,000 windows of text by multilingual-e5-small (30) 44 out of 96 end at .9989; 56 out of 200 reach .999 and answer
// half as many queries again at .99.
// Where lengths are heavy-tailed the answers to inner products are a few long vectors, and how the others lie says
// nothing of them: of lengths of a Pareto distribution (18) 32 out of 96 have the recall of 48 out of 200 at every
// `ef`.
Hnsw::Effort Hnsw::effort_for(const Graph& graph) const {
  constexpr double kMiddling = 12, kHard = 17, kVeryHard = 24, kHeavyTailed = 2;
  const double d = graph.projection.length_spread() > kHeavyTailed ? 0 : graph.local_dimension;
  Effort out{32, 96};
  if (d > kMiddling) out = {32, 150};
  if (d > kHard) out = {48, 200};
  if (d > kVeryHard) out = {56, 200};
  if (keys_.degree) out.degree = keys_.degree;
  if (keys_.ef_construction) out.ef = keys_.ef_construction;
  return out;
}

// A graph that is there keeps its degree.
BuildPlan Hnsw::build_plan(const Graph& graph) const {
  const Effort effort = effort_for(graph);
  return {.degree = graph.degree ? graph.degree : effort.degree,
          .ef = effort.ef,
          .alpha = keys_.alpha,
          .seed = options_.seed,
          .threads = options_.threads,
          .raise = metric() != Metric::InnerProduct};
}

std::unique_ptr<Graph> Hnsw::new_graph(const HnswState& state) const {
  const size_t n = state.slots();
  // Directions settle with some thousand rows; wide rows take as long to learn from as many narrow ones. No projection
  // has more than 1,020 directions.
  const size_t rows = std::min<size_t>(n, dim() <= 1024 ? 4096 : dim() <= 4096 ? 2048 : dim() <= 8192 ? 1024 : 512);
  std::vector<float> sample(rows * dim());
  base::Random random(options_.seed);
  for (size_t i = 0; i < rows; ++i) {  // one of each stretch, so that sorted input is covered too
    const size_t begin = i * n / rows, end = (i + 1) * n / rows;
    state.vectors.decode(begin + random.below(end - begin), &sample[i * dim()]);
  }
  for (size_t i = rows; i > 1; --i) {  // shuffled: the last rows are the held-out ones
    const size_t j = random.below(i);
    if (j != i - 1) std::swap_ranges(&sample[(i - 1) * dim()], &sample[(i - 1) * dim()] + dim(), &sample[j * dim()]);
  }
  auto graph = std::make_unique<Graph>();
  graph->projection = Projection::train(sample, {dim(), metric(), keys_.code_lines, options_.seed, options_.threads, n,
                                                 [&](size_t i, float* out) { state.vectors.decode(i, out); }});
  const size_t bytes = graph->projection.record_bytes();
  graph->size = n;
  graph->records = Buffer<uint8_t>().grown(n * bytes, 0);
  base::parallel_for(
      n, 256,
      [&](size_t begin, size_t end, size_t) {
        EncodeMemory scratch;
        std::vector<float> row(dim());
        for (size_t i = begin; i < end; ++i) {
          state.vectors.decode(i, row.data());
          graph->projection.encode(row.data(), graph->records.writable() + i * bytes, scratch);
        }
      },
      options_.threads);
  graph->local_dimension = graph->projection.local_dimension();
  graph->cluster_dimension = graph->projection.cluster_dimension();
  build(*graph, build_plan(*graph));
  measure_growth(
      *graph,
      [&](uint32_t node, uint8_t* record) {
        EncodeMemory scratch;
        PreparedQuery query;
        std::vector<float> row(dim());
        state.vectors.decode(node, row.data());
        state.vectors.prepare(row, query);
        graph->projection.encode_query(query.floats.data(), record, scratch);
      },
      options_.seed, options_.threads);
  return graph;
}

// A new state of the given vectors and all live ones that they do not replace; the old one is only read.
std::unique_ptr<HnswState> Hnsw::rebuilt(std::span<const Id> ids, std::span<const float> vectors) const {
  const HnswState& old = *state_;
  std::vector<bool> leave(old.slots());
  for (size_t i = 0; i < old.slots(); ++i) leave[i] = old.dead[i];
  for (const Id id : ids)
    if (const uint32_t slot = map().find(id, known_ids()); slot != IdMap::kNone) leave[slot] = true;
  const size_t n = static_cast<size_t>(std::count(leave.begin(), leave.end(), false)) + ids.size();
  auto next = std::make_unique<HnswState>(
      Vectors(dim(), metric(), vectors.empty() ? old.vectors.storage() : storage_for(vectors)));
  next->vectors.adopt(next->vectors.room_for(n));
  next->ids = Buffer<Id>().grown(n, 0);
  next->dead = Buffer<uint8_t>().grown(n, 0);
  std::fill_n(next->dead.writable(), n, uint8_t{0});
  size_t slot = 0;
  std::vector<float> row(dim());
  for (size_t i = 0; i < old.slots(); ++i) {
    if (leave[i]) continue;
    old.vectors.decode(i, row.data());
    next->vectors.put(slot, row.data());
    next->ids.writable()[slot++] = old.ids[i];
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    next->vectors.put(slot, vectors.data() + i * dim());
    next->ids.writable()[slot++] = ids[i];
  }
  next->vectors.set_size(n);
  if (n >= keys_.exact_below) {
    next->graph = new_graph(*next);
    next->trained_on = n;
  }
  return next;
}

void Hnsw::swap_in(std::unique_ptr<HnswState> next) {
  IdMap fresh;
  const std::span<const Id> ids(next->ids.data(), next->slots());
  fresh.reserve(ids.size(), ids);
  for (uint32_t slot = 0; slot < ids.size(); ++slot) fresh.insert(slot, ids);
  Gate::Writer writer(gate_);
  state_.swap(next);  // the old one goes when `next` does, after the gate has opened
  std::swap(map_, fresh);
  map_ready_ = true;
}

void Hnsw::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_add(ids, vectors);
  put(ids, vectors);
}

void Hnsw::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_update(ids, vectors);
  put(ids, vectors);
  clean_up();
}

// Adds the vectors; what those ids had before is removed as each becomes visible. Caller holds writer_.
void Hnsw::put(std::span<const Id> ids, std::span<const float> vectors) {
  if (ids.empty()) return;
  constexpr size_t kRelearnFactor = 8, kSettled = 50000;
  const auto fresh = static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](Id id) { return !has(id); }));
  const size_t n = state_->live() + fresh;
  if (state_->slots() + ids.size() >= kMaxSlots)
    throw Error(Code::Exhausted, "add: an index holds at most 2147483647 vectors; use several");
  const bool needs_graph = n >= keys_.exact_below;
  const bool few_known = ids.size() >= state_->live();
  const bool outgrown = state_->graph && state_->trained_on < kSettled && n >= kRelearnFactor * state_->trained_on;
  constexpr size_t kLongShare = 100;  // one in a hundred too long: these are the results inner product asks for
  size_t longer = state_->longer;
  for (size_t i = 0; state_->graph && i < ids.size(); ++i)
    longer += state_->graph->projection.longer_than_known(vectors.data() + i * dim());
  const bool too_long = longer * kLongShare > n;
  const Storage storage = storage_for(vectors);
  if (keys_.storage) check_storable(storage, vectors, dim(), metric());
  if (storage != state_->vectors.storage() || (needs_graph && (!state_->graph || few_known || outgrown || too_long)))
    swap_in(rebuilt(ids, vectors));
  else
    append(ids, vectors), state_->longer = longer;
}

// Room for `slots` in every array, owned. Nothing changes if memory runs out.
void Hnsw::make_room(size_t slots) {
  HnswState& s = *state_;
  const bool enough = s.vectors.has_room(slots) && s.ids.owns() && s.ids.capacity() >= slots && s.dead.owns() &&
                      s.dead.capacity() >= slots &&
                      (!s.graph || (s.graph->rows.owns() && s.graph->rows.capacity() >= slots * s.graph->degree &&
                                    s.graph->records.owns() &&
                                    s.graph->records.capacity() >= slots * s.graph->projection.record_bytes()));
  map();
  if (!enough) {
    const size_t n = s.slots(), capacity = std::max(slots, n + n / 2);
    auto room = s.vectors.room_for(capacity);
    auto ids = s.ids.grown(capacity, n);
    auto dead = s.dead.grown(capacity, n);
    Buffer<uint32_t> rows;
    Buffer<uint8_t> records;
    if (s.graph) {
      if (!s.graph->rows.owns()) check_rows(*s.graph);
      rows = s.graph->rows.grown(capacity * s.graph->degree, n * s.graph->degree);
      records =
          s.graph->records.grown(capacity * s.graph->projection.record_bytes(), n * s.graph->projection.record_bytes());
    }
    Gate::Writer writer(gate_);
    s.vectors.adopt(std::move(room));
    s.ids.swap(ids);
    s.dead.swap(dead);
    if (s.graph) {
      s.graph->rows.swap(rows);
      s.graph->records.swap(records);
    }
  }
  Gate::Writer writer(gate_);
  map_.reserve(slots, {s.ids.data(), s.slots()});
}

void Hnsw::append(std::span<const Id> ids, std::span<const float> vectors) {
  const size_t from = state_->slots(), to = from + ids.size();
  make_room(to);
  HnswState& s = *state_;
  base::parallel_for(
      ids.size(), 64,
      [&](size_t begin, size_t end, size_t) {
        EncodeMemory scratch;
        for (size_t i = begin; i < end; ++i) {
          s.vectors.put(from + i, vectors.data() + i * dim());
          s.ids.writable()[from + i] = ids[i];
          s.dead.writable()[from + i] = 0;
          if (s.graph)
            s.graph->projection.encode(vectors.data() + i * dim(),
                                       s.graph->records.writable() + (from + i) * s.graph->projection.record_bytes(),
                                       scratch);
        }
      },
      options_.threads);
  if (s.graph) {
    link_batches(from, to);
    s.unchecked += ids.size();
    reconnect();
  } else {
    std::vector<uint32_t> replaced;
    replaced.reserve(to - from);
    Gate::Writer writer(gate_);
    publish(from, to, replaced);
  }
}

// Lets searches see the slots [from, to) and removes what their ids had before, which `replaced` gets: it has room.
// Needs a Gate::Writer, does not fail.
void Hnsw::publish(size_t from, size_t to, std::vector<uint32_t>& replaced) {
  HnswState& s = *state_;
  const std::span<const Id> ids(s.ids.data(), to);
  s.vectors.set_size(to);
  for (size_t slot = from; slot < to; ++slot) {
    if (const uint32_t old = map_.find(ids[slot], ids); old != IdMap::kNone) {
      map_.erase(ids[slot], ids);
      s.dead.writable()[old] = 1;
      ++s.dead_count;
      replaced.push_back(old);
    }
    map_.insert(static_cast<uint32_t>(slot), ids);
  }
}

// Links slots [from, to) batch by batch; if one fails, those before it are taken back.
void Hnsw::link_batches(size_t from, size_t to) {
  HnswState& s = *state_;
  Graph& graph = *s.graph;
  const size_t most = std::clamp<size_t>(from / 50, 1, 4096);  // as in build()
  std::vector<Patch> undo;
  std::vector<uint32_t> replaced;
  replaced.reserve(to - from);
  const BuildPlan plan = build_plan(graph);
  std::fill(graph.rows.writable() + from * graph.degree, graph.rows.writable() + to * graph.degree, kNoNode);
  try {
    for (size_t at = from; at < to;) {
      const size_t end = std::min(to, at + most);
      std::vector<uint32_t> batch;
      for (size_t slot = at; slot < end; ++slot) batch.push_back(static_cast<uint32_t>(slot));
      const Patch patch = link(graph, batch, plan);
      Patch before{patch.degree, patch.nodes, {}};
      for (const uint32_t node : patch.nodes)
        before.rows.insert(before.rows.end(), graph.row(node), graph.row(node) + graph.degree);
      undo.push_back(std::move(before));
      {
        Gate::Writer writer(gate_);
        apply(graph, patch);
        graph.size = end;
        publish(at, end, replaced);
      }
      at = end;
      Context::current().tell({at - from, to - from, "index"});
    }
  } catch (...) {
    Gate::Writer writer(gate_);
    for (size_t slot = from; slot < s.slots(); ++slot) map_.erase(s.ids[slot], known_ids());
    for (const uint32_t slot : replaced) {
      map_.insert(slot, known_ids());
      s.dead.writable()[slot] = 0;
      --s.dead_count;
    }
    for (auto patch = undo.rbegin(); patch != undo.rend(); ++patch) apply(graph, *patch);
    graph.size = from;
    s.vectors.set_size(from);
    throw;
  }
}

// After open() the flags look into the file.
void Hnsw::own_flags() {
  HnswState& s = *state_;
  if (s.dead.owns()) return;
  auto dead = s.dead.grown(s.slots(), s.slots());
  Gate::Writer writer(gate_);
  s.dead.swap(dead);
}

size_t Hnsw::remove(std::span<const Id> ids) {
  std::lock_guard lock(writer_);
  map();
  own_flags();
  size_t gone = 0;
  {
    Gate::Writer writer(gate_);
    HnswState& s = *state_;
    const std::span<const Id> known(s.ids.data(), s.slots());
    for (const Id id : ids) {
      const uint32_t slot = map_.find(id, known);
      if (slot == IdMap::kNone) continue;
      map_.erase(id, known);
      s.dead.writable()[slot] = 1;
      ++s.dead_count;
      ++gone;
    }
  }
  if (gone) clean_up();
  return gone;
}

// New edges push old ones out, and now and then the last one to a node. Caller holds writer_.
void Hnsw::reconnect() {
  constexpr size_t kShare = 100;  // a look at every edge costs about a tenth of linking so many new ones
  HnswState& s = *state_;
  if (s.unchecked * kShare < s.slots()) return;
  s.unchecked = 0;
  try {
    const auto mend = [&](const Patch& patch) {
      Gate::Writer writer(gate_);
      apply(*s.graph, patch);
    };
    const BuildPlan plan = build_plan(*s.graph);
    if (plan.raise) mend(raise_in_degree(*s.graph));
    mend(connect(*s.graph, plan.ef));
  } catch (const std::bad_alloc&) {  // it is looked at again after the next additions
    base::log().warn("index: no memory to look for vectors that no walk reaches");
  }
}

// Removed nodes are still walked over; past a fifth they cost more than building the rest anew, which also restores
// recall. Caller holds writer_; what was changed stays changed where that fails.
void Hnsw::clean_up() {
  constexpr size_t kDeadShare = 5;
  if (state_->dead_count * kDeadShare <= state_->slots()) return;
  try {
    swap_in(rebuilt({}, {}));
  } catch (const std::exception& e) {
    base::log().warn("index: not built anew after removals ({}); it goes on with {} removed vectors inside", e.what(),
                     state_->dead_count);
  }
}

std::map<std::string, std::string> Hnsw::statistics() const {
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  const size_t own = s.slots() * (sizeof(Id) + 1) + map_bytes();
  std::map<std::string, std::string> out{
      {"vectors", std::to_string(s.live())},
      {"removed_inside", std::to_string(s.dead_count)},
      {"storage", std::string(storage_name(s.vectors.storage()))},
      {"bytes_vectors", std::to_string(s.vectors.bytes_resident())},
      {"bytes_graph", std::to_string(s.graph ? s.graph->bytes_resident() : 0)},
      {"bytes_resident", std::to_string(own + s.vectors.bytes_resident() + (s.graph ? s.graph->bytes_resident() : 0))},
      {"search", s.graph ? "graph" : "exact"}};
  if (s.graph) {
    out["degree"] = std::to_string(s.graph->degree);
    out["code_bytes"] = std::to_string(s.graph->projection.record_bytes());
    out["code_steps"] = s.graph->projection.is_fine() ? "fine" : "usual";
    out["code_directions"] = std::to_string(s.graph->projection.directions());
    out["entries"] = std::to_string(s.graph->entries.size());
    out["growth"] = std::to_string(s.graph->growth.far);
    out["growth_near"] = std::to_string(s.graph->growth.near);
    out["ef_construction"] = std::to_string(build_plan(*s.graph).ef);
    const double inside = s.graph->cluster_dimension, d = inside > 0 ? inside : s.graph->local_dimension;
    if (d > 0) out["local_dimension"] = std::to_string(std::lround(d));
    if (inside > 0) out["local_dimension_of"] = "inside of clusters";
  }
  return out;
}

}  // namespace hanok::index

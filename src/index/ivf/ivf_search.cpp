// Searches of kind "ivf": every row while there are no cells, else the members of the nearest ones.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/near_keys.h"
#include "base/threads.h"
#include "base/top_k.h"
#include "index/ivf/ivf.h"
#include "math/distance.h"
#include "math/kernels.h"

namespace hanok::index {
namespace {

constexpr size_t kQueriesAtOnce = 16;  // projected together: one pass over the axes serves four at a time

// Queries of a batch that visit cells together: tables of lookups of so many stay in a core's cache.
constexpr size_t kTogether = 128, kFewTogether = 32, kCellsAlone = 2;

constexpr size_t kBytesAhead = 4096;  // of rows, fetched before they are needed
constexpr size_t kRowsAtOnce = 4;     // compared: the kernels' number

bool accepted(const IdFilter* filter, Id id) { return !filter || filter->accepts(id); }

bool lists_few(const IdFilter* filter, size_t few) {
  return filter && filter->listed() && filter->listed()->size() <= few;
}

}  // namespace

// A query in the forms that the row types want.
struct Ivf::Query {
  const float* x = nullptr;
  std::vector<uint8_t> bytes;  // under L2 with rows of bytes, if the query is bytes too
  std::vector<float> unit;     // under cosine
};

// What the visit of some cells needs and every one needs anew.
struct Ivf::ProbeMemory {
  std::vector<float> table_floats, row;
  std::vector<uint8_t> table;
  std::vector<uint64_t> order;       // near_key of cells: the nearest first
  std::vector<uint64_t> candidates;  // near_key of estimate and slot
  math::LookupScale scale;           // of the table
  float threshold = INFINITY;        // estimates from here on are of no interest
  size_t offered = 0;
  void begin(size_t dim) {
    row.resize(dim);
    threshold = INFINITY;
    offered = 0;
  }
};

Ivf::Query Ivf::make_query(const float* x) const {
  Query out{x, {}, {}};
  if (metric() == Metric::L2 && rows_.storage() == Storage::U8 && all_bytes({x, dim()})) out.bytes.assign(x, x + dim());
  if (metric() == Metric::Cosine) {
    out.unit.resize(dim());
    normalise({x, dim()}, out.unit.data());
  }
  return out;
}

// As the door defines it: squared distance, dot product or cosine; then with the sign that makes small near.
float Ivf::distance(const Query& query, size_t slot, float* scratch) const {
  const auto& kernel = math::distance();
  const uint8_t* row = rows_.raw(slot);
  if (metric() == Metric::L2) switch (rows_.storage()) {
      case Storage::F32:
        return kernel.l2_f32(query.x, reinterpret_cast<const float*>(row), dim());
      case Storage::F16:
        return kernel.l2_f16(query.x, reinterpret_cast<const uint16_t*>(row), dim());
      case Storage::Bf16:
        return kernel.l2_bf16(query.x, reinterpret_cast<const uint16_t*>(row), dim());
      case Storage::U8:
        if (!query.bytes.empty()) return static_cast<float>(kernel.l2_u8(query.bytes.data(), row, dim()));
        return kernel.l2_sq8(query.x, row, 0, 1, dim());
      case Storage::Sq8: {
        float offset_scale[2];
        std::memcpy(offset_scale, row + dim(), 8);
        return kernel.l2_sq8(query.x, row, offset_scale[0], offset_scale[1], dim());
      }
    }
  const float* x = rows_.floats(slot, scratch);
  if (metric() == Metric::InnerProduct) return -kernel.ip_f32(query.x, x, dim());
  return -kernel.ip_f32(query.unit.data(), x, dim()) / static_cast<float>(norm_of({x, dim()}));
}

// The same of up to kRowsAtOnce rows, named by the numbers of `keys`; out: room for so many. Kernels sum one row of
// four in another order than a row alone, so fewer are filled up: a row's distance does not depend on who comes with
// it.
void Ivf::distances(const Query& query, const uint64_t* keys, size_t n, float* scratch, float* out) const {
  if (rows_.storage() != Storage::F32) {
    for (size_t i = 0; i < n; ++i) out[i] = distance(query, base::number_of(keys[i]), scratch);
    return;
  }
  const auto& kernel = math::distance();
  const float* rows[kRowsAtOnce];
  float squares[kRowsAtOnce];
  for (size_t i = 0; i < kRowsAtOnce; ++i) rows[i] = rows_.floats(base::number_of(keys[std::min(i, n - 1)]), scratch);
  switch (metric()) {
    case Metric::L2:
      kernel.l2_f32_rows(query.x, rows, kRowsAtOnce, dim(), out);
      return;
    case Metric::InnerProduct:
      kernel.ip_f32_rows(query.x, rows, kRowsAtOnce, dim(), out);
      for (size_t i = 0; i < n; ++i) out[i] = -out[i];
      return;
    case Metric::Cosine:
      kernel.ip_square_f32_rows(query.unit.data(), rows, kRowsAtOnce, dim(), out, squares);
      for (size_t i = 0; i < n; ++i) out[i] = -out[i] / static_cast<float>(norm_of({rows[i], dim()}, squares[i]));
  }
}

void Ivf::search_rows(const Query& query, size_t k, const IdFilter* filter, std::vector<Match>& out) const {
  Nearest nearest(std::min(k, ids_.size()));
  std::vector<float> scratch(dim());
  visit_rows(filter, [&](uint32_t slot) { nearest.offer({distance(query, slot, scratch.data()), ids_[slot]}); });
  out = matches(nearest.take());
}

// visit(slot) for every row that the filter lets through.
template <typename Visit>
void Ivf::visit_rows(const IdFilter* filter, Visit&& visit) const {
  if (filter && filter->listed()) {
    const auto ids = *filter->listed();
    for (const Id id : ids)
      if (const uint32_t slot = map_.find(id, ids_); slot != IdMap::kNone && filter->accepts_listed(id)) visit(slot);
    return;
  }
  for (size_t slot = 0; slot < ids_.size(); ++slot)
    if (accepted(filter, ids_[slot])) visit(static_cast<uint32_t>(slot));
}

std::vector<Match> Ivf::matches(const std::vector<Near>& found) const {
  std::vector<Match> out;
  out.reserve(found.size());
  for (const auto& [distance, id] : found) out.push_back({id, metric() == Metric::L2 ? distance : -distance});
  return out;
}

size_t Ivf::probes(const SearchOptions& options) const {
  const size_t cells = model_->cells, wanted = options.nprobe ? options.nprobe : nprobe_;
  return std::clamp<size_t>(wanted ? wanted : cells / 16 + 4, 1, cells);
}

// The cells by their distance to the query: the nearest `probes` of memory.order in front, in order.
void Ivf::rank_cells(const float* y, const float* cell_dots, size_t probes, ProbeMemory& memory) const {
  const IvfModel& model = *model_;
  const bool ip = metric() == Metric::InnerProduct;
  double square = 0;
  for (size_t j = 0; j < model.axes_count && !ip; ++j) square += static_cast<double>(y[j]) * y[j];
  auto& order = memory.order;
  order.resize(model.cells);
  for (size_t c = 0; c < model.cells; ++c)
    order[c] = base::near_key(ip ? -cell_dots[c] : static_cast<float>(square) + model.squares[c] - 2 * cell_dots[c],
                              static_cast<uint32_t>(c));
  base::nearest_first(order.data(), order.size(), probes);
  std::sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(probes));
}

void Ivf::make_table(const float* y, ProbeMemory& memory) const {
  const size_t m = model_->codes.padded();
  if (!m) return;
  memory.table.resize(m * 16);
  memory.table_floats.resize(m * 16);
  const float factor = metric() == Metric::InnerProduct ? -1.0f : -2.0f;
  memory.scale = model_->codes.table(y, factor, memory.table_floats.data(), memory.table.data());
}

// Calls offer(estimate, slot) for members of a cell, an element of memory.order, whose estimate is below the threshold,
// which offer returns; of an index without codes for all of them.
template <typename Offer>
void Ivf::visit_cell(uint64_t ranked, const Query& query, ProbeMemory& memory, const IdFilter* filter,
                     Offer&& offer) const {
  const IvfModel& model = *model_;
  const Cell& cell = cells_[base::number_of(ranked)];
  const float to_cell = base::distance_of(ranked);
  const size_t m = model.codes.padded();
  if (!m) {
    for (const uint32_t slot : cell.slots)
      if (accepted(filter, ids_[slot])) {
        ++memory.offered;
        memory.threshold = offer(distance(query, slot, memory.row.data()), slot);
      }
    return;
  }
  const auto& kernels = math::kernels<math::FastScanKernels>();
  const math::LookupScale& scale = memory.scale;
  float estimates[kFastScanVectors];
  for (size_t b = 0; b * kFastScanVectors < cell.slots.size(); ++b) {
    const uint8_t* block = cell.codes.data() + b * 16 * m;
    const float* terms = cell.terms.data() + b * kFastScanVectors;
    uint32_t mask = model.one_bit ? kernels.scan_scaled(block, memory.table.data(), m, terms,
                                                        cell.scales.data() + b * kFastScanVectors, to_cell, scale.base,
                                                        scale.step, memory.threshold, estimates)
                                  : kernels.scan(block, memory.table.data(), m, terms, to_cell + scale.base, scale.step,
                                                 memory.threshold, estimates);
    for (; mask; mask &= mask - 1) {
      const auto v = static_cast<size_t>(__builtin_ctz(mask));
      const uint32_t slot = cell.slots[b * kFastScanVectors + v];
      if (!accepted(filter, ids_[slot])) continue;
      ++memory.offered;
      memory.threshold = offer(estimates[v], slot);
    }
  }
}

// Visits the `probes` nearest cells, and more of them until `enough` members that the filter accepts were offered.
template <typename Offer>
void Ivf::visit_cells(const Query& query, const float* y, const float* cell_dots, size_t probes, size_t enough,
                      ProbeMemory& memory, const IdFilter* filter, Offer&& offer) const {
  probes = std::min(probes, model_->cells);
  memory.begin(dim());
  rank_cells(y, cell_dots, probes, memory);
  make_table(y, memory);
  auto& order = memory.order;
  for (size_t p = 0, sorted = probes; p < order.size(); ++p) {
    if (p >= probes && memory.offered >= enough) return;
    if (p == sorted) {  // as many again
      sorted = std::min(2 * p, order.size());
      base::nearest_first(&order[p], order.size() - p, sorted - p);
      std::sort(&order[p], order.data() + sorted);
    }
    visit_cell(order[p], query, memory, filter, offer);
  }
}

size_t Ivf::candidates(size_t k, const SearchOptions& options) const {
  const size_t asked = options.rerank ? options.rerank : rerank_;
  return std::min(ids_.size(), std::max(k, asked ? asked : ranked_anew(k)));
}

// What visit_cell() offers to: the `keep` nearest by estimate, and at times some more.
auto Ivf::keep_nearest(ProbeMemory& memory, size_t keep) {
  memory.candidates.clear();
  return [&found = memory.candidates, threshold = INFINITY, keep](float estimate, uint32_t slot) mutable {
    found.push_back(base::near_key(estimate, slot));
    if (found.size() >= 2 * keep) {
      base::nearest_first(found.data(), found.size(), keep);
      found.resize(keep);
      threshold = base::distance_of(*std::max_element(found.begin(), found.end()));
    }
    return threshold;
  };
}

// The k nearest of the `keep` best candidates, by exact distances.
std::vector<Match> Ivf::ranked(const Query& query, size_t k, size_t keep, ProbeMemory& memory) const {
  auto& found = memory.candidates;
  if (found.size() > keep) {
    base::nearest_first(found.data(), found.size(), keep);
    found.resize(keep);
  }
  Nearest nearest(k);
  const size_t ahead = std::clamp<size_t>(kBytesAhead / rows_.row_bytes(), kRowsAtOnce, 16);
  const auto fetch = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < std::min(end, found.size()); ++i) rows_.prefetch(base::number_of(found[i]));
  };
  fetch(0, ahead);
  for (size_t i = 0; i < found.size(); i += kRowsAtOnce) {
    const size_t some = std::min(kRowsAtOnce, found.size() - i);
    float exact[kRowsAtOnce];
    fetch(i + ahead, i + ahead + kRowsAtOnce);
    distances(query, &found[i], some, memory.row.data(), exact);
    for (size_t j = 0; j < some; ++j) nearest.offer({exact[j], ids_[base::number_of(found[i + j])]});
  }
  return matches(nearest.take());
}

void Ivf::search_cells(const Query& query, const float* y, const float* cell_dots, size_t k,
                       const SearchOptions& options, ProbeMemory& memory, std::vector<Match>& out) const {
  k = std::min(k, ids_.size());
  if (model_->codes.subspaces() == 0) {
    Nearest nearest(k);
    visit_cells(query, y, cell_dots, probes(options), k, memory, options.filter, [&](float d, uint32_t slot) {
      nearest.offer({d, ids_[slot]});
      return INFINITY;
    });
    out = matches(nearest.take());
    return;
  }
  const size_t keep = candidates(k, options);
  visit_cells(query, y, cell_dots, probes(options), keep, memory, options.filter, keep_nearest(memory, keep));
  out = ranked(query, k, keep, memory);
}

// The same for several queries, without a filter. The nearest cells are visited query by query, which makes thresholds
// tight; then cell by cell, so that the codes of one come from memory once for all queries that want it.
void Ivf::search_together(const float* x, const float* y, const float* cell_dots, size_t n, size_t k,
                          const SearchOptions& options, std::vector<Match>* out) const {
  const IvfModel& model = *model_;
  k = std::min(k, ids_.size());
  const size_t keep = candidates(k, options), probes = std::min(this->probes(options), model.cells);
  const size_t alone = std::min(probes, kCellsAlone);
  using Offer = decltype(keep_nearest(std::declval<ProbeMemory&>(), 0));
  std::vector<ProbeMemory> memory(n);
  std::vector<Query> query(n);
  std::vector<Offer> offer;
  offer.reserve(n);
  struct Visit {
    uint64_t ranked;
    uint32_t query;
  };
  std::vector<uint32_t> first(model.cells + 1);  // of each cell's visits
  for (size_t q = 0; q < n; ++q) {
    ProbeMemory& own = memory[q];
    query[q] = make_query(x + q * dim());
    own.begin(dim());
    rank_cells(y + q * model.axes_count, cell_dots + q * model.centroid_panels.padded(), probes, own);
    make_table(y + q * model.axes_count, own);
    offer.push_back(keep_nearest(own, keep));
    for (size_t p = 0; p < alone; ++p) visit_cell(own.order[p], query[q], own, nullptr, offer[q]);
    for (size_t p = alone; p < probes; ++p) ++first[base::number_of(own.order[p]) + 1];
  }
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<Visit> visits(first.back());
  for (size_t q = 0; q < n; ++q)
    for (size_t p = alone; p < probes; ++p) {
      const uint64_t ranked = memory[q].order[p];
      visits[first[base::number_of(ranked)]++] = {ranked, static_cast<uint32_t>(q)};
    }
  for (const auto& [ranked, q] : visits) visit_cell(ranked, query[q], memory[q], nullptr, offer[q]);
  for (size_t q = 0; q < n; ++q) {
    if (memory[q].offered < keep)  // so few members in as many cells: on to others
      search_cells(query[q], y + q * model.axes_count, cell_dots + q * model.centroid_panels.padded(), k, options,
                   memory[q], out[q]);
    else
      out[q] = ranked(query[q], k, keep, memory[q]);
  }
}

std::vector<Match> Ivf::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  check_query(query);
  return std::move(search_batch(query, k, options)[0]);
}

std::vector<std::vector<Match>> Ivf::search_batch(std::span<const float> queries, size_t k,
                                                  const SearchOptions& options) const {
  check_queries(queries);
  const size_t n = queries.size() / dim();
  std::vector<std::vector<Match>> out(n);
  Gate::Reader reader(gate_);
  if (k == 0 || ids_.empty()) return out;
  const bool few = lists_few(options.filter, std::max(ids_.size() / 100, 10 * k));
  const size_t threads = options.threads ? options.threads : base::default_threads();
  const size_t each = std::min(kTogether, n / threads);
  const bool together = model_ && !options.filter && model_->codes.subspaces() > 0 && each >= kFewTogether &&
                        ids_.size() * model_->codes.padded() / 2 >= together_bytes_;
  base::parallel_for(
      n, together ? each : kQueriesAtOnce,
      [&](size_t begin, size_t end, size_t) {
        const float* x = queries.data() + begin * dim();
        if (!model_ || few) {
          for (size_t q = begin; q < end; ++q)
            search_rows(make_query(queries.data() + q * dim()), k, options.filter, out[q]);
          return;
        }
        const IvfModel& model = *model_;
        thread_local ProbeMemory memory;
        thread_local std::vector<float> y, tight, dots;
        y.resize((end - begin) * model.axis_panels.padded());
        dots.resize((end - begin) * model.centroid_panels.padded());
        tight.resize((end - begin) * model.axes_count);
        model.project(x, end - begin, true, y.data());
        for (size_t i = 0; i < end - begin; ++i)
          std::copy_n(y.data() + i * model.axis_panels.padded(), model.axes_count, tight.data() + i * model.axes_count);
        model.centroid_panels.dots(tight.data(), end - begin, dots.data());
        if (together) {
          search_together(x, tight.data(), dots.data(), end - begin, k, options, out.data() + begin);
          return;
        }
        for (size_t q = begin; q < end; ++q)
          search_cells(make_query(queries.data() + q * dim()), tight.data() + (q - begin) * model.axes_count,
                       dots.data() + (q - begin) * model.centroid_panels.padded(), k, options, memory, out[q]);
      },
      options.threads);
  return out;
}

std::vector<Match> Ivf::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_range(query, radius);
  Gate::Reader reader(gate_);
  if (ids_.empty()) return {};
  const float limit = metric() == Metric::L2 ? radius : -radius;
  const Query own = make_query(query.data());
  std::vector<Near> found;
  ProbeMemory memory;
  memory.begin(dim());
  const auto consider = [&](uint32_t slot) {
    if (const float d = distance(own, slot, memory.row.data()); d <= limit) found.emplace_back(d, ids_[slot]);
  };
  if (!model_ || lists_few(options.filter, ids_.size() / 100)) {
    visit_rows(options.filter, consider);
  } else {
    const IvfModel& model = *model_;
    std::vector<float> y(model.axis_panels.padded()), dots(model.centroid_panels.padded());
    model.project(query.data(), 1, true, y.data());
    model.centroid_panels.dots(y.data(), 1, dots.data());
    visit_cells(own, y.data(), dots.data(), probes(options), 0, memory, options.filter, [&](float, uint32_t slot) {
      consider(slot);
      return INFINITY;
    });
  }
  std::sort(found.begin(), found.end());
  return matches(found);
}

}  // namespace hanok::index

#include "index/ivf/ivf.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "math/distance.h"
#include "math/kernels.h"

namespace hanok::index {
namespace {

constexpr size_t kMaxCells = 1 << 20;
constexpr size_t kTrainingPerCell = 128;  // vectors a cell for training: more move the centroids little
constexpr size_t kQueriesAtOnce = 16;     // projected together: one pass over the axes serves four at a time
constexpr size_t kGrowthBeforeTraining = 4;

size_t default_codes(size_t dim) { return std::min(dim, std::clamp<size_t>(dim / 8 / 4 * 4, 32, 128)); }

bool accepted(const IdFilter* filter, Id id) {
  if (!filter) return true;
  if (!filter->ids.empty()) return std::binary_search(filter->ids.begin(), filter->ids.end(), id);
  return !filter->accepts || filter->accepts(id);
}

bool nearer_key(const std::pair<float, uint32_t>& a, const std::pair<float, uint32_t>& b) { return a < b; }

}  // namespace

// A query in the forms that the row types want.
struct Ivf::Query {
  const float* x = nullptr;
  std::vector<uint8_t> bytes;  // under L2 with rows of bytes, if the query is bytes too
  double norm = 1, sum = 0;
};

struct Ivf::Scratch {
  std::vector<float> table_floats, row;
  std::vector<uint8_t> table;
  std::vector<std::pair<float, uint32_t>> order;       // cells by nearness
  std::vector<std::pair<float, uint32_t>> candidates;  // estimate, slot
};

struct Ivf::Batch {
  size_t n = 0;
  CodeShape shape;
  std::vector<uint32_t> cell;
  std::vector<float> term, scale;
  std::vector<uint8_t> codes;  // [n, shape.m]

  Coded code(size_t i) const { return {codes.data() + i * shape.m, term[i], scale[i]}; }
};

Ivf::Ivf(const Options& options) : BaseIndex(options) {
  read_keys();
  rows_ = RowStore(dim(), storage_from(storage_key_).value_or(Storage::F32));
}

void Ivf::read_keys() {
  Keys keys("ivf", options_);
  nlist_ = keys.integer("nlist", 0, 0, kMaxCells);
  nprobe_ = keys.integer("nprobe", 0, 0, kMaxCells);
  rerank_ = keys.integer("rerank", 0, 0, 1 << 24);
  const auto code = keys.choice("code", {"pq", "rabitq", "flat", "sq8"});
  const size_t m = keys.integer("M", default_codes(dim()), 1, 256);
  codes_wanted_ = code == "pq" ? m : 0;
  one_bit_ = code == "rabitq";
  storage_key_ = keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"});
  if (code == "sq8" && storage_key_ == "auto") storage_key_ = "sq8";
  keys.done();
}

size_t Ivf::size() const {
  std::shared_lock guard(lock_);
  return ids_.size();
}

std::vector<Id> Ivf::ids() const {
  std::shared_lock guard(lock_);
  return ids_;
}

void Ivf::set_search_defaults(const SearchOptions& defaults) {
  std::lock_guard writing(writer_);
  std::unique_lock guard(lock_);
  nprobe_ = defaults.nprobe;
  rerank_ = defaults.rerank;
  options_.set["nprobe"] = std::to_string(nprobe_);
  options_.set["rerank"] = std::to_string(rerank_);
}

bool Ivf::contains(Id id) const {
  std::shared_lock guard(lock_);
  return map_.find(id, ids_) != IdMap::kNone;
}

Storage Ivf::storage_for(std::span<const float> vectors) const {
  if (storage_key_ != "auto") {
    if (rows_.storage() == Storage::U8 && !all_bytes(vectors))
      throw Error(Code::Invalid,
                  "add: storage=u8 keeps whole numbers 0 to 255; use storage=auto or sq8 for other values");
    return rows_.storage();
  }
  return (rows_.size() == 0 || rows_.storage() == Storage::U8) && all_bytes(vectors) ? Storage::U8 : Storage::F32;
}

size_t Ivf::cells_for(size_t n) const {
  const auto wanted = nlist_ ? nlist_ : static_cast<size_t>(std::sqrt(static_cast<double>(n)));
  return std::clamp<size_t>(wanted, 1, n);
}

bool Ivf::must_train(size_t n) const {
  if (!model_) return n >= std::max(kTrainAt, nlist_);
  return nlist_ == 0 && trained_at_ > 0 && n >= kGrowthBeforeTraining * trained_at_;
}

// From the rows that are there and `vectors` together, evenly.
std::shared_ptr<const IvfModel> Ivf::learn(std::span<const float> vectors) const {
  const size_t fresh = vectors.size() / dim(), all = rows_.size() + fresh;
  IvfModel::Training how{cells_for(all), codes_wanted_, one_bit_, options_.seed, options_.threads};
  const size_t take = std::min(all, std::max<size_t>(how.cells * kTrainingPerCell, 16384));
  std::vector<float> sample(take * dim());
  for (size_t i = 0; i < take; ++i) {
    const size_t from = i * all / take;
    if (from < rows_.size())
      rows_.decode(from, sample.data() + i * dim());
    else
      std::copy_n(vectors.data() + (from - rows_.size()) * dim(), dim(), sample.data() + i * dim());
  }
  return std::make_shared<IvfModel>(IvfModel::learn(sample, dim(), metric(), how));
}

Ivf::Batch Ivf::encode(const IvfModel& model, size_t n, const std::function<void(size_t, float*)>& row) const {
  const CodeShape shape{model.codes.padded(), model.one_bit};
  Batch out{n, shape, std::vector<uint32_t>(n), std::vector<float>(n), std::vector<float>(n), {}};
  out.codes.resize(n * shape.m);
  base::parallel_for(
      n, kQueriesAtOnce * 4,
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> x((end - begin) * dim()), y((end - begin) * model.axis_panels.padded());
        for (size_t i = begin; i < end; ++i) row(i, x.data() + (i - begin) * dim());
        model.project(x.data(), end - begin, false, y.data());
        for (size_t i = begin; i < end; ++i) {
          const auto coded =
              model.encode(x.data() + (i - begin) * dim(), y.data() + (i - begin) * model.axis_panels.padded(),
                           out.codes.data() + i * shape.m);
          out.cell[i] = coded.cell;
          out.term[i] = coded.term;
          out.scale[i] = coded.scale;
        }
      },
      options_.threads);
  return out;
}

std::vector<Cell> Ivf::cells_of(const IvfModel& model, const Batch& batch) const {
  std::vector<size_t> count(model.cells);
  for (const uint32_t c : batch.cell) ++count[c];
  std::vector<Cell> cells(model.cells);
  for (size_t c = 0; c < model.cells; ++c) cells[c].reserve(count[c], batch.shape);
  for (size_t i = 0; i < batch.n; ++i) cells[batch.cell[i]].push(static_cast<uint32_t>(i), batch.code(i), batch.shape);
  return cells;
}

void Ivf::train(std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_vectors(vectors);
  if (vectors.empty()) throw Error(Code::Invalid, "train: no vectors were given");
  const auto model = learn(vectors);
  const Batch batch = encode(*model, rows_.size(), [&](size_t i, float* out) { rows_.decode(i, out); });
  auto cells = cells_of(*model, batch);
  std::vector<uint32_t> place(batch.n);
  for (const Cell& c : cells)
    for (size_t at = 0; at < c.slots.size(); ++at) place[c.slots[at]] = static_cast<uint32_t>(at);
  std::unique_lock guard(lock_);
  model_ = model;
  cells_ = std::move(cells);
  cell_ = batch.cell;
  place_ = std::move(place);
  trained_at_ = std::max(kTrainAt, rows_.size() + vectors.size() / dim());
}

void Ivf::add(std::span<const Id> ids, std::span<const float> vectors) {
  {
    std::lock_guard writing(writer_);
    check_add(ids, vectors);
    if (ids_.size() + ids.size() >= IdMap::kNone) throw Error(Code::Exhausted, "ivf: more than 2^32 - 2 vectors");
    storage_for(vectors);
  }
  if (must_train(ids_.size() + ids.size())) train(vectors);
  std::lock_guard writing(writer_);
  const size_t n = ids.size(), first = ids_.size();
  std::vector<uint32_t> order(n);  // new rows lie by cell, so that re-ranking a cell's members reads near rows
  std::iota(order.begin(), order.end(), 0u);
  Batch batch;
  if (model_) {
    batch = encode(*model_, n, [&](size_t i, float* out) { std::copy_n(vectors.data() + i * dim(), dim(), out); });
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return batch.cell[a] < batch.cell[b]; });
  }
  const Storage storage = storage_for(vectors);
  RowStore converted;
  if (storage != rows_.storage()) converted = rows_.converted(storage);
  std::unique_lock guard(lock_);
  // Whatever may fail for want of memory comes first.
  ids_.reserve(first + n);
  map_.reserve(first + n, ids_);
  if (model_) {
    cell_.reserve(first + n), place_.reserve(first + n);
    std::vector<size_t> count(cells_.size());
    for (const uint32_t c : batch.cell) ++count[c];
    for (size_t c = 0; c < cells_.size(); ++c) cells_[c].reserve(cells_[c].slots.size() + count[c], batch.shape);
  }
  if (storage != rows_.storage()) rows_ = std::move(converted);
  rows_.reserve(first + n);
  for (const uint32_t i : order) {
    const auto slot = static_cast<uint32_t>(ids_.size());
    rows_.append(vectors.subspan(i * dim(), dim()));
    ids_.push_back(ids[i]);
    map_.insert(slot, ids_);
    if (!model_) continue;
    Cell& cell = cells_[batch.cell[i]];
    cell_.push_back(batch.cell[i]);
    place_.push_back(static_cast<uint32_t>(cell.slots.size()));
    cell.push(slot, batch.code(i), batch.shape);
  }
}

size_t Ivf::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  std::unique_lock guard(lock_);
  size_t removed = 0;
  for (const Id id : ids) {
    const uint32_t slot = map_.find(id, ids_);
    if (slot == IdMap::kNone) continue;
    const auto last = static_cast<uint32_t>(ids_.size() - 1);
    if (model_) {
      Cell& cell = cells_[cell_[slot]];
      const uint32_t at = place_[slot];
      cell.erase(at, shape());
      if (at < cell.slots.size()) place_[cell.slots[at]] = at;
    }
    map_.erase(id, ids_);
    if (slot != last) {
      map_.erase(ids_[last], ids_);
      ids_[slot] = ids_[last];
      map_.insert(slot, ids_);
      rows_.copy(last, slot);
      if (model_) {
        cell_[slot] = cell_[last];
        place_[slot] = place_[last];
        cells_[cell_[slot]].slots[place_[slot]] = slot;
      }
    }
    ids_.pop_back();
    rows_.pop();
    if (model_) cell_.pop_back(), place_.pop_back();
    ++removed;
  }
  return removed;
}

std::optional<std::vector<float>> Ivf::reconstruct(Id id) const {
  std::shared_lock guard(lock_);
  const uint32_t slot = map_.find(id, ids_);
  if (slot == IdMap::kNone) return std::nullopt;
  std::vector<float> out(dim());
  rows_.decode(slot, out.data());
  return out;
}

Ivf::Query Ivf::make_query(const float* x) const {
  Query out{x, {}, 1, 0};
  if (metric() == Metric::L2 && rows_.storage() == Storage::U8 && all_bytes({x, dim()})) out.bytes.assign(x, x + dim());
  for (size_t j = 0; j < dim(); ++j) out.sum += x[j];
  if (metric() == Metric::Cosine) out.norm = std::sqrt(static_cast<double>(math::distance().ip_f32(x, x, dim())));
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
  const float dot = kernel.ip_f32(query.x, x, dim());
  if (metric() == Metric::InnerProduct) return -dot;
  return -dot / static_cast<float>(query.norm * std::sqrt(static_cast<double>(kernel.ip_f32(x, x, dim()))));
}

namespace {

// The k nearest by exact distance, ties by id, into matches.
class Nearest {
 public:
  explicit Nearest(size_t k) : k_(k) {}
  void offer(float distance, Id id) {
    if (found_.size() == k_ && !(std::pair(distance, id) < found_.front())) return;
    if (found_.size() == k_) {
      std::pop_heap(found_.begin(), found_.end());
      found_.pop_back();
    }
    found_.emplace_back(distance, id);
    std::push_heap(found_.begin(), found_.end());
  }
  void take(Metric metric, std::vector<Match>& out) {
    std::sort_heap(found_.begin(), found_.end());
    out.clear();
    for (const auto& [distance, id] : found_) out.push_back({id, metric == Metric::L2 ? distance : -distance});
  }

 private:
  size_t k_;
  std::vector<std::pair<float, Id>> found_;
};

}  // namespace

void Ivf::search_rows(const Query& query, size_t k, const SearchOptions& options, std::vector<Match>& out) const {
  Nearest nearest(std::min(k, ids_.size()));
  std::vector<float> scratch(dim());
  if (options.filter && !options.filter->ids.empty()) {
    for (const Id id : options.filter->ids)
      if (const uint32_t slot = map_.find(id, ids_); slot != IdMap::kNone)
        nearest.offer(distance(query, slot, scratch.data()), id);
  } else {
    for (size_t slot = 0; slot < ids_.size(); ++slot)
      if (accepted(options.filter, ids_[slot])) nearest.offer(distance(query, slot, scratch.data()), ids_[slot]);
  }
  nearest.take(metric(), out);
}

// Calls offer(estimate, slot) for members of the cells nearest to the query whose estimate is below scratch's
// threshold, which offer returns. Goes on beyond `probes` cells until `enough` members that the filter accepts were
// offered.
template <typename Offer>
void Ivf::visit_cells(const Query& query, const float* y, const float* cell_dots, size_t probes, size_t enough,
                      Scratch& scratch, const SearchOptions& options, Offer&& offer) const {
  const IvfModel& model = *model_;
  const bool ip = metric() == Metric::InnerProduct;
  double square = 0;
  for (size_t j = 0; j < model.axes_count && !ip; ++j) square += static_cast<double>(y[j]) * y[j];
  auto& order = scratch.order;
  order.resize(model.cells);
  for (size_t c = 0; c < model.cells; ++c)
    order[c] = {ip ? -cell_dots[c] : static_cast<float>(square) + model.squares[c] - 2 * cell_dots[c],
                static_cast<uint32_t>(c)};
  probes = std::min(probes, model.cells);
  std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(probes) - 1, order.end(), nearer_key);
  std::sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(probes), nearer_key);

  const size_t m = model.codes.padded();
  ProductQuantiser::Table table;
  if (m) {
    scratch.table.resize(m * 16);
    scratch.table_floats.resize(m * 16);
    table = model.codes.table(y, ip ? -1.0f : -2.0f, scratch.table_floats.data(), scratch.table.data());
  }
  scratch.row.resize(dim());
  float threshold = INFINITY, estimates[kFastScanVectors];
  size_t offered = 0;
  const auto& kernels = math::kernels<math::FastScanKernels>();
  for (size_t p = 0; p < model.cells; ++p) {
    if (p == probes && offered < enough) std::sort(order.begin() + static_cast<ptrdiff_t>(p), order.end(), nearer_key);
    if (p >= probes && offered >= enough) return;
    const Cell& cell = cells_[order[p].second];
    if (!m) {
      for (const uint32_t slot : cell.slots)
        if (accepted(options.filter, ids_[slot]))
          ++offered, threshold = offer(distance(query, slot, scratch.row.data()), slot);
      continue;
    }
    for (size_t b = 0; b * kFastScanVectors < cell.slots.size(); ++b) {
      const uint8_t* block = cell.codes.data() + b * 16 * m;
      const float* terms = cell.terms.data() + b * kFastScanVectors;
      uint32_t mask = model.one_bit ? kernels.scan_scaled(block, scratch.table.data(), m, terms,
                                                          cell.scales.data() + b * kFastScanVectors, order[p].first,
                                                          table.base, table.step, threshold, estimates)
                                    : kernels.scan(block, scratch.table.data(), m, terms, order[p].first + table.base,
                                                   table.step, threshold, estimates);
      for (; mask; mask &= mask - 1) {
        const auto v = static_cast<size_t>(__builtin_ctz(mask));
        const uint32_t slot = cell.slots[b * kFastScanVectors + v];
        if (accepted(options.filter, ids_[slot])) ++offered, threshold = offer(estimates[v], slot);
      }
    }
  }
}

void Ivf::search_cells(const Query& query, const float* y, const float* cell_dots, size_t k,
                       const SearchOptions& options, Scratch& scratch, std::vector<Match>& out) const {
  const size_t cells = model_->cells, wanted = options.nprobe ? options.nprobe : nprobe_;
  const size_t probes = wanted ? std::min(wanted, cells) : std::max<size_t>(1, std::min(cells, cells / 16 + 4));
  k = std::min(k, ids_.size());
  Nearest nearest(k);
  if (model_->codes.subspaces() == 0) {
    visit_cells(query, y, cell_dots, probes, k, scratch, options, [&](float d, uint32_t slot) {
      nearest.offer(d, ids_[slot]);
      return INFINITY;
    });
    return nearest.take(metric(), out);
  }
  const size_t asked = options.rerank ? options.rerank : rerank_;
  const size_t keep = std::min(ids_.size(), std::max(k, asked ? asked : 8 * k + 16));
  auto& found = scratch.candidates;
  found.clear();
  float threshold = INFINITY;
  visit_cells(query, y, cell_dots, probes, keep, scratch, options, [&](float estimate, uint32_t slot) {
    found.emplace_back(estimate, slot);
    if (found.size() >= 2 * keep) {
      std::nth_element(found.begin(), found.begin() + static_cast<ptrdiff_t>(keep) - 1, found.end(), nearer_key);
      found.resize(keep);
      threshold = found.back().first;
    }
    return threshold;
  });
  if (found.size() > keep) {
    std::nth_element(found.begin(), found.begin() + static_cast<ptrdiff_t>(keep) - 1, found.end(), nearer_key);
    found.resize(keep);
  }
  constexpr size_t kAhead = 3;  // rows fetched before they are needed
  for (size_t i = 0; i < found.size(); ++i) {
    if (i + kAhead < found.size()) rows_.prefetch(found[i + kAhead].second);
    nearest.offer(distance(query, found[i].second, scratch.row.data()), ids_[found[i].second]);
  }
  nearest.take(metric(), out);
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
  std::shared_lock guard(lock_);
  if (k == 0 || ids_.empty()) return out;
  const bool listed = options.filter && !options.filter->ids.empty() &&
                      options.filter->ids.size() <= std::max(ids_.size() / 100, 10 * k);
  base::parallel_for(
      n, kQueriesAtOnce,
      [&](size_t begin, size_t end, size_t) {
        const float* x = queries.data() + begin * dim();
        if (!model_ || listed) {
          for (size_t q = begin; q < end; ++q) search_rows(make_query(queries.data() + q * dim()), k, options, out[q]);
          return;
        }
        const IvfModel& model = *model_;
        thread_local Scratch scratch;
        thread_local std::vector<float> y, tight, dots;
        y.resize((end - begin) * model.axis_panels.padded());
        dots.resize((end - begin) * model.centroid_panels.padded());
        tight.resize((end - begin) * model.axes_count);
        model.project(x, end - begin, true, y.data());
        for (size_t i = 0; i < end - begin; ++i)
          std::copy_n(y.data() + i * model.axis_panels.padded(), model.axes_count, tight.data() + i * model.axes_count);
        model.centroid_panels.dots(tight.data(), end - begin, dots.data());
        for (size_t q = begin; q < end; ++q)
          search_cells(make_query(queries.data() + q * dim()), tight.data() + (q - begin) * model.axes_count,
                       dots.data() + (q - begin) * model.centroid_panels.padded(), k, options, scratch, out[q]);
      },
      options.threads);
  return out;
}

std::vector<Match> Ivf::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_range(query, radius);
  std::shared_lock guard(lock_);
  if (ids_.empty()) return {};
  const float limit = metric() == Metric::L2 ? radius : -radius;
  const Query own = make_query(query.data());
  std::vector<std::pair<float, Id>> found;
  Scratch scratch;
  scratch.row.resize(dim());
  auto consider = [&](float, uint32_t slot) {
    if (const float d = distance(own, slot, scratch.row.data()); d <= limit) found.emplace_back(d, ids_[slot]);
    return INFINITY;
  };
  if (!model_) {
    for (size_t slot = 0; slot < ids_.size(); ++slot)
      if (accepted(options.filter, ids_[slot])) consider(0, static_cast<uint32_t>(slot));
  } else {
    const IvfModel& model = *model_;
    std::vector<float> y(model.axis_panels.padded()), dots(model.centroid_panels.padded());
    model.project(query.data(), 1, true, y.data());
    model.centroid_panels.dots(y.data(), 1, dots.data());
    const size_t wanted = options.nprobe ? options.nprobe : nprobe_;
    visit_cells(own, y.data(), dots.data(), std::clamp<size_t>(wanted ? wanted : model.cells / 16 + 4, 1, model.cells),
                0, scratch, options, consider);
  }
  std::sort(found.begin(), found.end());
  std::vector<Match> out;
  for (const auto& [d, id] : found) out.push_back({id, metric() == Metric::L2 ? d : -d});
  return out;
}

std::map<std::string, std::string> Ivf::statistics() const {
  std::shared_lock guard(lock_);
  size_t bytes =
      rows_.bytes_resident() + ids_.capacity() * sizeof(Id) + map_.bytes() + (cell_.capacity() + place_.capacity()) * 4;
  size_t codes = 0, largest = 0;
  for (const Cell& c : cells_) {
    codes += c.codes.capacity() + (c.terms.capacity() + c.scales.capacity() + c.slots.capacity()) * 4;
    largest = std::max(largest, c.slots.size());
  }
  if (model_) bytes += 2 * (model_->axes.size() + model_->centroids.size()) * 4;
  return {{"vectors", std::to_string(ids_.size())},
          {"bytes_resident", std::to_string(bytes + codes)},
          {"bytes_codes", std::to_string(codes)},
          {"storage", std::string(storage_name(rows_.storage()))},
          {"cells", std::to_string(cells_.size())},
          {"largest_cell", std::to_string(largest)},
          {"codes_per_vector", std::to_string(model_ ? model_->codes.subspaces() : 0)},
          {"axes", std::to_string(model_ ? model_->axes_count : 0)},
          {"trained", model_ ? "yes" : "no"}};
}

std::unique_ptr<Index> make_ivf(const Options& options) { return std::make_unique<Ivf>(options); }
std::unique_ptr<Index> open_ivf(const FileReader& file) { return std::make_unique<Ivf>(file); }

}  // namespace hanok::index

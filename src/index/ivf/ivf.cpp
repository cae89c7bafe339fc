#include "index/ivf/ivf.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "index/ivf/trainer.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kMaxCells = 1 << 20;
constexpr size_t kTrainingPerCell = 128;  // vectors a cell for training: more move the centroids little
constexpr size_t kProjectedAtOnce = 64;   // one pass over the axes serves several vectors
constexpr size_t kGrowthBeforeTraining = 4;

// Of ten neighbours, among as many as look nearest: more codes a vector cost less than more rows that are read.
constexpr double kToldApart = 0.98;
constexpr size_t kRowsRead = 40;
constexpr size_t kMostCodesByDefault = 192;

// 4-bit codes a vector, the coarsest first: one for eight numbers, six, four, 8/3, two.
std::vector<size_t> widths_of_codes(size_t dim) {
  std::vector<size_t> out;
  for (const size_t wanted : {std::clamp<size_t>(dim / 8 / 4 * 4, 32, 128), dim / 6 / 4 * 4, dim / 4 / 4 * 4,
                              dim * 3 / 8 / 4 * 4, dim / 2 / 4 * 4}) {
    const size_t codes = std::min({dim, wanted, kMostCodesByDefault});
    if (out.empty() || codes > out.back()) out.push_back(codes);
  }
  return out;
}

}  // namespace

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
  const size_t m = keys.integer("M", 0, 0, kMostCodes);
  codes_wanted_ = code != "pq" ? std::vector<size_t>() : m ? std::vector{m} : widths_of_codes(dim());
  one_bit_ = code == "rabitq";
  storage_key_ = keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"});
  if (code == "sq8" && storage_key_ == "auto") storage_key_ = "sq8";
  keys.done();
}

size_t Ivf::size() const {
  Gate::Reader reader(gate_);
  return ids_.size();
}

std::vector<Id> Ivf::ids() const {
  Gate::Reader reader(gate_);
  return ids_;
}

void Ivf::set_search_defaults(const SearchOptions& defaults) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  forget_promise();
  nprobe_ = defaults.nprobe;
  rerank_ = defaults.rerank;
}

bool Ivf::has(Id id) const { return map_.find(id, ids_) != IdMap::kNone; }

bool Ivf::contains(Id id) const {
  Gate::Reader reader(gate_);
  return has(id);
}

Storage Ivf::storage_for(std::span<const float> vectors) const {
  if (storage_key_ != "auto") return rows_.storage();
  return (rows_.size() == 0 || rows_.storage() == Storage::U8) && all_bytes(vectors) ? Storage::U8 : Storage::F32;
}

size_t Ivf::cells_for(size_t n) const {
  const auto wanted = nlist_ ? nlist_ : static_cast<size_t>(1.5 * std::sqrt(static_cast<double>(n)));
  return std::clamp<size_t>(wanted, 1, n);
}

bool Ivf::must_train(size_t n) const {
  if (!model_) return n >= std::max(kTrainAt, nlist_);
  return nlist_ == 0 && trained_at_ > 0 && n >= kGrowthBeforeTraining * trained_at_;
}

// From the rows that are there and `vectors` together, evenly.
std::shared_ptr<const IvfModel> Ivf::learn(std::span<const float> vectors) const {
  const size_t fresh = vectors.size() / dim(), all = rows_.size() + fresh;
  const size_t cells = cells_for(all), take = std::min(all, std::max<size_t>(cells * kTrainingPerCell, 16384));
  std::vector<float> sample(take * dim());
  for (size_t i = 0; i < take; ++i) {
    const size_t from = i * all / take;
    if (from < rows_.size())
      rows_.decode(from, sample.data() + i * dim());
    else
      std::copy_n(vectors.data() + (from - rows_.size()) * dim(), dim(), sample.data() + i * dim());
  }
  IvfTrainer trainer(sample, dim(), metric(),
                     {.cells = cells,
                      .codes = codes_wanted_,
                      .one_bit = one_bit_,
                      .seed = options_.seed,
                      .threads = options_.threads});
  auto model = std::make_shared<IvfModel>();
  for (size_t i = 0; i < std::max<size_t>(1, codes_wanted_.size()); ++i) {
    *model = trainer.model(codes_wanted_.empty() ? 0 : codes_wanted_[i]);
    if (i + 1 >= codes_wanted_.size()) break;
    if (trainer.told_apart(*model, kRowsRead) >= kToldApart) break;
  }
  return model;
}

Ivf::Batch Ivf::encode(const IvfModel& model, size_t n, const std::function<void(size_t, float*)>& row) const {
  const CodeShape shape{model.codes.padded(), model.one_bit};
  Batch out{n, shape, std::vector<uint32_t>(n), std::vector<float>(n), std::vector<float>(n), {}};
  out.codes.resize(n * shape.m);
  base::parallel_for(
      n, kProjectedAtOnce,
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> x((end - begin) * dim()), y((end - begin) * model.axis_panels.padded());
        for (size_t i = begin; i < end; ++i) row(i, x.data() + (i - begin) * dim());
        model.project(x.data(), end - begin, false, y.data());
        model.nearest_cells(y.data(), end - begin, out.cell.data() + begin);
        for (size_t i = begin; i < end; ++i) {
          const auto coded =
              model.encode(x.data() + (i - begin) * dim(), y.data() + (i - begin) * model.axis_panels.padded(),
                           out.cell[i], out.codes.data() + i * shape.m);
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
  learn_cells(vectors);
}

// Caller holds writer_. Searches go on in the old cells until the new ones are complete.
void Ivf::learn_cells(std::span<const float> vectors) {
  const auto model = learn(vectors);
  Batch batch = encode(*model, rows_.size(), [&](size_t i, float* out) { rows_.decode(i, out); });
  auto cells = cells_of(*model, batch);
  std::vector<uint32_t> place(batch.n);
  for (const Cell& c : cells)
    for (size_t at = 0; at < c.slots.size(); ++at) place[c.slots[at]] = static_cast<uint32_t>(at);
  Gate::Writer writer(gate_);
  model_ = model;
  cells_ = std::move(cells);
  cell_ = std::move(batch.cell);
  place_ = std::move(place);
  trained_at_ = std::max(kTrainAt, rows_.size() + vectors.size() / dim());
}

void Ivf::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_add(ids, vectors);
  put(ids, vectors);
}

void Ivf::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_update(ids, vectors);
  put(ids, vectors);
}

// Adds the vectors, and takes out what those ids had before. Caller holds writer_.
void Ivf::put(std::span<const Id> ids, std::span<const float> vectors) {
  const size_t n = ids.size(), all = ids_.size() + n;
  const auto old = static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](Id id) { return has(id); }));
  if (all >= IdMap::kNone) throw Error(Code::Exhausted, "ivf: more than 2^32 - 2 vectors");
  const Storage storage = storage_for(vectors);
  check_storable(storage, vectors, dim(), metric());
  if (must_train(all - old)) learn_cells(vectors);
  std::vector<uint32_t> order(n);  // new rows lie by cell, so that re-ranking a cell's members reads near rows
  std::iota(order.begin(), order.end(), 0u);
  Batch batch;
  if (model_) {
    batch = encode(*model_, n, [&](size_t i, float* out) { std::copy_n(vectors.data() + i * dim(), dim(), out); });
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return batch.cell[a] < batch.cell[b]; });
  }
  RowStore converted;
  if (storage != rows_.storage()) {
    converted = rows_.converted(storage);
    converted.reserve(all);
  }
  Gate::Writer writer(gate_);
  make_room(all, batch);
  if (storage != rows_.storage()) rows_ = std::move(converted);
  if (old) take_out(ids);
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

// Whatever may fail for want of memory: after it, so many vectors of which `batch` are new fit without more.
void Ivf::make_room(size_t vectors, const Batch& batch) {
  ids_.reserve(vectors);
  map_.reserve(vectors, ids_);
  rows_.reserve(vectors);
  if (!model_) return;
  cell_.reserve(vectors);
  place_.reserve(vectors);
  std::vector<size_t> count(cells_.size());
  for (const uint32_t c : batch.cell) ++count[c];
  for (size_t c = 0; c < cells_.size(); ++c) cells_[c].reserve(cells_[c].slots.size() + count[c], batch.shape);
}

size_t Ivf::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  rows_.reserve(rows_.size());  // out of the file, if they lie there: nothing fails after that
  return take_out(ids);
}

// The last slot takes the place of one that goes. Does not fail: rows_ owns its memory.
size_t Ivf::take_out(std::span<const Id> ids) {
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
  Gate::Reader reader(gate_);
  const uint32_t slot = map_.find(id, ids_);
  if (slot == IdMap::kNone) return std::nullopt;
  std::vector<float> out(dim());
  rows_.decode(slot, out.data());
  return out;
}

std::map<std::string, std::string> Ivf::statistics() const {
  Gate::Reader reader(gate_);
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

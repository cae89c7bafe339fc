// The sections of an IVF index (docs/formats/index.md): options, ids, rows; once trained also mean, axes, centroids,
// starts, codebooks, cell_sizes, cell_slots, cell_codes, cell_terms, and cell_scales for code=rabitq.
#include "index/ivf/ivf.h"

#include "hanok/error.h"

namespace hanok::index {
namespace {

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

template <typename T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

void Ivf::save(const std::filesystem::path& path) const {
  std::lock_guard writing(writer_);
  FileWriter writer("ivf");
  MoreTexts more{{"storage", std::string(storage_name(rows_.storage()))}, {"trained_at", std::to_string(trained_at_)}};
  std::vector<uint32_t> sizes, slots;
  std::vector<uint8_t> codes;
  std::vector<float> terms, scales;
  if (model_) {
    more["axes"] = std::to_string(model_->axes_count);
    more["cells"] = std::to_string(model_->cells);
    for (const Cell& c : cells_) {
      sizes.push_back(static_cast<uint32_t>(c.slots.size()));
      slots.insert(slots.end(), c.slots.begin(), c.slots.end());
      codes.insert(codes.end(), c.codes.begin(), c.codes.end());
      terms.insert(terms.end(), c.terms.begin(), c.terms.end());
      scales.insert(scales.end(), c.scales.begin(), c.scales.end());
    }
    writer.add("mean", bytes_of(model_->mean));
    writer.add("axes", bytes_of(model_->axes));
    writer.add("centroids", bytes_of(model_->centroids));
    writer.add("starts", bytes_of(model_->codes.starts()));
    writer.add("codebooks", bytes_of(model_->codes.codebooks()));
    writer.add("cell_sizes", bytes_of(sizes));
    writer.add("cell_slots", bytes_of(slots));
    writer.add("cell_codes", bytes_of(codes));
    writer.add("cell_terms", bytes_of(terms));
    if (model_->one_bit) writer.add("cell_scales", bytes_of(scales));
  }
  Options options = options_;
  for (const auto& [key, value] : {std::pair("nprobe", nprobe_), std::pair("rerank", rerank_)})
    if (value || options.set.count(key)) options.set[key] = std::to_string(value);
  writer.add_text("options", options_text(options, more));
  writer.add("ids", bytes_of(ids_));
  writer.add("rows", rows_.bytes());
  writer.write(path);
}

Ivf::Ivf(const FileReader& file) : BaseIndex(read_options(file).options) {
  const auto more = read_options(file).more;
  try {
    read_keys();
  } catch (const Error& e) {
    file.corrupt(std::string("section 'options': ") + e.what());
  }
  const Storage storage = stored_type(file, more);
  ids_ = copy(file.array<Id>("ids", file.section("ids").size() / sizeof(Id)));
  if (ids_.size() >= IdMap::kNone) file.corrupt("has more than 2^32 - 2 vectors");
  rows_ = RowStore(dim(), storage, file.array<std::byte>("rows", ids_.size() * RowStore(dim(), storage).row_bytes()),
                   std::make_shared<FileReader>(file));
  map_.reserve(ids_.size(), ids_);
  for (size_t slot = 0; slot < ids_.size(); ++slot) {
    if (map_.find(ids_[slot], ids_) != IdMap::kNone) file.corrupt("id " + std::to_string(ids_[slot]) + " comes twice");
    map_.insert(static_cast<uint32_t>(slot), ids_);
  }
  trained_at_ = stored_number(file, more, "trained_at");
  if (!file.has("centroids")) return;

  auto model = std::make_shared<IvfModel>();
  model->dim = dim();
  model->metric = metric();
  model->one_bit = one_bit_;
  model->axes_count = stored_number(file, more, "axes");
  model->cells = stored_number(file, more, "cells");
  if (model->axes_count < 1 || model->axes_count > dim()) file.corrupt("has more axes than dimensions");
  if (model->cells < 1 || model->cells > UINT32_MAX) file.corrupt("says an absurd number of cells");
  model->mean = copy(file.array<float>("mean", dim()));
  model->axes = copy(file.array<float>("axes", model->axes_count * dim()));
  model->centroids = copy(file.array<float>("centroids", model->cells * model->axes_count));
  const auto starts = copy(file.array<uint32_t>("starts", file.section("starts").size() / 4));
  if (!starts.empty()) {
    for (size_t s = 0; s + 1 < starts.size(); ++s)
      if (starts[s] >= starts[s + 1]) file.corrupt("section 'starts' does not rise");
    if (starts.front() != 0 || starts.back() != model->axes_count || starts.size() > kMostCodes + 1)
      file.corrupt("section 'starts' does not cover the axes");
    model->codes.restore(model->axes_count, starts,
                         copy(file.array<float>("codebooks", model->axes_count * ProductQuantiser::kCodes)));
  }
  if (one_bit_ && starts.empty()) file.corrupt("has no codes, though its options say code=rabitq");
  model->finish();
  model_ = std::move(model);
  restore_cells(file);
}

// Every slot must lie in exactly one cell: searches and removals trust that.
void Ivf::restore_cells(const FileReader& file) {
  const size_t m = model_->codes.padded();
  const auto sizes = file.array<uint32_t>("cell_sizes", model_->cells);
  const auto slots = file.array<uint32_t>("cell_slots", ids_.size());
  size_t blocks = 0, members = 0;
  for (const uint32_t n : sizes) {
    members += n;
    blocks += Cell::blocks(n);
  }
  if (members != ids_.size())
    file.corrupt("section 'cell_sizes' counts " + std::to_string(members) + " vectors, not " +
                 std::to_string(ids_.size()));
  if (m == 0) blocks = 0;
  const auto codes = file.array<uint8_t>("cell_codes", blocks * 16 * m);
  const auto terms = file.array<float>("cell_terms", blocks * kFastScanVectors);
  const auto scales =
      model_->one_bit ? file.array<float>("cell_scales", blocks * kFastScanVectors) : std::span<const float>();
  cell_.assign(ids_.size(), UINT32_MAX);
  place_.resize(ids_.size());
  cells_.resize(model_->cells);
  size_t slot_at = 0, block_at = 0;
  for (size_t c = 0; c < cells_.size(); ++c) {
    Cell& cell = cells_[c];
    cell.slots = copy(slots.subspan(slot_at, sizes[c]));
    slot_at += sizes[c];
    for (size_t at = 0; at < cell.slots.size(); ++at) {
      const uint32_t slot = cell.slots[at];
      if (slot >= ids_.size() || cell_[slot] != UINT32_MAX)
        file.corrupt("section 'cell_slots' names slot " + std::to_string(slot) + " wrongly");
      cell_[slot] = static_cast<uint32_t>(c);
      place_[slot] = static_cast<uint32_t>(at);
    }
    if (m == 0) continue;
    const size_t n = Cell::blocks(sizes[c]);
    cell.codes = copy(codes.subspan(block_at * 16 * m, n * 16 * m));
    cell.terms = copy(terms.subspan(block_at * kFastScanVectors, n * kFastScanVectors));
    if (model_->one_bit) cell.scales = copy(scales.subspan(block_at * kFastScanVectors, n * kFastScanVectors));
    for (size_t at = sizes[c]; at < cell.terms.size(); ++at) cell.terms[at] = std::numeric_limits<float>::infinity();
    block_at += n;
  }
}

}  // namespace hanok::index

#include "index/flat/flat.h"

#include <algorithm>
#include <cmath>

namespace hanok::index {
Flat::Flat(const Options& options) : BaseIndex(options) {
  Keys keys("flat", options);
  const auto name = keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"});
  keys.done();
  auto_storage_ = name == "auto";
  rows_ = RowStore(dim(), storage_from(name).value_or(Storage::F32));
}

Flat::Flat(const FileReader& file) : BaseIndex(read_options(file).options) {
  const Storage storage = stored_type(file, read_options(file).more);
  auto_storage_ = options_.set.count("storage") == 0 || options_.set.at("storage") == "auto";
  const auto ids = file.array<Id>("ids", file.section("ids").size() / sizeof(Id));
  ids_.assign(ids.begin(), ids.end());
  if (ids_.size() >= IdMap::kNone) file.corrupt("has more than 2^32 - 2 vectors");
  const RowStore shape(dim(), storage);
  const auto rows = file.array<std::byte>("rows", ids_.size() * shape.row_bytes());
  rows_ = RowStore(dim(), storage, rows, std::make_shared<FileReader>(file));
  mapped_ = false;
}

size_t Flat::size() const {
  Gate::Reader reader(gate_);
  return ids_.size();
}

// The map of ids is made when an id is first asked for, so that a large file opens at once. Caller holds writer_ or a
// Gate::Reader.
uint32_t Flat::slot(Id id) const {
  if (!mapped_.load(std::memory_order_acquire)) {
    std::lock_guard guard(mapping_);
    if (!mapped_.load(std::memory_order_relaxed)) {
      map_.clear();
      map_.reserve(ids_.size(), ids_);
      for (size_t row = 0; row < ids_.size(); ++row) {
        if (map_.find(ids_[row], ids_) != IdMap::kNone)
          throw Error(Code::Corrupt,
                      "index file: id " + std::to_string(ids_[row]) + " comes twice; build the index again");
        map_.insert(static_cast<uint32_t>(row), ids_);
      }
      mapped_.store(true, std::memory_order_release);
    }
  }
  return map_.find(id, ids_);
}

std::vector<Id> Flat::ids() const {
  Gate::Reader reader(gate_);
  return ids_;
}

bool Flat::has(Id id) const { return slot(id) != IdMap::kNone; }

bool Flat::contains(Id id) const {
  Gate::Reader reader(gate_);
  return has(id);
}

Storage Flat::storage_for(std::span<const float> vectors) const {
  if (!auto_storage_) return rows_.storage();
  return (rows_.size() == 0 || rows_.storage() == Storage::U8) && all_bytes(vectors) ? Storage::U8 : Storage::F32;
}

void Flat::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_add(ids, vectors);
  put(ids, vectors, ids.size());
}

void Flat::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_update(ids, vectors);
  const auto fresh = static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](Id id) { return !has(id); }));
  put(ids, vectors, fresh);
}

// Vectors of ids that are there take the place of the old ones, the others, `fresh` of them, follow. Caller holds
// writer_.
void Flat::put(std::span<const Id> ids, std::span<const float> vectors, size_t fresh) {
  const size_t first = ids_.size();
  if (first + fresh >= IdMap::kNone) throw Error(Code::Exhausted, "flat: more than 2^32 - 2 vectors");
  const Storage storage = storage_for(vectors);
  if (!auto_storage_) check_storable(storage, vectors, dim(), metric());
  RowStore converted;
  if (storage != rows_.storage()) {
    converted = rows_.converted(storage);
    converted.reserve(first + fresh);
  }
  Gate::Writer writer(gate_);
  // Whatever may fail for want of memory comes first.
  ids_.reserve(first + fresh);
  map_.reserve(first + fresh, ids_);
  const bool replaces = fresh < ids.size();
  if (storage == rows_.storage())
    rows_.reserve(first + fresh);
  else
    rows_ = std::move(converted);
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto vector = vectors.subspan(i * dim(), dim());
    if (const uint32_t row = replaces ? map_.find(ids[i], ids_) : IdMap::kNone; row != IdMap::kNone) {
      rows_.set(row, vector.data());
      codes_change(row);
      continue;
    }
    rows_.append(vector);
    ids_.push_back(ids[i]);
    map_.insert(static_cast<uint32_t>(ids_.size() - 1), ids_);
  }
  codes_grow(first);
}

size_t Flat::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  rows_.reserve(rows_.size());  // out of the file, if they lie there: nothing fails after that
  size_t removed = 0;
  for (const Id id : ids) {
    const uint32_t row = slot(id);
    if (row == IdMap::kNone) continue;
    const auto last = static_cast<uint32_t>(ids_.size() - 1);
    map_.erase(id, ids_);
    if (row != last) {
      map_.erase(ids_[last], ids_);
      ids_[row] = ids_[last];
      map_.insert(row, ids_);
      rows_.copy(last, row);
      codes_move(last, row);
    }
    ids_.pop_back();
    rows_.pop();
    codes_shrink();
    ++removed;
  }
  return removed;
}

std::optional<std::vector<float>> Flat::reconstruct(Id id) const {
  Gate::Reader reader(gate_);
  const uint32_t row = slot(id);
  if (row == IdMap::kNone) return std::nullopt;
  std::vector<float> out(dim());
  rows_.decode(row, out.data());
  return out;
}

std::map<std::string, std::string> Flat::statistics() const {
  Gate::Reader reader(gate_);
  const ScanCodes* coded = codes_ready_.load();
  const size_t code_bytes = coded ? coded->bytes() : 0;
  const size_t bytes = rows_.bytes_resident() + ids_.capacity() * sizeof(Id) + map_.bytes() + code_bytes;
  return {{"vectors", std::to_string(ids_.size())},
          {"bytes_resident", std::to_string(bytes)},
          {"bytes_scan_codes", std::to_string(code_bytes)},
          {"scan_directions", std::to_string(coded ? coded->directions() : 0)},
          {"storage", std::string(storage_name(rows_.storage()))}};
}

void Flat::save(const std::filesystem::path& file) const {
  std::lock_guard writing(writer_);
  FileWriter writer("flat");
  writer.add_text("options", options_text(options_, {{"storage", std::string(storage_name(rows_.storage()))}}));
  writer.add("ids", std::as_bytes(std::span(ids_)));
  writer.add("rows", rows_.bytes());
  writer.write(file);
}

std::unique_ptr<Index> make_flat(const Options& options) { return std::make_unique<Flat>(options); }
std::unique_ptr<Index> open_flat(const FileReader& file) { return std::make_unique<Flat>(file); }

}  // namespace hanok::index

#include "index/flat/binary_flat.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/json.h"
#include "base/threads.h"
#include "base/top_k.h"
#include "index/exact_scan.h"
#include "math/distance.h"

namespace hanok::index {

BinaryFlat::BinaryFlat(size_t bits) : bits_(bits) {
  if (bits < 1 || bits > kMostBits)
    throw Error(Code::Invalid,
                "binary index: " + std::to_string(bits) + " bits, expected 1 to " + std::to_string(kMostBits));
}

BinaryFlat::BinaryFlat(const FileReader& file) : bits_(0) {
  if (file.kind() != "binary_flat") file.corrupt("its kind '" + file.kind() + "' is not binary_flat");
  try {
    bits_ = base::parse_json(file.text("options"), "options").at("bits").get<size_t>();
  } catch (const std::exception& e) {
    file.corrupt(std::string("section 'options': ") + e.what());
  }
  if (bits_ < 1 || bits_ > kMostBits) file.corrupt("section 'options': " + std::to_string(bits_) + " bits");
  const auto ids = file.array<Id>("ids", file.section("ids").size() / sizeof(Id));
  if (ids.size() >= IdMap::kNone) file.corrupt("has more than 2^32 - 2 vectors");
  const auto codes = file.array<uint8_t>("codes", ids.size() * bytes_per_vector());
  try {
    add(ids, codes);
  } catch (const Error& e) {
    if (e.code() == Code::Exhausted) throw;
    file.corrupt(e.what());
  }
}

size_t BinaryFlat::size() const {
  Gate::Reader reader(gate_);
  return ids_.size();
}

bool BinaryFlat::contains(Id id) const {
  Gate::Reader reader(gate_);
  return map_.find(id, ids_) != IdMap::kNone;
}

std::vector<Id> BinaryFlat::ids() const {
  Gate::Reader reader(gate_);
  return ids_;
}

void BinaryFlat::check_codes(std::span<const uint8_t> codes, const std::string& what) const {
  const size_t width = bytes_per_vector();
  if (codes.size() % width != 0)
    throw Error(Code::Invalid, what + ": " + std::to_string(codes.size()) + " bytes are no whole rows of " +
                                   std::to_string(width) + " bytes (" + std::to_string(bits_) + " bits)");
  if (bits_ % 8 == 0) return;
  for (size_t at = width - 1; at < codes.size(); at += width)
    if (codes[at] >> (bits_ % 8))
      throw Error(Code::Invalid, what + ": vector " + std::to_string(at / width) + " has a bit beyond its " +
                                     std::to_string(bits_) + "; they must be zero");
}

void BinaryFlat::add(std::span<const Id> ids, std::span<const uint8_t> codes) {
  check_codes(codes, "add");
  if (codes.size() != ids.size() * bytes_per_vector())
    throw Error(Code::Invalid, "add: " + std::to_string(ids.size()) + " ids need " +
                                   std::to_string(ids.size() * bytes_per_vector()) + " bytes, found " +
                                   std::to_string(codes.size()));
  std::unordered_set<Id> seen(ids.size());
  std::lock_guard writing(writer_);
  for (const Id id : ids) {
    if (!seen.insert(id).second) throw Error(Code::Invalid, "add: id " + std::to_string(id) + " comes twice");
    if (map_.find(id, ids_) != IdMap::kNone)
      throw Error(Code::Exists, "add: id " + std::to_string(id) + " is in the index; remove it first to replace it");
  }
  const size_t n = ids_.size() + ids.size();
  if (n >= IdMap::kNone) throw Error(Code::Exhausted, "binary index: more than 2^32 - 2 vectors");
  Gate::Writer writer(gate_);
  // Whatever may fail for want of memory comes first; by half more at least, so that small additions stay cheap.
  if (ids_.capacity() < n) ids_.reserve(std::max(n, ids_.size() * 3 / 2));
  if (codes_.capacity() < n * bytes_per_vector()) codes_.reserve(std::max(n, ids_.size() * 3 / 2) * bytes_per_vector());
  map_.reserve(n, ids_);
  codes_.insert(codes_.end(), codes.begin(), codes.end());
  for (const Id id : ids) {
    ids_.push_back(id);
    map_.insert(static_cast<uint32_t>(ids_.size() - 1), ids_);
  }
}

// The last row takes the place of the one that goes.
size_t BinaryFlat::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  const size_t width = bytes_per_vector();
  size_t removed = 0;
  for (const Id id : ids) {
    const uint32_t slot = map_.find(id, ids_);
    if (slot == IdMap::kNone) continue;
    const size_t last = ids_.size() - 1;
    map_.erase(id, ids_);
    if (slot != last) {
      map_.erase(ids_[last], ids_);
      ids_[slot] = ids_[last];
      map_.insert(slot, ids_);
      std::memcpy(&codes_[slot * width], row(last), width);
    }
    ids_.pop_back();
    codes_.resize(last * width);
    ++removed;
  }
  return removed;
}

std::optional<std::vector<uint8_t>> BinaryFlat::reconstruct(Id id) const {
  Gate::Reader reader(gate_);
  const uint32_t slot = map_.find(id, ids_);
  if (slot == IdMap::kNone) return std::nullopt;
  return std::vector<uint8_t>(row(slot), row(slot) + bytes_per_vector());
}

namespace {

bool nearer_bits(const Match& a, const Match& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.id < b.id;
}
using Nearest = base::TopK<Match, decltype(&nearer_bits)>;

}  // namespace

// Offers every row that the filter lets through.
std::vector<Match> BinaryFlat::nearest(const uint8_t* query, size_t k, const IdFilter* filter, size_t radius) const {
  constexpr size_t kOneThread = 1;  // a batch shares its queries out, and not the rows of each
  const auto hamming = math::distance().hamming;
  const size_t width = bytes_per_vector();
  Nearest best(std::min(k, ids_.size()), nearer_bits);
  const auto visit = [&](size_t slot, Nearest& own) {
    const uint32_t distance = hamming(query, row(slot), width);
    if (distance <= radius) own.offer({ids_[slot], static_cast<float>(distance)});
  };
  if (filter && filter->listed()) {
    const auto ids = *filter->listed();
    exact_scan(ids.size(), ids.size(), kOneThread, best, &nearer_bits, [&](size_t i, Nearest& own) {
      const uint32_t slot = map_.find(ids[i], ids_);
      if (slot != IdMap::kNone && filter->accepts_listed(ids[i])) visit(slot, own);
    });
  } else {
    exact_scan(ids_.size(), ids_.size(), kOneThread, best, &nearer_bits, [&](size_t slot, Nearest& own) {
      if (!filter || filter->accepts(ids_[slot])) visit(slot, own);
    });
  }
  return best.take();
}

std::vector<Match> BinaryFlat::search(std::span<const uint8_t> query, size_t k, const SearchOptions& options) const {
  if (query.size() != bytes_per_vector())
    throw Error(Code::Invalid, "query: has " + std::to_string(query.size()) + " bytes, the index has " +
                                   std::to_string(bytes_per_vector()));
  check_codes(query, "query");
  Gate::Reader reader(gate_);
  return nearest(query.data(), k, options.filter, bits_);
}

std::vector<std::vector<Match>> BinaryFlat::search_batch(std::span<const uint8_t> queries, size_t k,
                                                         const SearchOptions& options) const {
  check_codes(queries, "queries");
  const size_t width = bytes_per_vector();
  std::vector<std::vector<Match>> out(queries.size() / width);
  Gate::Reader reader(gate_);
  base::parallel_for(
      out.size(), 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) out[i] = nearest(&queries[i * width], k, options.filter, bits_);
      },
      options.threads);
  return out;
}

std::vector<Match> BinaryFlat::range_search(std::span<const uint8_t> query, size_t radius,
                                            const SearchOptions& options) const {
  if (query.size() != bytes_per_vector())
    throw Error(Code::Invalid, "query: has " + std::to_string(query.size()) + " bytes, the index has " +
                                   std::to_string(bytes_per_vector()));
  check_codes(query, "query");
  Gate::Reader reader(gate_);
  return nearest(query.data(), ids_.size(), options.filter, radius);
}

std::map<std::string, std::string> BinaryFlat::statistics() const {
  Gate::Reader reader(gate_);
  return {{"vectors", std::to_string(ids_.size())},
          {"bits", std::to_string(bits_)},
          {"bytes_resident", std::to_string(codes_.capacity() + ids_.capacity() * sizeof(Id) + map_.bytes())}};
}

void BinaryFlat::save(const std::filesystem::path& file) const {
  std::lock_guard writing(writer_);
  FileWriter writer("binary_flat");
  writer.add_text("options", base::dump_json(base::Json{{"bits", bits_}}));
  writer.add("ids", std::as_bytes(std::span(ids_)));
  writer.add("codes", std::as_bytes(std::span(codes_)));
  writer.write(file);
}

}  // namespace hanok::index

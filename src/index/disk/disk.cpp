#include "index/disk/disk.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "index/flat/row_store.h"

namespace hanok::index {
namespace {

constexpr size_t kDeadShare = 5;   // past a fifth removed, save() links anew
constexpr size_t kFreshShare = 2;  // and where so many are new beside those in the file

// Of the vectors in memory: the keys that both kinds know.
Options fresh_options(const Options& options) {
  Options out = options;
  out.set.clear();
  for (const char* key : {"storage", "exact_below"})
    if (const auto it = options.set.find(key); it != options.set.end()) out.set.insert(*it);
  return out;
}

OptionsRead checked_options(const FileReader& file) {
  OptionsRead out = read_options(file);
  try {
    DiskKeys{out.options};
  } catch (const Error& e) {
    file.corrupt(std::string("section 'options': ") + e.what());
  }
  return out;
}

}  // namespace

Disk::Disk(const Options& options)
    : BaseIndex(options),
      keys_(options),
      codec_(options.dim, options.metric, keys_.storage.value_or(Storage::F32)),
      fresh_(std::make_unique<Hnsw>(fresh_options(options))) {}

Disk::Disk(const FileReader& file) : Disk(file, checked_options(file)) {}

Disk::Disk(const FileReader& file, const OptionsRead& read)
    : BaseIndex(read.options),
      keys_(options_),
      codec_(dim(), metric(), stored_type(file, read.more)),
      fresh_(std::make_unique<Hnsw>(fresh_options(options_))) {
  open_nodes(file, read.more);
  if (stored_number(file, read.more, "graph") != 0) open_graph(file, read.more);
  ef_ = stored_number(file, read.more, "ef");
  fresh_->set_search_defaults({.ef = ef_});
}

void Disk::open_nodes(const FileReader& file, const MoreTexts& more) {
  constexpr uint64_t kMostSlots = uint64_t{1} << 31, kMostDegree = 256;
  const uint64_t n = stored_number(file, more, "slots"), dead = stored_number(file, more, "dead");
  const uint64_t degree = stored_number(file, more, "degree");
  if (n >= kMostSlots || dead > n)
    file.corrupt("section 'options': " + std::to_string(dead) + " of " + std::to_string(n) + " removed");
  if (degree > kMostDegree) file.corrupt("section 'options': degree " + std::to_string(degree));
  const NodeLayout layout{degree, codec_.row_bytes()};
  disk_.file = std::make_shared<FileReader>(file);
  disk_.nodes = Nodes(layout, std::as_bytes(file.array<uint64_t>("nodes", layout.bytes(n) / sizeof(uint64_t))), n);
  base::random_access(disk_.nodes.bytes());
  disk_.ids = file.array<Id>("ids", n);
  if (file.has("order")) disk_.order = file.array<uint32_t>("order", n);
  const auto flags = file.array<uint8_t>("dead", n);
  disk_.dead.assign(flags.begin(), flags.end());
  disk_.dead_count = static_cast<size_t>(std::count_if(flags.begin(), flags.end(), [](uint8_t d) { return d != 0; }));
  if (disk_.dead_count != dead) file.corrupt("section 'dead' does not mark " + std::to_string(dead) + " vectors");
}

void Disk::open_graph(const FileReader& file, const MoreTexts& more) {
  disk_.graph = true;
  if (disk_.nodes.size() == 0 || disk_.nodes.layout().degree == 0) file.corrupt("has a graph without links");
  disk_.codes = ShortCodes::load(file, dim(), metric(), stored_number(file, more, "code_bytes"));
  const size_t bytes = disk_.nodes.size() * disk_.codes.record_bytes();
  disk_.records = Buffer<uint8_t>::view(file.array<uint8_t>("codes", bytes)).grown(bytes, bytes);
  const auto entries = file.array<uint32_t>("entries", file.section("entries").size() / sizeof(uint32_t));
  disk_.entries.assign(entries.begin(), entries.end());
  constexpr double kMostDimension = 65536;
  disk_.local_dimension = stored_measure(file, more, "local_dimension", kMostDimension);
}

void Disk::build(const std::filesystem::path& path, const Options& options, const VectorSource& source) {
  const Disk empty(options);
  write_disk(path, empty.options_, empty.keys_, {}, source, nullptr, empty.row_check());
}

void build_disk(const std::filesystem::path& file, const Options& options, const VectorSource& source) {
  Disk::build(file, options, source);
}

CheckRows Disk::row_check() const {
  return [this](std::span<const float> rows, size_t first) {
    check_vectors(rows, first);
    if (keys_.storage) check_storable(*keys_.storage, rows, dim(), metric(), first);
  };
}

size_t Disk::size() const {
  Gate::Reader reader(gate_);
  return disk_.live() + fresh_->size();
}

// The live node of an id. A damaged list of them may lead anywhere, but not outside.
uint32_t Disk::node_of(Id id) const {
  const auto node_at = [&](size_t i) {
    const uint32_t node = disk_.order.empty() ? static_cast<uint32_t>(i) : disk_.order[i];
    if (node >= disk_.size()) disk_.file->corrupt("section 'order' names node " + std::to_string(node));
    return node;
  };
  size_t low = 0, high = disk_.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (disk_.ids[node_at(middle)] < id)
      low = middle + 1;
    else
      high = middle;
  }
  // A removed one may have come back in a later file.
  for (; low < disk_.size() && disk_.ids[node_at(low)] == id; ++low)
    if (disk_.dead[node_at(low)] == 0) return node_at(low);
  return kNone;
}

bool Disk::has(Id id) const { return node_of(id) != kNone || fresh_->contains(id); }

bool Disk::contains(Id id) const {
  Gate::Reader reader(gate_);
  return has(id);
}

void Disk::read_node(uint32_t node, float* out) const { codec_.decode(disk_.nodes.row(node), out); }

std::optional<std::vector<float>> Disk::reconstruct(Id id) const {
  Gate::Reader reader(gate_);
  if (auto fresh = fresh_->reconstruct(id)) return fresh;
  const uint32_t node = node_of(id);
  if (node == kNone) return std::nullopt;
  std::vector<float> out(dim());
  read_node(node, out.data());
  return out;
}

std::vector<Id> Disk::ids() const {
  Gate::Reader reader(gate_);
  std::vector<Id> out;
  const auto fresh = fresh_->ids();
  out.reserve(disk_.live() + fresh.size());
  for (size_t node = 0; node < disk_.size(); ++node)
    if (disk_.dead[node] == 0) out.push_back(disk_.ids[node]);
  out.insert(out.end(), fresh.begin(), fresh.end());
  return out;
}

void Disk::set_search_defaults(const SearchOptions& defaults) {
  std::lock_guard writing(writer_);
  Gate::Writer writer(gate_);
  forget_promise();
  ef_ = defaults.ef;
  fresh_->set_search_defaults(defaults);
}

// Codes are learnt from the vectors themselves when a file is made: there is nothing to do ahead of them.
void Disk::train(std::span<const float> vectors) { check_vectors(vectors); }

void Disk::add(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_add(ids, vectors);
  fresh_->add(ids, vectors);
}

// The new ones are in memory before the old ones are marked, so that each id is found at any time (with_fresh).
void Disk::update(std::span<const Id> ids, std::span<const float> vectors) {
  std::lock_guard writing(writer_);
  check_update(ids, vectors);
  std::vector<uint32_t> old;
  old.reserve(ids.size());
  for (const Id id : ids)
    if (const uint32_t node = node_of(id); node != kNone) old.push_back(node);
  fresh_->update(ids, vectors);
  Gate::Writer writer(gate_);
  for (const uint32_t node : old) disk_.dead[node] = 1;
  disk_.dead_count += old.size();
}

size_t Disk::remove(std::span<const Id> ids) {
  std::lock_guard writing(writer_);
  size_t gone = fresh_->remove(ids);
  Gate::Writer writer(gate_);
  for (const Id id : ids) {
    const uint32_t node = node_of(id);
    if (node == kNone) continue;
    disk_.dead[node] = 1;
    ++disk_.dead_count;
    ++gone;
  }
  return gone;
}

void Disk::save(const std::filesystem::path& path) const {
  std::lock_guard writing(writer_);
  const bool unchanged = disk_.size() > 0 && fresh_->size() == 0 && disk_.dead_count * kDeadShare <= disk_.size();
  unchanged ? copy_file(path) : write_all(path);
}

// The same nodes, with what was removed and the settings as they are now.
void Disk::copy_file(const std::filesystem::path& path) const {
  const FileReader& file = *disk_.file;
  auto more = read_options(file).more;
  more["dead"] = std::to_string(disk_.dead_count);
  more["ef"] = std::to_string(ef_);
  FileWriter out("disk");
  out.add_text("options", options_text(options_, more));
  out.add("dead", std::as_bytes(std::span(disk_.dead)));
  for (const char* name :
       {"ids", "order", "mean", "axes", "centroid", "starts", "codebooks", "projection", "entries", "codes"})
    if (file.has(name)) out.add(name, file.section(name));
  const auto nodes = disk_.nodes.bytes();
  out.add_made(
      "nodes", nodes.size(),
      [&](const FileWriter::Sink& sink) {
        constexpr size_t kAtOnce = 8 << 20;
        for (size_t at = 0; at < nodes.size(); at += kAtOnce) {
          base::check_interrupt();
          const auto block = nodes.subspan(at, std::min(kAtOnce, nodes.size() - at));
          base::will_need(block);
          sink(block);
        }
      },
      NodeLayout::kPage);
  out.write(path);
}

// Of the file and of memory together. Where most are in the file as they were, new ones are linked to them; else all
// are linked anew.
void Disk::write_all(const std::filesystem::path& path) const {
  const auto fresh = [&] {
    auto ids = fresh_->ids();
    std::sort(ids.begin(), ids.end());
    return ids;
  }();
  const bool goes_on =
      disk_.graph && disk_.dead_count * kDeadShare <= disk_.size() && fresh.size() * kFreshShare <= disk_.size();
  std::vector<uint32_t> old;  // nodes that are taken over
  for (uint32_t node = 0; node < disk_.size(); ++node)
    if (goes_on || disk_.dead[node] == 0) old.push_back(node);
  const size_t known = old.size();
  VectorSource all;
  all.rows = known + fresh.size();
  all.id = [&](size_t row) { return row < known ? disk_.ids[old[row]] : fresh[row - known]; };
  all.read = [&](size_t first, size_t n, float* out) {
    const size_t end = first + n;
    if (first < known && n > 1)  // rows that follow each other are read ahead
      base::will_need(disk_.nodes.bytes_of(old[first], old[std::min(end, known) - 1]));
    for (size_t row = first; row < end; ++row, out += dim()) {
      if (row < known)
        read_node(old[row], out);
      else
        std::copy_n(fresh_->reconstruct(fresh[row - known])->data(), dim(), out);
    }
  };
  const DiskBefore before{disk_.file.get(), &disk_.nodes, &disk_.codes,
                          disk_.entries,    disk_.dead,   disk_.local_dimension};
  write_disk(path, options_, keys_, {ef_}, all, goes_on ? &before : nullptr, row_check());
}

void Disk::forget_pages() const {
  if (disk_.file) base::let_go(disk_.nodes.bytes());
}

std::map<std::string, std::string> Disk::statistics() const {
  Gate::Reader reader(gate_);
  const auto fresh = fresh_->statistics();
  const size_t own = disk_.dead.size() + disk_.records.capacity() + disk_.codes.bytes_resident() +
                     disk_.entries.size() * sizeof(uint32_t) + std::stoull(fresh.at("bytes_resident"));
  std::map<std::string, std::string> out{{"vectors", std::to_string(disk_.live() + fresh_->size())},
                                         {"removed_inside", std::to_string(disk_.dead_count)},
                                         {"vectors_in_memory", std::to_string(fresh_->size())},
                                         {"storage", std::string(storage_name(codec_.storage()))},
                                         {"bytes_mapped", std::to_string(disk_.nodes.bytes().size())},
                                         {"bytes_resident", std::to_string(own)},
                                         {"search", disk_.graph ? "graph" : "exact"}};
  if (disk_.graph) {
    out["degree"] = std::to_string(disk_.nodes.layout().degree);
    out["code_bytes"] = std::to_string(disk_.codes.record_bytes());
    out["nodes_a_page"] = std::to_string(disk_.nodes.layout().nodes_a_page());
    out["beam"] = std::to_string(keys_.beam);
    if (disk_.local_dimension > 0) out["local_dimension"] = std::to_string(std::lround(disk_.local_dimension));
  }
  return out;
}

}  // namespace hanok::index

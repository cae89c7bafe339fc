// Saving and opening: docs/formats/index.md, kind "hnsw".
#include <algorithm>

#include "index/graph/hnsw.h"

namespace hanok::index {
namespace {

template <typename T>
std::span<const std::byte> bytes(const T* data, size_t n) {
  return std::as_bytes(std::span(data, n));
}

}  // namespace

void Hnsw::save(const std::filesystem::path& path) const {
  std::lock_guard writing(writer_);
  const HnswState& s = *state_;
  FileWriter out("hnsw");
  MoreTexts more{{"slots", std::to_string(s.slots())},
                 {"dead", std::to_string(s.dead_count)},
                 {"storage", std::string(storage_name(s.vectors.storage()))},
                 {"graph", s.graph ? "1" : "0"},
                 {"trained_on", std::to_string(s.trained_on)},
                 {"ef", std::to_string(ef_)},
                 {"rerank", std::to_string(rerank_)}};
  if (s.graph) {
    more["degree"] = std::to_string(s.graph->degree);
    more["growth"] = std::to_string(s.graph->growth.far);
    more["growth_near"] = std::to_string(s.graph->growth.near);
    more["local_dimension"] = std::to_string(s.graph->local_dimension);
    if (s.graph->cluster_dimension > 0) more["cluster_dimension"] = std::to_string(s.graph->cluster_dimension);
  }
  out.add_text("options", options_text(options_, more));
  s.vectors.save(out);
  out.add("ids", bytes(s.ids.data(), s.slots()));
  out.add("dead", bytes(s.dead.data(), s.slots()));
  if (s.graph) {
    out.add_text("projection", s.graph->projection.save());
    out.add("links", bytes(s.graph->rows.data(), s.slots() * s.graph->degree));
    out.add("codes", bytes(s.graph->records.data(), s.slots() * s.graph->projection.record_bytes()));
    out.add("entries", bytes(s.graph->entries.nodes().data(), s.graph->entries.size()));
  }
  out.write(path);
}

std::unique_ptr<Index> Hnsw::open(const FileReader& file) {
  const auto [options, more] = read_options(file);
  std::unique_ptr<Hnsw> out;
  try {
    out = std::make_unique<Hnsw>(options);
  } catch (const Error& e) {
    file.corrupt(std::string("section 'options': ") + e.what());
  }
  const uint64_t n = stored_number(file, more, "slots"), dead = stored_number(file, more, "dead");
  constexpr uint64_t kMostSlots = uint64_t{1} << 31;
  if (n >= kMostSlots || dead > n)
    file.corrupt("section 'options': " + std::to_string(dead) + " of " + std::to_string(n) + " removed");
  auto state = std::make_unique<HnswState>(Vectors(options.dim, options.metric, stored_type(file, more)));
  state->vectors.load(file, n);
  state->ids = Buffer<Id>::view(file.array<Id>("ids", n));
  state->dead = Buffer<uint8_t>::view(file.array<uint8_t>("dead", n));
  if (static_cast<uint64_t>(
          std::count_if(state->dead.data(), state->dead.data() + n, [](uint8_t d) { return d != 0; })) != dead)
    file.corrupt("section 'dead' does not mark " + std::to_string(dead) + " vectors");
  state->dead_count = dead;
  state->trained_on = stored_number(file, more, "trained_on");
  if (more.count("ef")) out->ef_ = stored_number(file, more, "ef");
  if (more.count("rerank")) out->rerank_ = stored_number(file, more, "rerank");
  if (stored_number(file, more, "graph") != 0) {
    auto graph = std::make_unique<Graph>();
    graph->projection = Projection::load(file, options.dim, options.metric);
    graph->size = n;
    graph->degree = stored_number(file, more, "degree");
    constexpr uint64_t kMostDegree = 256;
    if (graph->degree < 1 || graph->degree > kMostDegree)
      file.corrupt("section 'options': degree " + std::to_string(graph->degree));
    constexpr double kMostGrowth = 4, kMostDimension = 1e12;  // it was once written as measured
    graph->growth.far = stored_measure(file, more, "growth", kMostGrowth);
    graph->growth.near =
        more.count("growth_near") ? stored_measure(file, more, "growth_near", kMostGrowth) : graph->growth.far;
    graph->local_dimension = stored_measure(file, more, "local_dimension", kMostDimension);
    if (more.count("cluster_dimension"))
      graph->cluster_dimension = stored_measure(file, more, "cluster_dimension", kMostDimension);
    graph->rows = Buffer<uint32_t>::view(file.array<uint32_t>("links", n * graph->degree));
    graph->records = Buffer<uint8_t>::view(file.array<uint8_t>("codes", n * graph->projection.record_bytes()));
    const auto entries = file.array<uint32_t>("entries", file.section("entries").size() / sizeof(uint32_t));
    graph->enter_at({entries.begin(), entries.end()});
    state->graph = std::move(graph);
  }
  out->file_ = std::make_shared<FileReader>(file);
  out->state_ = std::move(state);
  out->map_ready_ = false;
  return out;
}

}  // namespace hanok::index
